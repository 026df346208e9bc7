/**
 * Trains a tiny model on a device and prints, as JSON, what memory was in use every thousand steps:
 * of 10,000 in which the engine warms up, and of 10,000 more. A process of its own, so that nothing
 * else is in it.
 *
 *     node --expose-gc --max-semi-space-size=1 --import tsx tests/seq2seq/steady-training.ts DEVICE [LEAK]
 */
import { setTimeout as pause } from "node:timers/promises";
import { type DeviceName, openDevice, zeros } from "../../src/index.ts";
import { tinyTraining } from "./tiny-training.ts";

/** Bytes in use at some step, after everything that is garbage was collected. */
export interface MemorySample {
  /** Objects on the JavaScript heap. */
  readonly heap: number;
  /** What JavaScript holds beside its heap: array buffers, and in them the tensors of the native device. */
  readonly external: number;
  /** Tensors in WebAssembly memory, and the size of that memory; 0 on other devices. */
  readonly live: number;
  readonly reserved: number;
  /** Of the whole process, as the system counts it. */
  readonly resident: number;
}

/** What to lose on purpose at every step, to see whether it shows. */
export type Leak = "object" | "tensor" | "buffer";

const SAMPLES = 20;
const STEPS_PER_SAMPLE = 1000;

const [name, leak] = process.argv.slice(2) as [DeviceName, Leak | undefined];
const device = await openDevice(name);
// What is lost on purpose shows in the form that is quickest to train.
const trainer = tinyTraining(device, 10_000, {}, leak === undefined ? {} : undefined);

const lost: unknown[] = [];
const leaks: Readonly<Record<Leak, () => unknown>> = {
  object: () => Array.from({ length: 12 }, (_, i) => i),
  tensor: () => zeros([4], { device }),
  buffer: () => new Uint8Array(4096).fill(1),
};

/** Collects, lets finalizers run, and collects what they let go. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    global.gc?.();
    await pause(1);
  }
}

function wasmUse(): { live: number; reserved: number } {
  if (!("memoryUse" in device)) return { live: 0, reserved: 0 };
  const { live, reserved } = (device.memoryUse as () => { live: number; reserved: number })();
  return { live, reserved };
}

const samples: MemorySample[] = [];
for (let step = 1; step <= SAMPLES * STEPS_PER_SAMPLE; step++) {
  await trainer.step();
  if (leak !== undefined) lost.push(leaks[leak]());
  if (step % STEPS_PER_SAMPLE !== 0) continue;
  await settle();
  const { heapUsed, external, rss } = process.memoryUsage();
  samples.push({ heap: heapUsed, external, ...wasmUse(), resident: rss });
}
process.stdout.write(JSON.stringify(samples));
