import { checkNumber, checkOptions, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { agree, axes, expectShape } from "../checks.ts";
import { oneOf } from "./option-checks.ts";
import type { AdditiveScore, AttentionScore, MultiplicativeScore } from "./options.ts";
import { addToRows, project, sumOfRows, unproject } from "./projections.ts";
import { keyShape, queryShape, type Sizes } from "./sizes.ts";

/** A score that was held against the sizes of a call. */
export interface CheckedScore {
  /** The tensors that it has, by name. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** D: the size of what the kernel compares. */
  readonly size: number;
  readonly scale: number;
  readonly additive: boolean;
  readonly W?: Tensor | undefined;
  readonly Wq?: Tensor | undefined;
  readonly Wk?: Tensor | undefined;
  readonly b?: Tensor | undefined;
  readonly v?: Tensor | undefined;
}

/** Gradients of what a score has learned; one for each tensor that was given. */
export interface ScoreGradients {
  /** Of the multiplicative score's W. */
  readonly dW?: Tensor;
  /** Of the additive score's Wq. */
  readonly dWq?: Tensor;
  /** Of the additive score's Wk. */
  readonly dWk?: Tensor;
  /** Of the additive score's b. */
  readonly db?: Tensor;
  /** Of the additive score's v. */
  readonly dv?: Tensor;
}

/** The score that was asked for, if its tensors fit. */
export function scoreOf(where: string, score: AttentionScore, sizes: Sizes): CheckedScore {
  if (score === "dot" || score === "scaled-dot") {
    const size = dotSize(where, sizes);
    return dot(size, score === "dot" ? 1 : 1 / Math.sqrt(Math.max(size, 1)));
  }
  if (typeof score !== "object" || score === null) {
    throw new DataError({
      where,
      expected: 'score to be "dot", "scaled-dot" or an object with a kind',
      received: describe(score),
    });
  }
  const kinds = ["dot", "multiplicative", "additive"] as const;
  oneOf(where, "score.kind", score.kind, kinds);
  const { scale = 1 } = score;
  checkNumber(where, "score.scale", scale, "a finite number", Number.isFinite);
  const place = `${where}, score`;
  switch (score.kind) {
    case "dot":
      checkOptions(place, score, ["kind", "scale"]);
      return dot(dotSize(where, sizes), scale);
    case "multiplicative":
      checkOptions(place, score, ["kind", "scale", "W"]);
      return multiplicative(where, score, scale, sizes);
    case "additive":
      checkOptions(place, score, ["kind", "scale", "Wq", "Wk", "b", "v"]);
      return additive(where, score, scale, sizes);
  }
}

function dot(size: number, scale: number): CheckedScore {
  return { tensors: {}, size, scale, additive: false };
}

function dotSize(where: string, { querySize, keySize }: Sizes): number {
  agree(where, "D", "keys", keySize, "query", querySize);
  return querySize;
}

function multiplicative(
  where: string,
  { W }: MultiplicativeScore,
  scale: number,
  { querySize, keySize }: Sizes,
): CheckedScore {
  expectShape(where, "score.W", W, [querySize, keySize]);
  return { tensors: { "score.W": W }, size: keySize, scale, additive: false, W };
}

function additive(
  where: string,
  { Wq, Wk, b, v }: AdditiveScore,
  scale: number,
  { querySize, keySize }: Sizes,
): CheckedScore {
  const tensors: Record<string, Tensor> = {};
  const inner = (name: string, W: Tensor | undefined, size: number): number => {
    if (W === undefined) return size;
    tensors[`score.${name}`] = W;
    const [, A] = axes(where, `score.${name}`, W, "D", "A");
    expectShape(where, `score.${name}`, W, [size, A]);
    return A;
  };
  const size = inner("Wq", Wq, querySize);
  const keyed = inner("Wk", Wk, keySize);
  const [one, other] = [
    Wk === undefined ? "keys" : "keys · Wk",
    Wq === undefined ? "query" : "query · Wq",
  ];
  agree(where, "A", one, keyed, other, size);
  for (const [name, vector] of Object.entries({ b, v })) {
    if (vector === undefined) continue;
    expectShape(where, `score.${name}`, vector, [size]);
    tensors[`score.${name}`] = vector;
  }
  return { tensors, size, scale, additive: true, Wq, Wk, b, v };
}

/** What the kernel is to compare: the query, or what the score makes of it first. */
export function prepareQuery(
  { W, Wq, b, size }: CheckedScore,
  query: Tensor,
  sizes: Sizes,
  owned: Scope,
): Tensor {
  const matrix = W ?? Wq;
  if (matrix !== undefined) {
    const rows = { blocks: 1, used: queryRows(sizes), stride: queryRows(sizes) };
    return owned.keep(project(query, rows, matrix, b ?? null, queryShape(sizes, size)));
  }
  return b === undefined ? query : owned.keep(addToRows(query, b));
}

/** As {@link prepareQuery}, of the first `steps` keys of `capacity`. */
export function prepareKeys(
  { Wk, size }: CheckedScore,
  keys: Tensor,
  sizes: Sizes,
  { steps, capacity }: { readonly steps: number; readonly capacity: number },
  owned: Scope,
): Tensor {
  if (Wk === undefined) return keys;
  const rows = { blocks: sizes.batch * sizes.keyHeads, used: steps, stride: capacity };
  return owned.keep(project(keys, rows, Wk, null, keyShape(sizes, capacity, size)));
}

/** Gradients of what a call compared. */
export interface Compared {
  readonly dQuery: Tensor;
  readonly dKeys: Tensor;
  /** Rows whose sum is the gradient of v, or null. */
  readonly dVectors: Tensor | null;
}

/**
 * From the gradients of what the kernel compared to those of query, keys and the score's tensors. The
 * former are disposed where they are not the latter.
 */
export function undoScore(
  { query, keys, score, sizes, plan }: Undoable,
  { dQuery, dKeys, dVectors }: Compared,
  made: Scope,
): { dQuery: Tensor; dKeys: Tensor; dScore: ScoreGradients | null } {
  const { W, Wq, Wk, b, v } = score;
  if (Object.keys(score.tensors).length === 0) return { dQuery, dKeys, dScore: null };
  const vectors = {
    ...(b === undefined ? {} : { db: sumOfRows(dQuery, b, made) }),
    ...(v === undefined || dVectors === null ? {} : { dv: sumOfRows(dVectors, v, made) }),
  };
  const left = undoProjection(query, queryRows(sizes), W ?? Wq, dQuery, made);
  const right = undoProjection(keys, sizes.batch * sizes.keyHeads * plan.steps, Wk, dKeys, made);
  const dScore = {
    ...(left.dW === null ? {} : W === undefined ? { dWq: left.dW } : { dW: left.dW }),
    ...(right.dW === null ? {} : { dWk: right.dW }),
    ...vectors,
  };
  return { dQuery: left.dx, dKeys: right.dx, dScore };
}

/** What of a job the score is undone by. */
interface Undoable {
  readonly query: Tensor;
  readonly keys: Tensor;
  readonly score: CheckedScore;
  readonly sizes: Sizes;
  readonly plan: { readonly steps: number };
}

function queryRows({ batch, heads, queries }: Sizes): number {
  return batch * heads * queries;
}

function undoProjection(
  x: Tensor,
  rows: number,
  matrix: Tensor | undefined,
  dy: Tensor,
  made: Scope,
): { dx: Tensor; dW: Tensor | null } {
  if (matrix === undefined) return { dx: dy, dW: null };
  const undone = unproject(x, rows, matrix, dy, made);
  dy.dispose();
  return undone;
}
