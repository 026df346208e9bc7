/**
 * How text becomes symbols: Unicode graphemes, code points, tokens separated by white space, or tags
 * separated by semicolons. See `tokenize`.
 */
export type Tokens = "chars" | "codepoints" | "spaces" | "tags";

/**
 * The normal form that text is brought to before it is cut into symbols (Unicode Standard Annex #15): `é`
 * as one code point ("NFC"), or as `e` and an accent ("NFD"), whichever way it came; the K forms also make
 * one of what only looks different, such as `ﬁ` and `fi`. With "none", text is taken as it comes.
 */
export type Normalization = "NFC" | "NFD" | "NFKC" | "NFKD" | "none";

/** One example: what goes in, what should come out. */
export interface Pair {
  /** What the model reads. */
  readonly source: string;
  /** What it should write. */
  readonly target: string;
  /** What else is known of the source: tags separated by semicolons, as `V;PST;1;SG`. */
  readonly features?: string;
  /** Line of the file it came from, from 1; 0 where it came from no file. */
  readonly line: number;
}

/** What a model is asked about: a text, or a text with features. A `Pair` is one. */
export type TransductionInput =
  | string
  | {
      /** What the model reads. */
      readonly source: string;
      /** Tags separated by semicolons, for a model that has learned from pairs with features. */
      readonly features?: string;
    };

/** How to decode; every field has a default. */
export interface TransduceOptions {
  /**
   * Whether to collect attention; without, it is empty. True unless given where one text is asked, false
   * where several are, whose maps are many numbers. With "heads", every head's besides, in `heads`; not of
   * an `Ensemble` of several, whose heads have nothing to do with each other.
   */
  readonly attention?: boolean | "heads";
  /** What is given of the output and of the attention, of every text alike. */
  readonly steer?: Steering;
  /**
   * Outputs that are kept in view while decoding, 1 to 1024. 1 is greedy: every symbol is the most probable
   * after those before. `nBest` unless given, or 1.
   */
  readonly beam?: number;
  /** Outputs to give in `alternatives`, best first, 1 to `beam`; none unless given. */
  readonly nBest?: number;
  /**
   * The α of the length normalisation by which a beam's outputs are ranked (Wu et al. 2016, equation 14),
   * score / ((5 + length) / 6)^α, 0 to 100. With 0, the default, scores are compared as they are.
   */
  readonly lengthPenalty?: number;
  /** Most texts that are decoded together, 1 to 65536; fewer where they are long. 256 unless given. */
  readonly batchSize?: number;
}

/**
 * What a model is told to write, and where it is told to look. A score stays what the model thinks: of the
 * symbols that it was told to write too, and under the weights that it was given. A text without symbols is
 * answered by nothing all the same.
 *
 * @example
 * const steer = { output: ["b", "a"], attention: [null, [0, 1]] };
 * const pairs = [{ source: "ab", target: "ba", line: 1 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const { output, attention } = await model.transduce("ab", { steer });
 * output.startsWith("ba"); // → true
 * attention[1]; // → [0, 1]
 */
export interface Steering {
  /**
   * Symbols that every output begins with: of the target vocabulary, or of the text where a model copies.
   * At most as many as the model may write. A probability too small for a number counts as 2⁻¹⁰⁷⁴.
   */
  readonly output?: readonly string[];
  /**
   * attention[d]: the weights of output step d, that of the end symbol being a step too, in place of those
   * of every head of every layer; null, or nothing, where the model looks where it wants to. One finite
   * number per symbol of `sourceSymbols`, none below 0 and not all 0; heed scales them to sum to 1. What is
   * behind the output's end is not used.
   */
  readonly attention?: readonly (readonly number[] | null)[];
}

/** What one head of a decoder's attention to the source looked at. */
export interface HeadMap {
  /** The decoder's layer, from 0. A recurrent decoder attends behind its last cell alone, as layer 0. */
  readonly layer: number;
  /** The head of that layer, from 0. */
  readonly head: number;
  /** As `attention` of a {@link Hypothesis}, which is the mean over the heads of the last layer. */
  readonly attention: readonly (readonly number[])[];
}

/** One output that a model finds for a text. */
export interface Hypothesis {
  /** The text it wrote. */
  readonly output: string;
  /** Its symbols, one per row of `attention`; without the end symbol. */
  readonly outputSymbols: readonly string[];
  /**
   * ln P(output | source), the sum of the logarithms of the probabilities of its symbols, that of the end
   * symbol among them where it came. exp(score) is how sure the model is of all of it, 0 to 1.
   */
  readonly score: number;
  /** Whether decoding came to the end symbol by itself rather than to the limit of steps. */
  readonly finished: boolean;
  /**
   * attention[d][e]: how much output symbol d looked at source symbol e. Rows sum to 1, but for what
   * an unmasked model (`maskPadding` false) gives to padding. Empty where nobody asked, or nothing attends.
   */
  readonly attention: readonly (readonly number[])[];
  /** Every head's map, layer by layer; empty unless `attention` was "heads", or where nothing attends. */
  readonly heads: readonly HeadMap[];
}

/** What a model makes of one text: its best output, and what is to be known about the text. */
export interface Transduction extends Hypothesis {
  /** The text. */
  readonly source: string;
  /** The tags, where there are any, and the symbols of the text: one per column of `attention`. */
  readonly sourceSymbols: readonly string[];
  /** Symbols and tags that the model has never seen, each once, in order of appearance. */
  readonly unknownSymbols: readonly string[];
  /** Why the model could not read the text, and so has no output for it; null where it could. */
  readonly refusal: string | null;
  /** The best outputs, all different, best first, this one first; empty unless `nBest` asked for them. */
  readonly alternatives: readonly Hypothesis[];
}

/** What is known of a training step before its numbers are read. */
export interface StepProgress {
  /** Steps done, this one included. */
  readonly step: number;
  /** Passes over the pairs begun, from 1. */
  readonly epoch: number;
  /** Whether this step was the last of its epoch. */
  readonly endOfEpoch: boolean;
  /** Learning rate of this step. */
  readonly rate: number;
  /** Pairs in this step. */
  readonly pairs: number;
}

/** What one training step did. */
export interface StepReport extends StepProgress {
  /** Mean cross-entropy per target symbol, natural logarithm; of smoothed answers where these are. */
  readonly loss: number;
  /** Mean of the losses of this epoch's steps so far. */
  readonly epochLoss: number;
  /** Global norm of the gradients before clipping. */
  readonly gradientNorm: number;
  /**
   * The first step whose loss or gradients were not finite, and which so changed nothing, among this one and, in
   * a report of `step()`, those before it that no report was handed out of; absent where there is none.
   */
  readonly notFinite?: number;
}

/** A training step that may not have been read yet, and the reports of those that were. */
export interface StepAdvance extends StepProgress {
  /** Of steps that were read and not handed out before, oldest first: often of none, never of many. */
  readonly reports: readonly StepReport[];
}

/** One pair and what the model made of it. */
export interface Prediction {
  /** What was asked and what is right. */
  readonly pair: Pair;
  /** What the model wrote. */
  readonly output: string;
  /** Whether its symbols are exactly those of the target. */
  readonly exact: boolean;
  /** Edit distance in symbols between output and target. */
  readonly edits: number;
  /** ln P(output | source), as the model has it; of an output that was cut off, of its symbols alone. */
  readonly score: number;
}

/** How a model does on pairs. */
export interface Evaluation {
  /** How many were measured. */
  readonly pairs: number;
  /** Share of pairs whose output is the target exactly, 0 to 1. */
  readonly exactMatch: number;
  /** Edits over target symbols, summed over all pairs; can exceed 1. */
  readonly symbolErrorRate: number;
  /** One per pair, in the order of the pairs. */
  readonly predictions: readonly Prediction[];
}
