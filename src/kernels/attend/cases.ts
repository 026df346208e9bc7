import type { KernelCase, Tolerance } from "../case.ts";
import { BACKWARD, FORWARD } from "../case.ts";
import {
  attendBackwardCase,
  attendBiasBackwardCase,
  attendForwardCase,
  attentionScoresCase,
} from "./case-builders.ts";
import { type AttendOptions, SCORES } from "./case-options.ts";
import { randomOptions } from "./case-random.ts";
import {
  BLOCKS,
  biasSettings,
  borderSettings,
  maskSettings,
  oddSettings,
  SMALL,
  windowSettings,
} from "./case-rules.ts";

/** N, H, G, Tq, Tk, D, E */
const SHAPES = [
  [0, 2, 1, 3, 4, 5, 2],
  [2, 2, 1, 0, 4, 5, 2],
  [2, 2, 2, 3, 0, 5, 2],
  [2, 2, 1, 3, 4, 0, 2],
  [2, 2, 1, 3, 4, 5, 0],
  [1, 1, 1, 1, 1, 1, 1],
  [3, 4, 4, 5, 3, 1, 4],
  [3, 4, 2, 3, 17, 3, 3],
  [3, 4, 1, 1, 5, 17, 33],
  [1, 6, 3, 33, 5, 33, 1],
  [1, 2, 2, 5, 34, 64, 64],
  [1, 2, 1, 7, 29, 80, 17],
  [1, 1, 1, 3, 9, 256, 257],
  [1, 1, 1, 49, 9, 257, 256],
  [1, 2, 1, 5, 130, 9, 80],
  [1, 1, 1, 2, 1024, 32, 8],
] as const;

function shapeSettings(): AttendOptions[] {
  const settings: AttendOptions[] = [];
  for (const [batch, heads, keyHeads, queries, steps, size, valueSize] of SHAPES) {
    const shape = { batch, heads, keyHeads, queries, steps, size, valueSize };
    for (const lengths of ["null", "full", "mixed", "zero"] as const) {
      settings.push({ ...shape, lengths, sideBySide: lengths === "mixed" });
    }
    // Without the root, sums of hundreds of tanh make nearly all weights 0.
    const scale = 1 / Math.sqrt(Math.max(size, 1));
    settings.push({ ...shape, score: "additive", scale });
    settings.push({ ...shape, score: "additive, v", scale, lengths: "mixed" });
    settings.push({ ...shape, score: "additive, v", scale, sideBySide: true, spare: 2 });
    settings.push({ ...shape, spare: 3, sideBySide: true, right: 0 });
  }
  // A decoder's step: one query, of fewer keys than a block has and of more.
  for (const steps of [21, 131]) {
    const step = { batch: 5, heads: 2, queries: 1, steps, size: 17, lengths: "mixed" } as const;
    settings.push({ ...step, valueSize: 109 }, { ...step, valueSize: 38, sideBySide: true });
    settings.push({ ...step, valueSize: 109, scale: 0.25, odd: "values" });
  }
  for (let size = 1; size <= 70; size++) {
    const steps = [7, 50, 129][size % 3]!;
    const queries = 1 + (size % 6);
    settings.push({ batch: 1, queries, steps, size, valueSize: 71 - size, seed: 2 });
  }
  return settings;
}

/** Every feature alone, and some together. */
function featureSettings(): AttendOptions[] {
  const settings: AttendOptions[] = [];
  for (const shape of [SMALL, { ...SMALL, sideBySide: true }, BLOCKS]) {
    for (const scale of [-0.5, 1e-4, 0, 1 / Math.sqrt(SMALL.size)]) {
      settings.push({ ...shape, scale }, { ...shape, scale, score: "additive, v" });
    }
    for (const softcap of [0.5, 5, 50]) {
      settings.push({ ...shape, softcap }, { ...shape, softcap, score: "additive" });
    }
    settings.push({ ...shape, softcap: 2, logits: 20 });
    settings.push({ ...shape, slopes: true }, { ...shape, slopes: true, toEnd: true, shift: -6 });
    settings.push({ ...shape, slopes: true, lengths: "mixed", toEnd: true, right: 0 });
    for (const dropout of [0.1, 0.5, 0.9, 1]) settings.push({ ...shape, dropout });
    settings.push({ ...shape, dropout: 0.5, dWeights: true, lengths: "mixed", maskAxes: 15 });
    settings.push({ ...shape, dropout: 0.5, score: "additive", right: 0 });
    settings.push({ ...shape, dWeights: true }, { ...shape, dWeights: true, right: 0 });
    settings.push({ ...shape, spare: 5 }, { ...shape, spare: 130, lengths: "mixed" });
    for (const shared of ["values", "gradients"] as const) {
      settings.push({ ...shape, valueSize: shape.size, shared });
      settings.push({ ...shape, valueSize: shape.size, shared, lengths: "mixed", spare: 2 });
      settings.push({ ...shape, valueSize: shape.size, shared, score: "additive, v" });
    }
    const self = { ...shape, keyHeads: shape.heads, queries: shape.steps, valueSize: shape.size };
    settings.push({ ...self, shared: "all" }, { ...self, shared: "all", right: 0 });
    settings.push({ ...shape, score: "additive, v", logits: 100 });
    settings.push({ ...shape, logits: 1e-4 });
  }
  return settings;
}

/** For logits of a standard deviation of 100, the largest near 400. */
const LARGE: Tolerance = {
  ...FORWARD,
  times: 25,
  reason: "float32 rounds a logit of 400 by up to 400 · 2^-24 = 2.4e-5, and its weight as much",
};
const LARGE_BACKWARD: Tolerance = {
  ...BACKWARD,
  times: 25,
  againstTerms: true,
  reason: "weights computed anew from logits of 400 are off by 2.4e-5, and all but one cancel",
};
const FEW_WEIGHTS: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "few keys have any weight: the gradient is a difference of nearly equal terms",
};

/** Settings with scores that are large, or of a shape. */
function scoreCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const scores of Object.keys(SCORES) as (keyof typeof SCORES)[]) {
    for (const shape of [SMALL, BLOCKS, { ...SMALL, steps: 300 }]) {
      for (const rule of [{}, { lengths: "mixed", sideBySide: true }, { right: 0 }] as const) {
        const options = { ...shape, scores, ...rule };
        cases.push(...forwardCases(options));
        cases.push(...backwardCases({ ...options, tolerance: FEW_WEIGHTS }));
      }
    }
  }
  // Keys of −∞ are values too: what came back of them is infinite, and what they weigh is 0.
  for (const shape of [SMALL, BLOCKS]) {
    const shared = { ...shape, valueSize: shape.size, shared: "gradients", scores: "−∞" } as const;
    cases.push(...casesOf({ ...shared, dWeights: true }), ...casesOf(shared));
  }
  for (const shape of [SMALL, BLOCKS, { ...SMALL, steps: 1024, size: 32, heads: 1, keyHeads: 1 }]) {
    const options = { ...shape, logits: 100 };
    cases.push(...forwardCases({ ...options, tolerance: LARGE }));
    cases.push(...backwardCases({ ...options, tolerance: LARGE_BACKWARD }));
  }
  return cases;
}

/** What turns scores into weights that are 0 for most keys. */
function sparseCases(): KernelCase[] {
  const rules: AttendOptions[] = [
    {},
    { lengths: "mixed", sideBySide: true },
    { maskAxes: 12, mask: "rows" },
    { maskAxes: 3, right: 0 },
    { biasAxes: 13, bias: "rows of −∞", dWeights: true },
    { biasAxes: 2, bias: "finite" },
    { toEnd: true, shift: -6, right: 0, lengths: "mixed" },
    { left: 3, right: 1, spare: 4 },
    { score: "additive, v", slopes: true },
    { score: "additive", softcap: 2, dropout: 0.3 },
    { logits: 4 },
    { logits: 1e-4 },
    { dWeights: true, dropout: 0.5 },
    { odd: "keys" },
    { odd: "values", right: 0 },
    { odd: "upstream" },
    { odd: "query", maskAxes: 15 },
    { scores: "−∞" },
    { scores: "−∞ at first" },
    { scores: "∞ at last", right: 0 },
    { scores: "about ±1e5" },
    { scores: "about −1e5" },
  ];
  return (["sparsemax", "entmax15"] as const).flatMap((normalizer) =>
    [SMALL, BLOCKS].flatMap((shape) =>
      rules.flatMap((rule) => {
        const options = { ...shape, ...rule, normalizer };
        const few = rule.scores === undefined ? {} : { tolerance: FEW_WEIGHTS };
        return [...forwardCases(options), ...backwardCases({ ...options, ...few })];
      }),
    ),
  );
}

function forwardCases(options: AttendOptions): KernelCase[] {
  if (options.normalizer !== undefined || options.dWeights === true) {
    return [
      attendForwardCase({ ...options, logSumExp: true }),
      attentionScoresCase(options, "masked"),
    ];
  }
  return [
    attendForwardCase({ ...options, keep: false }),
    attendForwardCase({ ...options, keep: true, logSumExp: true }),
    attentionScoresCase(options, "masked"),
  ];
}

function backwardCases(options: AttendOptions): KernelCase[] {
  const withoutWeights = options.normalizer === undefined && options.dWeights !== true;
  const kinds = withoutWeights ? [false, true] : [true];
  return kinds.flatMap((keep) => {
    const kept = { ...options, keep };
    const cases = [attendBackwardCase(kept)];
    if ((options.biasAxes ?? -1) >= 0) cases.push(attendBiasBackwardCase(kept));
    return cases;
  });
}

function casesOf(options: AttendOptions): KernelCase[] {
  return [...forwardCases(options), ...backwardCases(options)];
}

/** The bounds of the fixed settings, held against terms: some outputs happen to be almost 0. */
function randomCases(seed: number): KernelCase[] {
  const options = randomOptions(seed);
  const reason = "random shapes: outputs may be what is left of terms that cancel";
  const forward: Tolerance = { ...FORWARD, againstTerms: true, reason };
  const backward: Tolerance = { ...BACKWARD, againstTerms: true, reason };
  const cases = [
    attendForwardCase({ ...options, tolerance: forward }),
    attendBackwardCase({ ...options, tolerance: backward }),
    attentionScoresCase({ ...options, tolerance: forward }, "masked"),
  ];
  if ((options.biasAxes ?? -1) >= 0) {
    cases.push(attendBiasBackwardCase({ ...options, tolerance: backward }));
  }
  return cases;
}

/** Scores before any mask, of keys that no query may meet too. */
function stageCases(): KernelCase[] {
  const settings: AttendOptions[] = [SMALL, BLOCKS].flatMap((shape) => [
    { ...shape, lengths: "mixed", softcap: 2 },
    { ...shape, maskAxes: 15, biasAxes: 12, slopes: true, sideBySide: true, spare: 2 },
    { ...shape, score: "additive, v", softcap: 0.5, right: 0 },
    { ...shape, score: "additive", lengths: "zero" },
  ]);
  return settings.flatMap((options) =>
    (["raw", "capped"] as const).map((stage) => attentionScoresCase(options, stage)),
  );
}

export function attendCases(): KernelCase[] {
  const settings = [
    ...shapeSettings(),
    ...featureSettings(),
    ...maskSettings(),
    ...biasSettings(),
    ...windowSettings(),
    ...borderSettings(),
    ...oddSettings(),
  ];
  return [
    ...settings.flatMap(casesOf),
    ...scoreCases(),
    ...stageCases(),
    ...sparseCases(),
    ...Array.from({ length: 150 }, (_, seed) => randomCases(seed)).flat(),
  ];
}
