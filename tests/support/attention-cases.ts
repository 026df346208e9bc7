/** Random calls of `attention`: any of its options with any other, as data from which a call is made. */
import fc from "fast-check";
import { Random } from "../../src/core/random.ts";
import type { Dtype } from "../../src/core/storage.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { indices, tensor } from "../../src/devices/create.ts";
import type { Device } from "../../src/kernels/device.ts";
import type {
  AttentionOptions,
  AttentionScore,
  NestedBooleans,
} from "../../src/layers/attend/options.ts";
import { normals64 } from "./gradient-check.ts";

/** A call without its numbers, which follow from the seed. */
export interface AttentionCase {
  readonly seed: number;
  /** How heads lie: "one" says nothing of them. */
  readonly layout: "one" | "side by side" | "four axes";
  readonly batch: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly queries: number;
  /** Of the call's keys, without the past. */
  readonly steps: number;
  readonly past: number | null;
  readonly size: number;
  /** Another size of keys, for scores that allow one. */
  readonly keySize: number;
  readonly valueSize: number;
  readonly score: "dot" | "scaled-dot" | "scaled" | "multiplicative" | "additive";
  /** Which tensors an additive score has. */
  readonly has: {
    readonly Wq: boolean;
    readonly Wk: boolean;
    readonly b: boolean;
    readonly v: boolean;
  };
  readonly mask: Broadcast | null;
  readonly bias: Broadcast | null;
  readonly lengths: boolean;
  readonly causal: AttentionOptions["causal"];
  readonly window: AttentionOptions["window"];
  readonly alibi: "no" | "yes" | "slopes";
  readonly softcap: number;
  readonly dropout: {
    readonly rate: number;
    readonly seed: number;
    readonly stream: number;
  } | null;
  readonly normalizer: NonNullable<AttentionOptions["normalizer"]>;
}

/** A shape that broadcasts: which of the axes are full, how many axes it has, indices or booleans. */
export interface Broadcast {
  readonly full: readonly boolean[];
  readonly rank: number;
  readonly nested: boolean;
}

const broadcast: fc.Arbitrary<Broadcast> = fc.record({
  full: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  rank: fc.nat(4),
  nested: fc.boolean(),
});
const few = (max: number) => fc.integer({ min: 1, max });
/** Half of the time, as most options are left out of most calls. */
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 2 });

/** Any call, with sizes so small that a gradient check of it takes milliseconds. */
export const attentionCases: fc.Arbitrary<AttentionCase> = fc
  .record({
    seed: fc.nat(2 ** 32 - 1),
    layout: fc.constantFrom("one" as const, "side by side" as const, "four axes" as const),
    batch: few(2),
    groups: few(2),
    perGroup: few(2),
    queries: few(4),
    steps: few(5),
    past: maybe(fc.nat(3)),
    size: few(3),
    otherSize: few(3),
    valueSize: few(3),
    score: fc.constantFrom(
      "dot" as const,
      "scaled-dot" as const,
      "scaled" as const,
      "multiplicative" as const,
      "additive" as const,
    ),
    has: fc.record({ Wq: fc.boolean(), Wk: fc.boolean(), b: fc.boolean(), v: fc.boolean() }),
    mask: maybe(broadcast),
    bias: maybe(broadcast),
    lengths: fc.boolean(),
    causal: fc.oneof(
      fc.constant(undefined),
      fc.boolean(),
      fc.constantFrom("top-left" as const, "bottom-right" as const),
      fc.record({ offset: fc.integer({ min: -2, max: 4 }) }),
    ),
    window: fc.oneof(
      fc.constant(undefined),
      fc.nat(3),
      fc.record({ left: fc.nat(3), right: fc.nat(3) }, { requiredKeys: [] }),
    ),
    alibi: fc.constantFrom("no" as const, "no" as const, "yes" as const, "slopes" as const),
    softcap: fc.constantFrom(0, 0, 1.5, 20),
    dropout: maybe(
      fc.record({
        rate: fc.constantFrom(0, 0.3, 0.8),
        seed: fc.nat(2 ** 32 - 1),
        stream: fc.nat(9),
      }),
    ),
    normalizer: fc.constantFrom(
      "softmax" as const,
      "softmax" as const,
      "sparsemax" as const,
      "entmax15" as const,
    ),
  })
  .map(({ groups, perGroup, otherSize, ...rest }) => {
    const one = rest.layout === "one";
    const alike = rest.score !== "multiplicative" && rest.score !== "additive";
    // Without a matrix on one side, the other has to come out at its size; without both, they are alike.
    const { Wq, Wk } = rest.has;
    const free = !alike && (rest.score === "multiplicative" || Wq || Wk);
    return {
      ...rest,
      heads: one ? 1 : groups * perGroup,
      keyHeads: one ? 1 : groups,
      keySize: free ? otherSize : rest.size,
    };
  });

/** Every key there is: of the past and of the call. */
export function totalSteps(each: AttentionCase): number {
  return (each.past ?? 0) + each.steps;
}

/** A: what an additive score compares. */
function innerSize({ has, size, keySize }: AttentionCase): number {
  return has.Wq ? (has.Wk ? 2 : keySize) : size;
}

function broadcastShape(each: AttentionCase, { full, rank }: Broadcast): number[] {
  const { batch, heads, queries, layout } = each;
  const all = [batch, heads, queries, totalSteps(each)];
  const shape = all.map((size, axis) => (full[axis] ? size : 1)).slice(4 - rank);
  // Without heads, three axes are (N, Tq, Tk).
  if (layout === "one" && rank === 3) shape[0] = full[0] ? batch : 1;
  return shape;
}

/** The shapes of everything that has a gradient, by name. */
export function shapesOf(each: AttentionCase): Readonly<Record<string, readonly number[]>> {
  const { layout, batch, heads, keyHeads, queries, steps, past, has } = each;
  const { size, keySize, valueSize } = each;
  const rows = (count: number, inner: number, width: number): number[] =>
    layout === "four axes" ? [batch, count, inner, width] : [batch, inner, count * width];
  const A = innerSize(each);
  const additive = each.score === "additive";
  return {
    query: rows(heads, queries, size),
    keys: rows(keyHeads, steps, keySize),
    values: rows(keyHeads, steps, valueSize),
    ...(past === null
      ? {}
      : {
          pastKeys: rows(keyHeads, past, keySize),
          pastValues: rows(keyHeads, past, valueSize),
        }),
    ...(each.bias === null ? {} : { bias: broadcastShape(each, each.bias) }),
    ...(each.score === "multiplicative" ? { W: [size, keySize] } : {}),
    ...(additive && has.Wq ? { Wq: [size, A] } : {}),
    ...(additive && has.Wk ? { Wk: [keySize, A] } : {}),
    ...(additive && has.b ? { b: [A] } : {}),
    ...(additive && has.v ? { v: [A] } : {}),
  };
}

/** Normal numbers for all of it, and what has no gradient: the mask's and the lengths' whole numbers, slopes. */
export function numbersOf(each: AttentionCase): {
  floats: Record<string, Float64Array>;
  mask: { shape: number[]; data: number[] } | null;
  lengths: number[] | null;
  slopes: number[] | null;
} {
  const random = new Random(each.seed);
  const floats: Record<string, Float64Array> = {};
  for (const [name, shape] of Object.entries(shapesOf(each))) {
    floats[name] = normals64(random, product(shape)).map(Math.fround);
  }
  // Some of a bias masks, as is the way of many programs.
  const bias = floats["bias"];
  for (let i = 0; i < (bias?.length ?? 0); i++) {
    if (random.uniform() < 0.15) bias![i] = Number.NEGATIVE_INFINITY;
  }
  const shape = each.mask === null ? null : broadcastShape(each, each.mask);
  const mask =
    shape === null
      ? null
      : {
          shape,
          data: Array.from({ length: product(shape) }, () => (random.uniform() < 0.7 ? 1 : 0)),
        };
  const lengths = each.lengths
    ? Array.from({ length: each.batch }, () => random.integer(totalSteps(each) + 1))
    : null;
  const { heads, alibi } = each;
  const slopes =
    alibi === "no"
      ? null
      : Array.from({ length: heads }, (_, h) =>
          alibi === "yes" ? 2 ** ((-8 * (h + 1)) / heads) : Math.fround(random.uniform()),
        );
  return { floats, mask, lengths, slopes };
}

/** The arguments of the call, on a device. */
export function argumentsOf(
  each: AttentionCase,
  { floats, mask, lengths, slopes }: ReturnType<typeof numbersOf>,
  device: Device,
  dtype: Dtype,
): { tensors: Readonly<Record<string, Tensor>>; options: AttentionOptions } {
  const on = { device, dtype };
  const tensors = Object.fromEntries(
    Object.entries(shapesOf(each)).map(([name, shape]) => [name, tensor(floats[name]!, shape, on)]),
  );
  const { layout, heads, keyHeads, alibi, softcap, normalizer, causal, window } = each;
  const { pastKeys, pastValues, bias } = tensors;
  const options: AttentionOptions = {
    score: scoreOf(each, tensors),
    causal,
    window,
    normalizer,
    softcap,
    ...(layout === "side by side" ? { heads, keyHeads } : {}),
    ...(pastKeys && pastValues ? { past: { keys: pastKeys, values: pastValues } } : {}),
    ...(bias === undefined ? {} : { bias }),
    ...(lengths === null ? {} : { lengths: indices(lengths, [lengths.length], { device }) }),
    ...(alibi === "yes" ? { alibi: true } : {}),
    ...(alibi === "slopes" ? { alibi: tensor(slopes!, [heads], on) } : {}),
    ...(each.dropout === null ? {} : { dropout: each.dropout }),
    ...(mask === null
      ? {}
      : {
          mask: each.mask?.nested
            ? (nested(mask.data, mask.shape) as NestedBooleans)
            : indices(mask.data, mask.shape, { device }),
        }),
  };
  return { tensors, options };
}

function scoreOf(each: AttentionCase, tensors: Readonly<Record<string, Tensor>>): AttentionScore {
  const { W, Wq, Wk, b, v } = tensors;
  switch (each.score) {
    case "scaled":
      return { kind: "dot", scale: 0.7 };
    case "multiplicative":
      return { kind: "multiplicative", W: W!, scale: 0.8 };
    case "additive":
      return { kind: "additive", Wq, Wk, b, v, scale: 1.3 };
    default:
      return each.score;
  }
}

/** What `scale` a case has. */
export function scaleOf({ score, size }: AttentionCase): number {
  if (score === "scaled-dot") return 1 / Math.sqrt(size);
  return { dot: 1, scaled: 0.7, multiplicative: 0.8, additive: 1.3 }[score];
}

/** Numbers of 0 and 1 as booleans, nested. */
function nested(data: readonly number[], shape: readonly number[]): NestedBooleans {
  const [size, ...rest] = shape;
  if (size === undefined) return data[0] !== 0;
  const inner = product(rest);
  return Array.from({ length: size }, (_, i) =>
    nested(data.slice(i * inner, (i + 1) * inner), rest),
  );
}

const product = (shape: readonly number[]): number =>
  shape.reduce((total, size) => total * size, 1);
