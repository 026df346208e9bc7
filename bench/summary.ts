import type { AttentionResult, CeilingResult, Results, Who } from "./results.ts";
import { operationsAt } from "./shapes.ts";
import { median, medianRatio } from "./statistics.ts";

/** The ways of one contender at one shape, the fastest first; those that were refused left out. */
export function waysOf(results: Results, who: Who, shape: string): AttentionResult[] {
  return results.attention
    .filter((each) => each.shape === shape && same(each.who, who) && each.rounds.length > 0)
    .toSorted((a, b) => median(a.rounds) - median(b.rounds));
}

/** The fastest way of one contender at one shape. */
export function bestOf(results: Results, who: Who, shape: string): AttentionResult | undefined {
  return waysOf(results, who, shape)[0];
}

/** Everybody who was measured, each once, in the order of the run. */
export function everybody(results: Results): Who[] {
  const all: Who[] = [];
  for (const { who } of [...results.attention, ...results.training]) {
    if (!all.some((each) => same(each, who))) all.push(who);
  }
  return all;
}

/** Whether both are the same contender. */
export function same(a: Who, b: Who): boolean {
  return (
    a.name === b.name && a.variant === b.variant && a.threads === b.threads && a.node === b.node
  );
}

/** GFLOP/s at a shape of what takes so many milliseconds. */
export function gflops(shape: string, milliseconds: number): number {
  return operationsAt(shape) / milliseconds / 1e6;
}

/** A device of heed's; `wasm` is relaxed where any Node has it, else simd128. */
export type HeedDevice = "native" | "wasm" | "wasm relaxed" | "wasm simd128";

/** heed on a device: of several Nodes relaxed in the newest, simd128 in the oldest, which has no other. */
export function heedOn(results: Results, device: HeedDevice, threads: number): Who | undefined {
  const all = everybody(results)
    .filter((who) => who.name === "heed" && who.threads === threads)
    .toSorted((a, b) => Number.parseFloat(a.node ?? "") - Number.parseFloat(b.node ?? ""));
  const relaxed = all.findLast(({ variant }) => variant === "wasm relaxed");
  if (device === "wasm") return relaxed ?? heedOn(results, "wasm simd128", threads);
  if (device === "wasm relaxed") return relaxed;
  return all.find(({ variant }) => variant === device);
}

/** How many times as long as heed on `device`, with as many threads, a contender takes at a shape. */
export function timesHeed(
  results: Results,
  who: Who,
  shape: string,
  device: "native" | "wasm",
  wanted: (way: string) => boolean = () => true,
): number {
  const heed = heedOn(results, device, who.threads);
  const ours = heed && bestOf(results, heed, shape);
  const theirs = waysOf(results, who, shape).find(({ way }) => wanted(way));
  return theirs && ours ? medianRatio(theirs.rounds, ours.rounds) : Number.NaN;
}

/** The most that a contender's kind of code can reach, of what was measured beside it at a shape. */
export function ceilingFor(results: Results, who: Who, shape: string): CeilingResult | undefined {
  const candidates = results.ceilings.filter(
    (each) => each.threads === who.threads && (each.shape === shape || each.shape === null),
  );
  if (who.runtime === "native") {
    return candidates
      .filter(({ name }) => name.startsWith("native"))
      .toSorted((a, b) => median(b.rounds) - median(a.rounds))[0];
  }
  const kind = who.variant.includes("simd128") ? "wasm, separate" : "wasm, fused";
  const here = candidates.filter(({ node }) => node === who.node);
  return (
    here.find(({ name }) => name === kind) ?? here.find(({ name }) => name === "wasm, separate")
  );
}

/** The share of its ceiling that a contender's best way reaches at a shape. */
export function shareOfCeiling(results: Results, who: Who, shape: string): number {
  const best = bestOf(results, who, shape);
  const ceiling = ceilingFor(results, who, shape);
  if (best === undefined || ceiling === undefined) return Number.NaN;
  const reached = best.rounds.map((milliseconds) => gflops(shape, milliseconds));
  return medianRatio(reached, ceiling.rounds);
}
