import { DeviceError } from "../../core/errors.ts";
import { isNode } from "../host.ts";

/** The package by which Node has WebGPU: an optional peer, which bundlers of pages must not look for. */
const PACKAGE = "webgpu";

interface DawnPackage {
  create(options: readonly string[]): GPU;
}

/** Kept, since the package's adapters and devices do not keep it themselves. */
let dawn: GPU | null = null;

/** Where WebGPU is to be had: in a page from `navigator`, in Node from the package. */
async function findGpu(): Promise<GPU> {
  if (typeof navigator !== "undefined" && navigator.gpu) return navigator.gpu;
  if (!isNode()) {
    throw unavailable(
      "a browser or page without navigator.gpu",
      "serve the page by https or from localhost, and use a browser with WebGPU, such as Chrome 113, Safari 26 or Firefox 141",
    );
  }
  if (dawn !== null) return dawn;
  try {
    const { create } = (await import(
      /* @vite-ignore */ /* webpackIgnore: true */ PACKAGE
    )) as DawnPackage;
    dawn = create([]);
    return dawn;
  } catch (cause) {
    const absent = (cause as { code?: string })?.code === "ERR_MODULE_NOT_FOUND";
    const received = absent
      ? `no package "${PACKAGE}" beside heed`
      : `a package "${PACKAGE}" that does not load (${cause instanceof Error ? cause.message.split("\n")[0] : cause})`;
    throw unavailable(received, `npm install ${PACKAGE} brings WebGPU to Node`, cause);
  }
}

/**
 * The adapter that is best at computing.
 *
 * @param given whom to ask, instead of the page or the package
 * @throws DeviceError where there is none
 */
export async function findAdapter(given?: GPU): Promise<GPUAdapter> {
  const gpu = given ?? (await findGpu());
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter !== null) return adapter;
  throw unavailable(
    "no adapter",
    isNode()
      ? "it needs a GPU with a driver for Vulkan, Metal or Direct3D 12; in a container, its driver and libvulkan.so.1 too"
      : "it needs a GPU whose driver the browser accepts: see chrome://gpu",
  );
}

function unavailable(received: string, fix: string, cause?: unknown): DeviceError {
  const facts = { where: 'openDevice("webgpu")', expected: "WebGPU", received, fix };
  return new DeviceError(facts, cause === undefined ? undefined : { cause });
}
