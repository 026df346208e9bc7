import { describe } from "../../core/arguments.ts";
import { DataError, ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shapes.ts";
import type { Tensor } from "../../core/tensor.ts";
import { agree, checkTensor } from "../checks.ts";
import type { AttentionOptions } from "./options.ts";

/** The sizes of a call, whichever way its heads lie. */
export interface Sizes {
  /** N */
  readonly batch: number;
  /** H */
  readonly heads: number;
  /** G */
  readonly keyHeads: number;
  /** Tq */
  readonly queries: number;
  /** Tk: of the keys given, without those before them. */
  readonly steps: number;
  /** Of one head. */
  readonly querySize: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** Three axes, heads side by side in the last; otherwise four. */
  readonly threeAxes: boolean;
  /** No heads were spoken of: results have no axis for them. */
  readonly oneHead: boolean;
}

/** What is compared, and what it adds up. */
export interface Given {
  readonly query: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

type HeadOptions = Pick<AttentionOptions, "heads" | "keyHeads">;

/** The sizes of what is given, if it goes together. */
export function sizesOf(where: string, tensors: Given, options: HeadOptions): Sizes {
  for (const [name, value] of Object.entries(tensors)) checkTensor(where, name, value);
  const { query, keys, values } = tensors;
  const axes = query.shape.length;
  for (const [name, { shape }] of Object.entries(tensors)) {
    if (shape.length === axes && (axes === 3 || axes === 4)) continue;
    throw new ShapeError({
      where,
      expected:
        "query, keys and values of the 3 axes (N, T, D) or the 4 axes (N, heads, T, D) each",
      received: `${name} of shape ${formatShape(shape)}`,
    });
  }
  const sizes = axes === 3 ? ofThreeAxes(where, tensors, options) : ofFour(where, tensors, options);
  agree(where, "N", "keys", keys.shape[0]!, "query", sizes.batch);
  agree(where, "N", "values", values.shape[0]!, "query", sizes.batch);
  agree(where, "T", "values", values.shape[axes - 2]!, "keys", sizes.steps);
  checkGroups(where, sizes);
  return sizes;
}

/** Refuses heads that cannot share those of the keys evenly. */
export function checkGroups(
  where: string,
  { heads, keyHeads }: { readonly heads: number; readonly keyHeads: number },
): void {
  if (heads % keyHeads === 0) return;
  throw new ShapeError({
    where,
    expected: "keyHeads to divide heads",
    received: `keyHeads = ${keyHeads}, heads = ${heads}`,
  });
}

function ofThreeAxes(where: string, { query, keys, values }: Given, options: HeadOptions): Sizes {
  const { heads = 1, keyHeads = heads } = options;
  checkHeads(where, "heads", heads);
  checkHeads(where, "keyHeads", keyHeads);
  const part = (name: string, { shape }: Tensor, parts: number): number => {
    const whole = shape[2]!;
    if (whole % parts === 0) return whole / parts;
    throw new ShapeError({
      where,
      expected: `a last axis of ${name} that ${parts} head${parts === 1 ? "" : "s"} can share`,
      received: `shape ${formatShape(shape)}`,
    });
  };
  return {
    batch: query.shape[0]!,
    heads,
    keyHeads,
    queries: query.shape[1]!,
    steps: keys.shape[1]!,
    querySize: part("query", query, heads),
    keySize: part("keys", keys, keyHeads),
    valueSize: part("values", values, keyHeads),
    threeAxes: true,
    oneHead: options.heads === undefined,
  };
}

function ofFour(where: string, { query, keys, values }: Given, options: HeadOptions): Sizes {
  const [batch, heads, queries, querySize] = query.shape as [number, number, number, number];
  const [, keyHeads, steps, keySize] = keys.shape as [number, number, number, number];
  const named = { heads, keyHeads };
  for (const name of ["heads", "keyHeads"] as const) {
    const given = options[name];
    checkHeads(where, name, named[name]);
    if (given === undefined || given === named[name]) continue;
    throw new DataError({
      where,
      expected: `${name} to be left out, or ${named[name]}, as the shapes of four axes say`,
      received: describe(given),
    });
  }
  agree(where, "heads", "values", values.shape[1]!, "keys", keyHeads);
  return {
    batch,
    heads,
    keyHeads,
    queries,
    steps,
    querySize,
    keySize,
    valueSize: values.shape[3]!,
    threeAxes: false,
    oneHead: false,
  };
}

function checkHeads(where: string, name: string, count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) >= 1) return;
  throw new ShapeError({
    where,
    expected: `${name} to be a whole number ≥ 1`,
    received: describe(count),
  });
}

/** The shape of what has a row per query: of query with its size, of context with the values'. */
export function queryShape(
  { batch, heads, queries, threeAxes }: Sizes,
  size: number,
): readonly number[] {
  return threeAxes ? [batch, queries, heads * size] : [batch, heads, queries, size];
}

/** The shape of what has a row per key. */
export function keyShape(
  { batch, keyHeads, threeAxes }: Sizes,
  steps: number,
  size: number,
): readonly number[] {
  return threeAxes ? [batch, steps, keyHeads * size] : [batch, keyHeads, steps, size];
}

/** The shape of what has a number per row of scores, or `steps` of them. */
export function rowShape(
  { batch, heads, queries, oneHead }: Sizes,
  ...steps: readonly number[]
): readonly number[] {
  return oneHead ? [batch, queries, ...steps] : [batch, heads, queries, ...steps];
}
