import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { DeviceError, openDevice } from "../../src/index.ts";
import type { Leak, MemorySample } from "./steady-training.ts";
import { tinyTraining } from "./tiny-training.ts";

test("training and decoding give every tensor back: memory in use stands still", async () => {
  const device = openWasmDevice({ simd: "simd128" });
  const trainer = tinyTraining(device, 300);
  const use: { live: number; reserved: number }[] = [];
  while (!trainer.done) {
    await trainer.step();
    await trainer.model.transduceMany(["abc", "dcba"]);
    use.push(device.memoryUse());
  }
  expect(use).toHaveLength(900);
  const warm = use[10];
  expect(use.slice(10).every(({ live }) => live === warm?.live)).toBe(true);
  expect(use.at(-1)?.reserved).toBe(warm?.reserved);
});

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/**
 * How much more of each may be in use after 5,000 steps more, by the median of five samples a thousand
 * steps apart, once 10,000 steps have warmed the engine up. Tensors in WebAssembly memory are counted
 * to the byte. A heap without a leak goes up and down by 100 kB as functions are compiled and
 * forgotten: 192 KiB are 40 bytes a step, and a tensor is made of objects of several hundred. What the
 * system counts goes up and down by 1 MB, where the engine may not grow the space for young objects.
 */
const GROWTH: MemorySample = {
  heap: 192 * KIB,
  external: 64 * KIB,
  live: 0,
  reserved: 0,
  resident: 4 * MIB,
};

/**
 * What makes the engine's own memory stand still: young objects have little room, no function that was compiled is
 * forgotten for a while, and none is compiled at a moment of another thread's choice.
 */
const ENGINE = [
  "--expose-gc",
  "--max-semi-space-size=1",
  "--no-flush-bytecode",
  "--no-concurrent-recompilation",
];

async function train(device: string, leak?: Leak): Promise<MemorySample[]> {
  const script = fileURLToPath(new URL("steady-training.ts", import.meta.url));
  const tsx = import.meta.resolve("tsx");
  const words = [...ENGINE, "--import", tsx, script, device];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    leak === undefined ? words : [...words, leak],
  );
  return JSON.parse(stdout) as MemorySample[];
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The kinds of memory of which more is in use at the end, with how much more. */
function grown(samples: readonly MemorySample[]): string[] {
  expect(samples).toHaveLength(20);
  const more = (kind: keyof MemorySample): number => {
    const use = samples.map((sample) => sample[kind]);
    return median(use.slice(15)) - median(use.slice(10, 15));
  };
  return (Object.keys(GROWTH) as (keyof MemorySample)[])
    .filter((kind) => !(more(kind) <= GROWTH[kind]))
    .map((kind) => `${kind}: ${more(kind)} bytes more`);
}

/** The fast devices, and why one cannot be opened here. */
const opened = await Promise.all(
  (["wasm", "native"] as const).map(async (name) => {
    const refusal = await openDevice(name).then(
      () => null,
      (error: unknown) => {
        if (error instanceof DeviceError) return error.message;
        throw error;
      },
    );
    return [name, refusal] as const;
  }),
);

describe("over 10,000 steps of training, memory in use stands still", () => {
  for (const [name, refusal] of opened) {
    const skip = refusal !== null && process.env["CI"] === undefined;
    const title = skip ? `on ${name} (skipped: ${refusal})` : `on ${name}`;
    test.skipIf(skip)(title, { timeout: 120_000 }, async () => {
      expect(grown(await train(name))).toEqual([]);
    });
  }

  test.each([
    ["object", /^heap/],
    ["tensor", /^live/],
    ["buffer", /^resident/],
  ] as const)("and a lost %s a step shows", { timeout: 120_000 }, async (leak, kind) => {
    expect(grown(await train("wasm", leak))).toContainEqual(expect.stringMatching(kind));
  });
});
