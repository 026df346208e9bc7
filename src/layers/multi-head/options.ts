import { checkFlag, checkNumber, checkOptions, checkSize, describe } from "../../core/arguments.ts";
import { DataError, ShapeError } from "../../core/errors.ts";
import { RULES, readOptions } from "../attend/option-checks.ts";
import type { AttentionOptions } from "../attend/options.ts";
import { placingOf } from "../attend/placing.ts";
import { checkGroups } from "../attend/sizes.ts";
import { type DropoutOptions, dropoutOf } from "../dropout.ts";
import { LAYER_OPTIONS, type LayerOptions, type ParameterSpec } from "../parameters.ts";
import { RotaryPositions } from "../rotary-positions.ts";

/** How heads meet keys, where a call does not say otherwise. */
export type AttentionRules = Pick<AttentionOptions, (typeof RULES)[number]>;

/** The sizes of a {@link MultiHeadAttention}, and what it does besides. */
export interface MultiHeadAttentionOptions extends LayerOptions, AttentionRules {
  /** Of the query, and of everything below that is not given. */
  readonly size: number;
  /** H: heads of queries. */
  readonly heads: number;
  /**
   * G, which divides H, and is H unless given: heads of keys and values, each for H/G heads of queries
   * that follow one another (grouped queries, Ainslie et al. 2023; 1: multi-query, Shazeer 2019).
   */
  readonly keyHeads?: number | undefined;
  /** Of the keys given; `size` unless given. */
  readonly keySize?: number | undefined;
  /** Of the values given; `keySize` unless given. */
  readonly valueSize?: number | undefined;
  /** Of one head's query and key; size / heads unless given. */
  readonly headSize?: number | undefined;
  /** Of one head's value; `headSize` unless given. */
  readonly valueHeadSize?: number | undefined;
  /** Of the output; `size` unless given. */
  readonly outSize?: number | undefined;
  /** Whether projections have biases: true unless given. */
  readonly bias?: boolean | undefined;
  /** What scores are multiplied by; 1/√headSize unless given. */
  readonly scale?: number | undefined;
  /** Of the attention weights, while training: each is 0 with probability `rate`, as in {@link Dropout}. */
  readonly dropout?: DropoutOptions | undefined;
  /** Whether weights are kept, to be read or to have a gradient; otherwise they may never come to be. */
  readonly return?: { readonly weights?: boolean | undefined } | undefined;
  /**
   * Turns queries and keys of every head by where they stand, from 0 on, or behind the steps of a cache; of
   * size headSize.
   */
  readonly rotary?: RotaryPositions | undefined;
}

/** The options that are not those of every layer. */
const OWN_OPTIONS = [
  "size",
  "heads",
  "keyHeads",
  "keySize",
  "valueSize",
  "headSize",
  "valueHeadSize",
  "outSize",
  "bias",
  "scale",
  "dropout",
  "return",
  "rotary",
  ...RULES,
] as const;

/** All sizes of a layer, none left out. */
export interface HeadSizes {
  readonly size: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly headSize: number;
  readonly valueHeadSize: number;
  readonly outSize: number;
  readonly bias: boolean;
}

/** The sizes, checked, with what they are where they were not given. */
export function headSizesOf(where: string, options: MultiHeadAttentionOptions): HeadSizes {
  checkOptions(where, options, [...OWN_OPTIONS, ...LAYER_OPTIONS]);
  const { size, heads, keyHeads = heads, keySize = size, bias = true, outSize = size } = options;
  const { valueSize = keySize } = options;
  for (const [name, value] of Object.entries({ size, keySize, valueSize, outSize })) {
    checkSize(where, name, value);
  }
  for (const [name, value] of Object.entries({ heads, keyHeads })) {
    checkSize(where, name, value);
    if (value > 0) continue;
    throw new ShapeError({ where, expected: `${name} to be at least 1`, received: `${value}` });
  }
  checkGroups(where, { heads, keyHeads });
  if (options.headSize === undefined && size % heads !== 0) {
    throw new ShapeError({
      where,
      expected: "a size that the heads can share",
      received: `size = ${size}, heads = ${heads}`,
      fix: "choose another number of heads, or give headSize",
    });
  }
  const { headSize = size / heads, valueHeadSize = headSize } = options;
  checkSize(where, "headSize", headSize);
  checkSize(where, "valueHeadSize", valueHeadSize);
  if (typeof bias !== "boolean") {
    throw new DataError({
      where,
      expected: "bias to be true or false: whether projections have biases",
      received: describe(bias),
      fix: "a bias of the scores goes to forward",
    });
  }
  return { size, heads, keyHeads, keySize, valueSize, headSize, valueHeadSize, outSize, bias };
}

/** What is neither a size nor a rule, checked. */
export interface HeadSettings {
  readonly scale: number;
  readonly dropout: DropoutOptions | null;
  readonly weights: boolean;
  readonly rotary: RotaryPositions | null;
}

/** The rules of a layer, as far as they can be checked without a query. */
export function rulesOf(where: string, options: AttentionRules): AttentionRules {
  const { causal, window, alibi, softcap, normalizer } = options;
  readOptions(where, { softcap, normalizer });
  placingOf(where, { causal, window }, 0, 0);
  return { causal, window, alibi, softcap, normalizer };
}

/** What is neither a size nor a rule. */
export function headSettingsOf(
  where: string,
  options: MultiHeadAttentionOptions,
  { headSize }: HeadSizes,
): HeadSettings {
  const { scale = 1 / Math.sqrt(Math.max(headSize, 1)) } = options;
  checkNumber(where, "scale", scale, "a finite number", Number.isFinite);
  const { rotary = null } = options;
  const dropout = dropoutOf(where, options.dropout);
  if (rotary !== null) checkRotary(where, rotary, headSize);
  return { scale, dropout, rotary, weights: weightsWanted(where, options.return) };
}

/** Whether weights are asked for. */
export function weightsWanted(
  where: string,
  wanted: { readonly weights?: boolean | undefined } | undefined,
): boolean {
  if (wanted === undefined) return false;
  checkOptions(`${where}, return`, wanted, ["weights"]);
  const { weights = false } = wanted;
  checkFlag(where, "return.weights", weights);
  return weights;
}

function checkRotary(where: string, rotary: unknown, headSize: number): void {
  const fix = `make one with new RotaryPositions({ size: ${headSize} })`;
  if (!(rotary instanceof RotaryPositions)) {
    const expected = "rotary to be a RotaryPositions";
    throw new DataError({ where, expected, received: describe(rotary), fix });
  }
  if (rotary.size === headSize) return;
  throw new ShapeError({
    where,
    expected: `rotary positions of size ${headSize}, that of one head`,
    received: `size ${rotary.size}`,
    fix,
  });
}

/** The parameters of such a layer, in their order. */
export function headSpecs(name: string, sizes: HeadSizes): ParameterSpec[] {
  const { size, heads, keyHeads, keySize, valueSize, headSize, valueHeadSize, outSize } = sizes;
  const shapes = {
    q: [size, heads * headSize],
    k: [keySize, keyHeads * headSize],
    v: [valueSize, keyHeads * valueHeadSize],
    o: [heads * valueHeadSize, outSize],
  } as const;
  return Object.entries(shapes).flatMap(([which, [inner, columns]]) => {
    const deviation = 1 / Math.sqrt(Math.max(inner, 1));
    const W = { name: `${name}.W${which}`, shape: [inner, columns], deviation };
    const b = { name: `${name}.b${which}`, shape: [columns], deviation: 0 };
    return sizes.bias ? [W, b] : [W];
  });
}
