/** Calls of the whole family of attention that are measured: sizes, and what each asks for besides. */

/** What a call asks for beside scaled dot products of all queries with all keys. */
export interface Rules {
  /** Query q meets keys 0 … q. */
  readonly causal?: boolean;
  /** With `causal`: the last so many of them, its own place among them. */
  readonly window?: number;
  /** Half of all pairs, at random; one (Tq, Tk) for all, or (N, 1, Tq, Tk). */
  readonly mask?: "for all" | "each";
  /** (H, Tq, Tk), with a gradient of its own or without. */
  readonly bias?: "with gradient" | "without gradient";
  readonly lengths?: boolean;
  readonly alibi?: boolean;
  readonly softcap?: number;
  /** The rate. */
  readonly dropout?: number;
  readonly normalizer?: "sparsemax" | "entmax15";
  /** Weights are kept and handed out. */
  readonly weights?: boolean;
  /** `steps` keys lie in a cache; the call appends one more, and its query meets all of them. */
  readonly cached?: boolean;
}

/** One call: everything that its inputs, its truth and its time depend on. */
export interface FamilyCall extends Rules {
  /** Names it among the results. */
  readonly name: string;
  readonly batch: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly queries: number;
  readonly steps: number;
  /** Of one head, of keys as of values. */
  readonly size: number;
  /** Whether the three gradients are computed too. */
  readonly backward: boolean;
  /** Deviation of the scores; 1 unless given. */
  readonly logits?: number;
}

type Sizes = Pick<FamilyCall, "batch" | "heads" | "keyHeads" | "queries" | "steps" | "size">;

function square(batch: number, heads: number, T: number, size: number): Sizes {
  return { batch, heads, keyHeads: heads, queries: T, steps: T, size };
}

/** Calls that are timed in turn, the first of which the others may be held against. */
export interface Group {
  readonly title: string;
  readonly calls: readonly FamilyCall[];
}

/** Parts of the benchmark, each with a file of results. */
export const PARTS = ["heads", "causal", "costs", "window", "decoding", "memory"] as const;

/** One of {@link PARTS}. */
export type PartName = (typeof PARTS)[number];

/** The sizes of multi-head attention that everybody is measured at. */
const HEADS = square(8, 8, 512, 64);

/** Everybody's: N 8, 8 heads, T 512, head size 64; forward, and with three gradients; causal too. */
export const HEADS_CALLS: readonly FamilyCall[] = [false, true].flatMap((causal) =>
  [false, true].map((backward) => {
    const pass = backward ? "forward + backward" : "forward";
    return { name: causal ? `causal ${pass}` : pass, ...HEADS, causal, backward };
  }),
);

/** Causal against full at shapes E and G, weights kept or not. */
const CAUSAL_GROUPS: readonly Group[] = [
  { title: "E", sizes: square(8, 1, 1024, 64) },
  { title: "G", sizes: square(1, 1, 4096, 64) },
].map(({ title, sizes }) => ({
  title,
  calls: [false, true].flatMap((weights) =>
    [false, true].map((causal) => ({
      name: `${causal ? "causal" : "full"}${weights ? ", weights kept" : ""}`,
      ...sizes,
      causal,
      weights,
      backward: true,
    })),
  ),
}));

/** What each option of attention() costs, by its name in the table. */
const OPTIONS: readonly (Rules & { readonly name: string; readonly keyHeads?: number })[] = [
  { name: "plain" },
  { name: "weights returned", weights: true },
  { name: "causal", causal: true },
  { name: "causal, window of 128 keys", causal: true, window: 128 },
  { name: "lengths, half of the keys on average", lengths: true },
  { name: "mask (Tq, Tk), half of the pairs", mask: "for all" },
  { name: "mask (N, 1, Tq, Tk), half of the pairs", mask: "each" },
  { name: "bias (H, Tq, Tk), no gradient", bias: "without gradient" },
  { name: "bias (H, Tq, Tk), with its gradient", bias: "with gradient" },
  { name: "ALiBi", alibi: true },
  { name: "softcap 50", softcap: 50 },
  { name: "dropout 0.1", dropout: 0.1 },
  { name: "8 heads, 2 heads of keys", keyHeads: 2 },
  { name: "sparsemax", normalizer: "sparsemax" },
  { name: "entmax15", normalizer: "entmax15" },
];

/** Where the options are measured. */
const OPTIONS_TITLE = "N 8, 8 heads, T 512, head size 64";

/** heed's own: everything beside the plain call of the same group. */
export const COST_GROUPS: readonly Group[] = [
  ...CAUSAL_GROUPS,
  ...[false, true].map((backward) => ({
    title: `${OPTIONS_TITLE}, ${backward ? "forward + backward" : "forward"}`,
    // Without a backward pass there is no gradient of the bias that could be left out.
    calls: OPTIONS.filter(({ bias }) => backward || bias !== "with gradient").map((rules) => ({
      ...HEADS,
      ...rules,
      backward,
    })),
  })),
];

/** Keys of the window whose time is to grow with T alone. */
export const WINDOW = 256;

/** A causal window against all keys before a query, as T grows. */
export const WINDOW_GROUPS: readonly Group[] = [1024, 2048, 4096, 8192, 16384].map((T) => ({
  title: String(T),
  calls: [
    { name: "window", ...square(1, 1, T, 64), causal: true, window: WINDOW, backward: true },
    { name: "causal", ...square(1, 1, T, 64), causal: true, backward: true },
  ],
}));

/** One decoding step of 8 heads at several lengths of the cache. */
export const DECODING_CALLS: readonly FamilyCall[] = [128, 1024, 8192].map((steps) => {
  const sizes = { ...square(1, 8, 1, 64), steps };
  return { name: `${steps} keys`, ...sizes, cached: true, backward: false };
});

/** The call whose memory is measured. */
export const MEMORY_CALL: FamilyCall = {
  name: "T 16384, head size 64, one head",
  ...square(1, 1, 16384, 64),
  backward: true,
};

/** Rows of every call whose accuracy is measured: so many that chance has no say. */
const ROWS = 4096;

/** Lengths, head sizes, deviations of the scores, causal or not. */
export const ACCURACY_CALLS: readonly FamilyCall[] = [16, 64, 256, 1024, 4096].flatMap((T) =>
  [16, 64, 128, 256].flatMap((size) =>
    [1, 10, 100].flatMap((logits) =>
      [false, true].map((causal) => ({
        name: `T ${T}, head size ${size}, scores of ${logits}${causal ? ", causal" : ""}`,
        ...square(ROWS / T, 1, T, size),
        logits,
        causal,
        backward: true,
      })),
    ),
  ),
);

/** How long the arrays are that everybody is given, in this order: query, keys, values, dContext. */
export function inputLengths(call: FamilyCall): readonly [number, number, number, number] {
  const { batch, heads, keyHeads, queries, steps, size } = call;
  // A step of a cache has its own key and value beside those that are there.
  const keys = batch * keyHeads * (steps + Number(call.cached === true)) * size;
  const query = batch * heads * queries * size;
  return [query, keys, keys, query];
}

/** What a call is given: heads one after the other, (N, H, T, D) each. */
export interface FamilyInputs {
  readonly query: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly dContext: Float32Array;
}

/** The inputs of a call, each made by its length and place in the order of {@link inputLengths}. */
export function inputsBy(
  call: FamilyCall,
  make: (length: number, place: number) => Float32Array,
): FamilyInputs {
  const [query, keys, values, dContext] = inputLengths(call).map(make) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return { query, keys, values, dContext };
}

/** The inputs of a call from where they lie one after the other. */
export function splitInputs(call: FamilyCall, numbers: Float32Array): FamilyInputs {
  let end = 0;
  return inputsBy(call, (length) => {
    end += length;
    return numbers.slice(end - length, end);
  });
}

/** How long the results are: context, and dQuery, dKeys, dValues. */
export function resultLengths(call: FamilyCall): number[] {
  const [query, keys, values] = inputLengths(call);
  return call.backward ? [query, query, keys, values] : [query];
}

/** Operations of a call: 4 per pair, head and number of a head forward, 8 backward; half of them if causal. */
export function operationsOf(call: FamilyCall): number {
  const { batch, heads, queries, steps, size, causal, backward } = call;
  const pairs = causal ? (queries * (queries + 1)) / 2 : queries * steps;
  return (backward ? 12 : 4) * batch * heads * pairs * size;
}
