import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { BENCH } from "../cache.ts";
import type { AdapterFacts } from "./results.ts";

interface DawnPackage {
  create(options: readonly string[]): GPU;
}

/** Where the package may be installed. In a clone it is not where heed itself looks: beside heed. */
const PLACES = [
  { folder: BENCH, install: "npm ci --prefix bench --ignore-scripts" },
  {
    folder: join(dirname(BENCH), "examples/webgpu"),
    install: "npm ci --prefix examples/webgpu --ignore-scripts",
  },
  { folder: dirname(BENCH), install: "npm install --no-save webgpu" },
];

/**
 * WebGPU as in a page, by `navigator.gpu`, which heed asks first. So the ceilings and heed are on the same
 * adapter.
 *
 * @throws Error where the package is not installed
 */
export async function provideGpu(): Promise<GPU> {
  if (typeof navigator !== "undefined" && navigator.gpu) return navigator.gpu;
  const { create } = (await import(pathToFileURL(findPackage()).href)) as DawnPackage;
  const gpu = create([]);
  if (typeof navigator === "undefined") {
    // Node 20 has none.
    const value = { gpu, hardwareConcurrency: availableParallelism() };
    Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  } else {
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  }
  return gpu;
}

function findPackage(): string {
  for (const { folder } of PLACES) {
    try {
      return createRequire(join(folder, "package.json")).resolve("webgpu");
    } catch {
      // The next, then.
    }
  }
  const ways = PLACES.map(({ install }) => install).join(", or ");
  throw new Error(`no package webgpu: ${ways}`);
}

/** The adapter that heed takes. @throws Error where there is none */
export async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter !== null) return adapter;
  throw new Error("no adapter: is there a driver for Vulkan, and libvulkan.so.1?");
}

/** What an adapter says of itself, in few words. */
export function adapterFacts(info: GPUAdapterInfo): AdapterFacts {
  const { vendor, architecture, device, description } = info;
  const words = [vendor, architecture, device].filter((word) => word !== "");
  return {
    name: words.join(" ") || "an adapter without a name",
    driver: description || "not said",
    software: isSoftware(info),
  };
}

/** Whether it computes on the processor. Not all that do say so. */
function isSoftware({
  isFallbackAdapter,
  vendor,
  architecture,
  device,
  description,
}: GPUAdapterInfo): boolean {
  const text = [vendor, architecture, device, description].join(" ");
  return (
    isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render/i.test(text)
  );
}
