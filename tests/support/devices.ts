import v8 from "node:v8";
import { test } from "vitest";
import { DeviceError } from "../../src/core/errors.ts";
import type { Dtype } from "../../src/core/storage.ts";
import { openNativeDevice } from "../../src/devices/native/native-device.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { WebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import type { Device } from "../../src/kernels/device.ts";
import type { BlockingGpu } from "./blocking-gpu.ts";
import { blockingGpuInNode } from "./blocking-gpu-in-node.ts";
import { RUNS_ALL } from "./shares.ts";
import { openTestGpu } from "./webgpu.ts";
import { withFamily } from "./with-family.ts";

// Node 20 knows relaxed SIMD, but only when told so before it compiles any WebAssembly.
if (process.versions.node.startsWith("20.")) {
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** A device that tests run on, with one of its number types. */
export interface OpenDevice {
  readonly name: string;
  readonly dtype: Dtype;
  readonly device: Device;
  readonly skip: null;
}

/** One that was opened, or why it cannot be opened here. */
export type DeviceUnderTest =
  | OpenDevice
  | { readonly name: string; readonly dtype: Dtype; readonly device: null; readonly skip: string };

/** The levels of this processor's family; a machine may lack the best of them. */
const NATIVE = { x64: ["avx512", "avx2", "sse2"], arm64: ["neon"] } as const;
const levels = NATIVE[process.arch as keyof typeof NATIVE] ?? [];

/**
 * The names that continuous integration insists on. Of the native levels, it insists on those that
 * every processor it may meet has.
 */
export const REQUIRED = [
  "reference float32",
  "reference float64",
  "wasm simd128",
  "wasm relaxed",
  "wasm relaxed, 3 threads",
  ...levels.filter((level) => level !== "avx512").map((level) => `native ${level}`),
  ...levels.slice(-1).map((level) => `native ${level}, 3 threads`),
  "webgpu",
  "webgpu, subgroups",
];

function openedBy(name: string, open: () => Device): DeviceUnderTest {
  const dtype = "float32";
  try {
    return { name, dtype, device: open(), skip: null };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { name, dtype, device: null, skip: error.message };
  }
}

/** The GPU, or what computes in its place: see vulkan-in-software.ts. */
async function openedGpu(name: string, subgroups: boolean): Promise<DeviceUnderTest> {
  const dtype = "float32";
  try {
    const device = await openTestGpu({ subgroups });
    const has = device.gpu.features.has("subgroups");
    if (has === subgroups) return { name, dtype, device, skip: null };
    return { name, dtype, device: null, skip: "this adapter has no subgroups" };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : error;
    const fix = "npm ci --prefix examples/webgpu --ignore-scripts and Debian's chromium bring one";
    return { name, dtype, device: null, skip: `${reason}; ${fix}` };
  }
}

const reference = withFamily(new ReferenceDevice());

/** Every device that tests run on, opened where it can be. */
export const devicesUnderTest: readonly DeviceUnderTest[] = [
  { name: "reference float32", dtype: "float32", device: reference, skip: null },
  { name: "reference float64", dtype: "float64", device: reference, skip: null },
  ...(["simd128", "relaxed"] as const).flatMap((simd) => [
    openedBy(`wasm ${simd}`, () => withFamily(openWasmDevice({ simd, threads: 1 }))),
    openedBy(`wasm ${simd}, 3 threads`, () =>
      withFamily(openWasmDevice({ simd, threads: 3, cutAll: true })),
    ),
  ]),
  ...levels.flatMap((simd) => [
    openedBy(`native ${simd}`, () => openNativeDevice({ simd, threads: 1 })),
    openedBy(`native ${simd}, 3 threads`, () =>
      openNativeDevice({ simd, threads: 3, cutAll: true }),
    ),
  ]),
  await openedGpu("webgpu", false),
  await openedGpu("webgpu, subgroups", true),
];

/** Why there is no GPU here; null where there is one. Under CI there must be. */
export const NO_GPU: string | null =
  process.env["CI"] === undefined
    ? (devicesUnderTest.find(({ name }) => name === "webgpu")?.skip ?? null)
    : null;

/** The GPU of a test file, if any of its tests runs on it. */
let blocking: BlockingGpu | null = null;

/**
 * Those that were opened, to run tests of a subject on; for each of the others a skipped test says why. The GPU is
 * one whose numbers can be looked at as those of the others are: see blocking-gpu.ts.
 *
 * @param gpu whether it takes part where only a share of the cases does: what it would do for half a minute, for what
 *   shares of other tests show as well, is for runs with HEED_ALL_CASES
 */
export function openDevices(subject = "", gpu: "always" | "in full runs" = "always"): OpenDevice[] {
  const withGpu = gpu === "always" || RUNS_ALL;
  const open: OpenDevice[] = [];
  for (const each of devicesUnderTest) {
    if (each.skip !== null) {
      test.skip(`${subject} on ${each.name}: ${each.skip}`.trim(), () => {});
    } else if (!(each.device instanceof WebGpuDevice)) {
      open.push(each);
    } else if (each.name === "webgpu" && withGpu) {
      blocking ??= blockingGpuInNode({ subgroups: true });
      open.push({ ...each, device: blocking });
    }
  }
  return open;
}
