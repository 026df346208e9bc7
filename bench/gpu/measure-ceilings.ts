import { median } from "../statistics.ts";
import type { Peaks } from "./arithmetic.ts";
import { copying, GROUP, multiplyAdd, STEPS } from "./ceiling-shaders.ts";
import type { GpuCeiling } from "./results.ts";
import type { Scale } from "./sizes.ts";
import { type Pace, type Repeat, timeRounds } from "./timing.ts";

/** GPUBufferUsage, whose global Node has not. */
const USAGE = { copyTo: 0x0008, uniform: 0x0040, storage: 0x0080 };

/** Chains that a thread computes side by side. */
const CHAINS = [2, 4, 8, 16, 32];
/** Times 16 bytes that a thread copies. */
const COPIES = [1, 2, 4, 8];
/** Workgroups along x of a copy: the rest goes along y. */
const ACROSS = 1024;
/** Dispatches of a submission: what the queue takes at once is bounded. */
const BATCH = 256;

const MIB = 2 ** 20;

/** How much there is to do in a dispatch. */
const AMOUNT: Readonly<Record<Scale, { readonly groups: number; readonly bytes: number }>> = {
  full: { groups: 16384, bytes: 512 * MIB },
  quick: { groups: 16384, bytes: 512 * MIB },
  tiny: { groups: 16, bytes: 32 * MIB },
};

/** What the adapter can do at most: shaders of no use but this, each in several forms. */
export async function measureCeilings(
  adapter: GPUAdapter,
  scale: Scale,
  pace: Pace,
): Promise<GpuCeiling[]> {
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    label: "ceilings",
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  const troubles: string[] = [];
  device.addEventListener("uncapturederror", (event) => {
    troubles.push((event as GPUUncapturedErrorEvent).error.message);
  });
  try {
    const amount = AMOUNT[scale];
    const bytes = Math.min(amount.bytes, maxBufferSize, maxStorageBufferBindingSize);
    const found = [
      ...(await multiplyAddCeilings(device, amount.groups, pace)),
      ...(await copyCeilings(device, wholeGroups(bytes), pace)),
    ];
    if (troubles[0] !== undefined) throw new Error(`the ceilings: ${troubles[0]}`);
    return found;
  } finally {
    device.destroy();
  }
}

/** The best of the ways, by their medians. */
export function peaksOf(ceilings: readonly GpuCeiling[]): Peaks {
  const best = (kind: GpuCeiling["kind"]): number =>
    Math.max(...ceilings.filter((each) => each.kind === kind).map(({ rounds }) => median(rounds)));
  return { operations: best("operations"), bytes: best("bytes") };
}

/** As many bytes, and no group of threads that has nothing to copy. */
function wholeGroups(bytes: number): number {
  const most = 16 * GROUP * Math.max(...COPIES) * ACROSS;
  return Math.floor(bytes / most) * most;
}

async function multiplyAddCeilings(
  device: GPUDevice,
  groups: number,
  pace: Pace,
): Promise<GpuCeiling[]> {
  const threads = groups * GROUP;
  const result = device.createBuffer({ size: 4 * threads, usage: USAGE.storage });
  const given = device.createBuffer({ size: 16, usage: USAGE.uniform | USAGE.copyTo });
  // Numbers stay of ordinary size, however often.
  device.queue.writeBuffer(given, 0, Float32Array.of(0.9999, 0.001, 1e-6, 0));
  const ceilings: GpuCeiling[] = [];
  for (const chains of CHAINS) {
    const repeat = dispatching(device, multiplyAdd(chains), [result, given], [groups, 1]);
    const operations = 2 * chains * STEPS * threads;
    const rounds = await ratesOf(repeat, operations, pace);
    ceilings.push({ kind: "operations", way: `${chains} chains a thread`, rounds });
  }
  result.destroy();
  given.destroy();
  return ceilings;
}

async function copyCeilings(device: GPUDevice, size: number, pace: Pace): Promise<GpuCeiling[]> {
  const result = device.createBuffer({ size, usage: USAGE.storage });
  const given = device.createBuffer({ size, usage: USAGE.storage });
  const ceilings: GpuCeiling[] = [];
  for (const perThread of COPIES) {
    const groups = [ACROSS, size / (16 * GROUP * perThread * ACROSS)] as const;
    const repeat = dispatching(device, copying(perThread, ACROSS), [result, given], groups);
    const rounds = await ratesOf(repeat, 2 * size, pace);
    ceilings.push({ kind: "bytes", way: `${16 * perThread} bytes a thread`, rounds });
  }
  result.destroy();
  given.destroy();
  return ceilings;
}

async function ratesOf(repeat: Repeat, amount: number, pace: Pace): Promise<number[]> {
  const rounds = await timeRounds(repeat, pace);
  return rounds.map((milliseconds) => amount / (milliseconds / 1000));
}

function dispatching(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
  [x, y]: readonly [number, number],
): Repeat {
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return async (times) => {
    for (let done = 0; done < times; done += BATCH) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = done; i < Math.min(times, done + BATCH); i++) pass.dispatchWorkgroups(x, y);
      pass.end();
      device.queue.submit([encoder.finish()]);
    }
    await device.queue.onSubmittedWorkDone();
  };
}
