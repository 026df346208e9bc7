import type { LengthsKind, Tolerance } from "../case.ts";
import { type AttentionPlan, AXES, NORMALIZERS } from "./contract.ts";

/** What is added to the score of key t of `steps`, by way of its first number. */
export const SCORES = {
  "the largest last": (t: number, steps: number) => (6 * t) / steps,
  "the largest first": (t: number, steps: number) => (-6 * t) / steps,
  "−∞ at first": (t: number, steps: number) => (2 * t < steps ? Number.NEGATIVE_INFINITY : 0),
  "−∞ from half on": (t: number, steps: number) => (2 * t < steps ? 0 : Number.NEGATIVE_INFINITY),
  "−∞": () => Number.NEGATIVE_INFINITY,
  "∞ at last": (t: number, steps: number) => (t + 1 < steps ? 0 : Number.POSITIVE_INFINITY),
  "about ±1e5": (t: number) => [-1e5, 1e5, 0, 1e5 - 1][t % 4]!,
  "about −1e5": (t: number) => -1e5 + (t % 3),
  "about ±200": (t: number) => [200, -200, 198, 90][t % 4]!,
} as const;

/** What stands in a mask. */
export type MaskKind =
  /** a third are 0 */
  | "some"
  /** as before, and every third query meets nothing */
  | "rows"
  | "nothing"
  | "everything";

/** What stands in a bias. */
export type BiasKind =
  | "finite"
  /** a quarter are −∞ */
  | "some −∞"
  /** as before, and for every third query all are */
  | "rows of −∞";

/** Which argument has one number that spoils what it reaches. */
export type OddPlace = "query" | "keys" | "values" | "vector" | "bias" | "slopes" | "upstream";

/** What a case is about: sizes, rules, and what stands in its arrays. */
export interface AttendSetting {
  readonly batch: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly queries: number;
  readonly steps: number;
  /** Rows of keys and values behind the last. */
  readonly spare: number;
  readonly size: number;
  /** −1: as `size`. */
  readonly valueSize: number;
  readonly sideBySide: boolean;
  readonly score: "dot" | "additive" | "additive, v";
  readonly scale: number;
  readonly softcap: number;
  readonly normalizer: keyof typeof NORMALIZERS;
  readonly lengths: LengthsKind;
  /** Sums of AXES; −1: there is none. */
  readonly maskAxes: number;
  readonly mask: MaskKind;
  readonly biasAxes: number;
  readonly bias: BiasKind;
  readonly slopes: boolean;
  readonly shift: number;
  readonly toEnd: boolean;
  readonly left: number;
  readonly right: number;
  /** The share of the weights that is dropped. */
  readonly dropout: number;
  /** Weights are kept. */
  readonly keep: boolean;
  readonly logSumExp: boolean;
  /** The weights have a gradient of their own. */
  readonly dWeights: boolean;
  /** Which arguments are one array: keys and values, their gradients too, or query, keys and values. */
  readonly shared: "none" | "values" | "gradients" | "all";
  /** Standard deviation of the scores, about. */
  readonly logits: number;
  readonly scores: keyof typeof SCORES | "none";
  readonly odd: OddPlace | "none";
  readonly oddNumber: number;
  readonly seed: number;
}

/** A setting whose other numbers are {@link DEFAULTS}. */
export type AttendOptions = Partial<AttendSetting> & {
  readonly tolerance?: Tolerance;
};

const DEFAULTS: AttendSetting = {
  batch: 2,
  heads: 1,
  keyHeads: 1,
  queries: 3,
  steps: 5,
  spare: 0,
  size: 4,
  valueSize: -1,
  sideBySide: false,
  score: "dot",
  scale: 1,
  softcap: 0,
  normalizer: "softmax",
  lengths: "null",
  maskAxes: -1,
  mask: "some",
  biasAxes: -1,
  bias: "finite",
  slopes: false,
  shift: 0,
  toEnd: false,
  left: -1,
  right: -1,
  dropout: 0,
  keep: false,
  logSumExp: false,
  dWeights: false,
  shared: "none",
  logits: 1,
  scores: "none",
  odd: "none",
  oddNumber: Number.NaN,
  seed: 1,
};

export function settingOf(options: AttendOptions): AttendSetting {
  const { tolerance: _, ...rest } = options;
  const setting = { ...DEFAULTS, ...rest };
  const { valueSize, size, normalizer } = setting;
  // Only the softmax can do without its weights, and who has a gradient of them has them.
  const keep = setting.keep || normalizer !== "softmax" || setting.dWeights;
  return { ...setting, keep, valueSize: valueSize < 0 ? size : valueSize };
}

export function planOf(s: AttendSetting): AttentionPlan {
  const { batch, heads, keyHeads, queries, steps, size, valueSize, sideBySide } = s;
  const { scale, softcap, shift, toEnd, left, right, dropout } = s;
  return {
    batch,
    heads,
    keyHeads,
    queries,
    steps,
    capacity: steps + s.spare,
    size,
    valueSize,
    sideBySide,
    additive: s.score !== "dot",
    scale,
    softcap,
    normalizer: NORMALIZERS[s.normalizer],
    shift,
    toEnd,
    left,
    right,
    maskAxes: Math.max(s.maskAxes, 0),
    biasAxes: Math.max(s.biasAxes, 0),
    seed: s.seed,
    stream: 5,
    threshold: Math.floor(dropout * 2 ** 32),
    factor: dropout < 1 ? 1 / (1 - dropout) : 1,
  };
}

/** The op, then the sizes, then all that is not as it is by default. */
export function nameOf(op: string, options: AttendOptions): string {
  const s = settingOf(options);
  const { batch, heads, keyHeads, queries, steps, size, valueSize } = s;
  const sizes = `N ${batch}, H ${heads}/${keyHeads}, Tq ${queries}, Tk ${steps}, D ${size}/${valueSize}`;
  const told = new Set(["batch", "heads", "keyHeads", "queries", "steps", "size", "valueSize"]);
  const rest = Object.entries(s).filter(
    ([key, value]) => !told.has(key) && !Object.is(value, DEFAULTS[key as keyof AttendSetting]),
  );
  const texts = rest.map(([key, value]) => {
    if (value === true) return key;
    if (!key.endsWith("Axes")) return `${key} ${value}`;
    const axes = Object.entries(AXES).filter(([, axis]) => Number(value) & axis);
    return `${key} [${axes.map(([name]) => name).join(" ")}]`;
  });
  return [`${op}: ${sizes}`, ...texts].join(", ");
}
