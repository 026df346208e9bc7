import { rmSync } from "node:fs";
import { join } from "node:path";
import { attentionTask, compareWithTruth, type Errors } from "./attention-truth.ts";
import { CACHE } from "./cache.ts";
import { nameOf, type Running } from "./contenders.ts";
import { type Ceiling, ceilingResult } from "./measure-ceilings.ts";
import type { Options } from "./options.ts";
import type { AttentionResult, CeilingResult, Who } from "./results.ts";
import { type Timed, timeInTurn } from "./rounds.ts";
import { SHAPES, type ShapeName } from "./shapes.ts";

/** What a shape's rounds found. */
export interface ShapeResults {
  readonly attention: AttentionResult[];
  readonly ceilings: CeilingResult[];
}

/** Everybody at one shape: results held against the definition first, then timed in turn. */
export async function measureShape(
  shape: ShapeName,
  running: readonly Running[],
  ceilings: readonly Ceiling[],
  options: Options,
): Promise<ShapeResults> {
  const task = await attentionTask(SHAPES[shape]);
  const check = ({ name }: Who, results: string): Judged => {
    const errors = compareWithTruth(task, results);
    return { errors, refused: wrong(name, task.sizes[2], errors) };
  };
  const request = { do: "attention", sizes: task.sizes, inputs: task.inputs };
  return await measureEverybody(shape, request, check, running, ceilings, options);
}

/** How far results are from the truth, and why they are not timed if that is too far. */
export interface Judged {
  readonly errors: Errors;
  readonly refused: string | null;
}

/** Everybody who can answer a request, by the name of its results. */
export async function measureEverybody(
  shape: string,
  request: Readonly<Record<string, unknown>>,
  check: (who: Who, results: string) => Judged,
  running: readonly Running[],
  ceilings: readonly Ceiling[],
  options: Options,
): Promise<ShapeResults> {
  const timed: (AttentionResult & Timed)[] = [];
  const refused: AttentionResult[] = [];
  for (const { who, child } of running) {
    const { ways } = await child.ask({ ...request, results: join(CACHE, "results") });
    for (const { way, results, failed } of ways as Made[]) {
      const judged =
        results === undefined ? { errors: UNKNOWN, refused: failed ?? null } : check(who, results);
      if (results !== undefined) rmSync(results);
      const result = { who, shape, way, rounds: [] as number[], ...judged };
      // heed's ways are all shown. The notebook's code is a contender of its own: the goals name it.
      const owner = who.name === "heed" || way === "the notebook" ? null : nameOf(who);
      if (result.refused === null) timed.push({ ...result, child, key: way, owner });
      else refused.push(result);
    }
  }
  const rates = await timeInTurn(timed, ceilings, options);
  for (const { child } of running) await child.ask({ do: "release" });
  const measured = timed.map(({ who, way, errors, rounds }) => {
    return { who, shape, way, errors, rounds, refused: null };
  });
  return {
    attention: [...measured, ...refused],
    ceilings: ceilings.map((each, i) => ceilingResult(each, rates[i] ?? [], shape)),
  };
}

/** What a contender answers of a way: a file, or why there is none. */
interface Made {
  readonly way: string;
  readonly results?: string;
  readonly failed?: string;
}

const UNKNOWN: Errors = { forward: Number.NaN, backward: Number.NaN };

/** heed is held to the bounds of its own tests, others to what float32 can be asked for. */
export function wrong(name: string, steps: number, { forward, backward }: Errors): string | null {
  const growth = Math.sqrt(Math.max(1, steps / 1024));
  const [most, mostBackward] = name === "heed" ? [1e-6 * growth, 2e-6 * growth] : [1e-5, 1e-5];
  return forward <= most && backward <= mostBackward
    ? null
    : `wrong: relative error ${forward.toExponential(1)} forward, ${backward.toExponential(1)} backward`;
}
