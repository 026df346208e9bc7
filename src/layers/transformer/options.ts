import { checkOptions, checkPositive, checkSize, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { RULES } from "../attend/option-checks.ts";
import { type DropoutOptions, dropoutOf } from "../dropout.ts";
import type { FeedForwardOptions } from "../feed-forward.ts";
import type { AttentionRules, MultiHeadAttentionOptions } from "../multi-head/options.ts";
import { LAYER_OPTIONS, type LayerOptions } from "../parameters.ts";
import type { RotaryPositions } from "../rotary-positions.ts";
import type { NormPlace } from "./residual.ts";

/** The sizes of a Transformer's block, and what it does. */
export interface TransformerBlockOptions extends LayerOptions, AttentionRules {
  /** Of every step, coming in and going out. */
  readonly size: number;
  /** Heads of queries, which divide `size`. */
  readonly heads: number;
  /** Heads of keys and values; `heads` unless given: see {@link MultiHeadAttentionOptions.keyHeads}. */
  readonly keyHeads?: number | undefined;
  /** Of what the feed-forward layer has within; 4 · size unless given. */
  readonly hidden?: number | undefined;
  /**
   * Whether layers normalise what comes in (`"pre"`, unless given: Xiong et al. 2020, which learns without
   * warm-up; a stack of such blocks wants one more norm behind it), or their sum with what comes out
   * (`"post"`, Vaswani et al. 2017).
   */
  readonly norm?: NormPlace | undefined;
  /** Of the feed-forward layer; `"relu"` unless given. */
  readonly activation?: "relu" | "gelu" | undefined;
  /** Of attention weights, of the hidden numbers, and of what each layer adds, while training. */
  readonly dropout?: DropoutOptions | undefined;
  /** Whether attention weights are kept, to be read or to have a gradient. */
  readonly return?: { readonly weights?: boolean | undefined } | undefined;
  /** Whether the projections of attention have biases: true unless given. */
  readonly bias?: boolean | undefined;
  /** Turns queries and keys of the self-attention by where they stand; of size size / heads. */
  readonly rotary?: RotaryPositions | undefined;
  /** Of the norms; 1e-5 unless given. */
  readonly epsilon?: number | undefined;
}

const KNOWN = [
  "size",
  "heads",
  "keyHeads",
  "hidden",
  "norm",
  "activation",
  "dropout",
  "return",
  "bias",
  "epsilon",
  "rotary",
  ...RULES,
  ...LAYER_OPTIONS,
] as const;

/** The options of a block with what they are where they were not given, checked as far as they are its own. */
export interface BlockSettings {
  readonly size: number;
  readonly hidden: number;
  readonly place: NormPlace;
  readonly activation: NonNullable<FeedForwardOptions["activation"]>;
  readonly rate: number;
  /** Of dropouts number 0, 1, …: of their own, so that no two drop alike. */
  seed(dropout: number): number;
  readonly epsilon: number;
  readonly self: MultiHeadAttentionOptions;
  readonly cross: MultiHeadAttentionOptions | null;
}

/** @param memorySize what a decoder's block attends to besides; null for an encoder's */
export function blockSettingsOf(
  where: string,
  options: TransformerBlockOptions,
  memorySize: number | null | undefined,
): BlockSettings {
  checkOptions(where, options, memorySize === null ? KNOWN : [...KNOWN, "memorySize"]);
  const { size, heads, keyHeads, bias, rotary, causal, window, alibi, softcap, normalizer } =
    options;
  const { norm = "pre", activation = "relu", epsilon = 1e-5 } = options;
  checkSize(where, "size", size);
  const { hidden = 4 * size } = options;
  checkSize(where, "hidden", hidden);
  if (norm !== "pre" && norm !== "post") {
    throw new DataError({
      where,
      expected: 'norm to be "pre" or "post"',
      received: describe(norm),
    });
  }
  checkPositive(where, "epsilon", epsilon);
  const dropout = dropoutOf(where, options.dropout);
  const random = new Random(dropout?.seed ?? 0);
  const rate = dropout?.rate ?? 0;
  const seed = (which: number): number => random.stream(which).word();
  const heading = { size, heads, keyHeads, bias, return: options.return };
  const rules = { causal, window, alibi, softcap, normalizer };
  return {
    size,
    hidden,
    place: norm,
    activation,
    rate,
    seed,
    epsilon,
    self: { ...heading, ...rules, rotary, dropout: { rate, seed: seed(0) } },
    cross:
      memorySize === null
        ? null
        : { ...heading, keySize: memorySize ?? size, dropout: { rate, seed: seed(1) } },
  };
}
