/**
 * What WebAssembly in this engine can add and multiply at most, float32 operations per second:
 *
 *     node ceiling-wasm.ts fused | separate
 */
import { ceilingModule, type LoopKind } from "../wasm-loops.ts";
import { serve } from "./serve.ts";

/** Registers are 16: as many accumulators as fit beside two constants, and fewer. */
const ACCUMULATORS = [8, 10, 12, 14];

/** The loops to try for a kind of arithmetic; the fastest of them is the ceiling. */
function loops(kind: LoopKind): { run: (rounds: number) => unknown; operations: number }[] {
  const shapes: readonly LoopKind[] = kind === "fused" ? ["fused"] : ["separate", "paired"];
  return shapes.flatMap((shape) =>
    ACCUMULATORS.map((accumulators) => {
      const { bytes, operations } = ceilingModule(shape, accumulators);
      const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
      return { run: run as (rounds: number) => unknown, operations };
    }),
  );
}

const ROUNDS = 100_000;
const kind: LoopKind = process.argv[2] === "fused" ? "fused" : "separate";
const candidates = loops(kind);
const rate = ({ run, operations }: (typeof candidates)[number]): number => {
  const start = performance.now();
  run(ROUNDS);
  return (ROUNDS * operations) / (performance.now() - start) / 1e6;
};
const middle = (rates: readonly number[]): number =>
  rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? Number.NaN;
const best = candidates
  .map((candidate) => ({
    candidate,
    // The first calls run what the engine compiled in haste.
    rate: middle(Array.from({ length: 40 }, () => rate(candidate)).slice(20)),
  }))
  .reduce((a, b) => (a.rate > b.rate ? a : b)).candidate;

await serve({
  hello: { name: `WebAssembly, ${kind}`, operations: best.operations * ROUNDS },
  attention: () => ({ loop: () => ({ call: () => best.run(ROUNDS), result: () => ({}) }) }),
});
