import { rmSync } from "node:fs";
import { join } from "node:path";
import { attentionTask, compareWithTruth, type Errors, type Task } from "./attention-truth.ts";
import { CACHE } from "./cache.ts";
import { nameOf, type Running } from "./contenders.ts";
import { type Ceiling, ceilingResult, measureQuietly } from "./measure-ceilings.ts";
import type { Options } from "./options.ts";
import type { AttentionResult, CeilingResult, Who } from "./results.ts";
import { SHAPES, type ShapeName } from "./shapes.ts";

/** A way that gave right results, and its times so far. */
interface Timed {
  readonly contender: Running;
  readonly way: string;
  readonly errors: Errors;
  readonly rounds: number[];
  dropped: boolean;
}

/** What a shape's rounds found. */
export interface ShapeResults {
  readonly attention: AttentionResult[];
  readonly ceilings: CeilingResult[];
}

/** A way this many times slower than its contender's best in the first round is left out of the others. */
const FAR_BEHIND = 1.6;

/** Seconds that every way is run before its times count. */
const WARM_UP = 0.3;

/** Milliseconds that a way which takes seconds per call is given at a shape: three rounds, or so long. */
const PATIENCE = 10_000;

/**
 * Everybody at one shape: results held against the definition first, then in turn a slice each, round
 * after round, so that what slows the machine down hits all alike.
 */
export async function measureShape(
  shape: ShapeName,
  running: readonly Running[],
  ceilings: readonly Ceiling[],
  options: Options,
): Promise<ShapeResults> {
  const task = await attentionTask(SHAPES[shape]);
  const timed: Timed[] = [];
  const refused: AttentionResult[] = [];
  for (const contender of running) {
    for (const way of await prepare(contender, shape, task)) {
      if (way.refused === null) timed.push({ ...way, contender, rounds: [], dropped: false });
      else refused.push(way);
    }
  }
  await warmUp(timed);
  const ceilingRounds = ceilings.map(() => [] as number[]);
  for (let round = 0; round < options.rounds; round++) {
    const rates = await measureQuietly(ceilings);
    for (const [i, rate] of rates.entries()) ceilingRounds[i]?.push(rate);
    for (const each of timed) {
      if (each.dropped || isLong(each.rounds) || each.rounds.length > round) continue;
      const request = { do: "time", way: each.way, seconds: options.seconds };
      const { milliseconds } = await each.contender.child.ask(request);
      each.rounds.push(Number(milliseconds));
    }
    if (round === 0) drop(timed);
  }
  for (const { child } of running) await child.ask({ do: "release" });
  const results = timed.map(({ contender, way, errors, rounds }) => {
    return { who: contender.who, shape, way, errors, rounds, refused: null };
  });
  return {
    attention: [...results, ...refused],
    ceilings: ceilings.map((each, i) => ceilingResult(each, ceilingRounds[i] ?? [], shape)),
  };
}

/** A contender's ways at a shape, each with its errors, and refused where they are too large. */
async function prepare(
  { who, child }: Running,
  shape: ShapeName,
  task: Task,
): Promise<AttentionResult[]> {
  const results = join(CACHE, "results");
  const request = { do: "attention", sizes: task.sizes, inputs: task.inputs, results };
  const { ways } = await child.ask(request);
  return (ways as { way: string; results?: string; failed?: string }[]).map((made) => {
    const { way, failed } = made;
    const unknown = { forward: Number.NaN, backward: Number.NaN };
    const result = { who, shape, way, errors: unknown, rounds: [], refused: failed ?? null };
    if (made.results === undefined) return result;
    const errors = compareWithTruth(task, made.results);
    rmSync(made.results);
    return { ...result, errors, refused: wrong(who, task, errors) };
  });
}

/** heed is held to the bounds of its own tests, others to what float32 can be asked for. */
function wrong(
  { name }: Who,
  { sizes: [, , Te] }: Task,
  { forward, backward }: Errors,
): string | null {
  const growth = Math.sqrt(Math.max(1, Te / 1024));
  const [most, mostBackward] = name === "heed" ? [1e-6 * growth, 2e-6 * growth] : [1e-5, 1e-5];
  return forward <= most && backward <= mostBackward
    ? null
    : `wrong: relative error ${forward.toExponential(1)} forward, ${backward.toExponential(1)} backward`;
}

/** Engines compile anew what is called often: they are given time for it, all alike. */
async function warmUp(timed: readonly Timed[]): Promise<void> {
  for (const { contender, way, rounds } of timed) {
    const { milliseconds } = await contender.child.ask({ do: "time", way, seconds: WARM_UP });
    // What takes so long does not gain by another call: it counts.
    if (Number(milliseconds) > 1000 * WARM_UP) rounds.push(Number(milliseconds));
  }
}

function isLong(rounds: readonly number[]): boolean {
  return rounds.length >= 3 && rounds.reduce((sum, each) => sum + each, 0) > PATIENCE;
}

function drop(timed: readonly Timed[]): void {
  const best = new Map<string, number>();
  for (const { contender, rounds } of timed) {
    const name = nameOf(contender.who);
    best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, rounds[0] ?? 0));
  }
  for (const each of timed) {
    const { who } = each.contender;
    const first = each.rounds[0] ?? 0;
    // The notebook's code is a contender of its own: the goals name it.
    if (who.name === "heed" || each.way === "the notebook") continue;
    each.dropped = first > FAR_BEHIND * (best.get(nameOf(who)) ?? 0);
  }
}
