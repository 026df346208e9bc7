/** Settings about which pairs of queries and keys meet: lengths, masks, biases, windows. */
import type { AttendOptions, BiasKind, MaskKind } from "./case-options.ts";

/** Small, of every size another number. */
export const SMALL = {
  batch: 3,
  heads: 4,
  keyHeads: 2,
  queries: 6,
  steps: 9,
  size: 5,
  valueSize: 3,
} as const;

/** More queries and keys than a block of a kernel has. */
export const BLOCKS = {
  batch: 1,
  heads: 2,
  keyHeads: 1,
  queries: 50,
  steps: 131,
  size: 3,
  valueSize: 2,
} as const;

/** Every combination of axes, and what is in it. */
export function maskSettings(): AttendOptions[] {
  const kinds: MaskKind[] = ["some", "rows"];
  const settings: AttendOptions[] = [];
  for (let maskAxes = 0; maskAxes < 16; maskAxes++) {
    const mask = kinds[maskAxes % 2]!;
    settings.push({ ...SMALL, maskAxes, mask: "some" }, { ...SMALL, maskAxes, mask: "rows" });
    settings.push({ ...SMALL, maskAxes, mask, sideBySide: true, lengths: "mixed" });
    settings.push({ ...SMALL, maskAxes, mask, score: "additive, v", seed: 2 });
    settings.push({ ...BLOCKS, maskAxes, mask });
  }
  for (const mask of ["nothing", "everything"] as const) {
    settings.push({ ...SMALL, maskAxes: 15, mask }, { ...SMALL, maskAxes: 8, mask });
    settings.push({ ...SMALL, maskAxes: 0, mask, odd: "values" });
    settings.push({ ...BLOCKS, maskAxes: 12, mask, odd: "keys" });
  }
  return settings;
}

export function biasSettings(): AttendOptions[] {
  const kinds: BiasKind[] = ["finite", "some −∞", "rows of −∞"];
  const settings: AttendOptions[] = [];
  for (let biasAxes = 0; biasAxes < 16; biasAxes++) {
    for (const bias of kinds) settings.push({ ...SMALL, biasAxes, bias });
    const bias = kinds[biasAxes % 3]!;
    settings.push({ ...SMALL, biasAxes, bias, sideBySide: true, lengths: "mixed", softcap: 2 });
    settings.push({ ...SMALL, biasAxes, bias, maskAxes: 15 - biasAxes, dWeights: true });
    settings.push({ ...BLOCKS, biasAxes, bias });
    // Where there is nothing to add up, the gradient is 0.
    for (const empty of [{ batch: 0 }, { queries: 0 }, { steps: 0 }]) {
      settings.push({ ...SMALL, ...empty, biasAxes, lengths: "mixed" });
    }
  }
  settings.push({ ...SMALL, biasAxes: 15, bias: "some −∞", score: "additive", dropout: 0.25 });
  return settings;
}

/** Causal rules, from either end, and windows: where a query stands, and how far it sees. */
const WINDOWS: AttendOptions[] = [
  { right: 0 },
  { right: 0, toEnd: true },
  { right: 0, shift: 3 },
  { right: 0, shift: -2 },
  { right: 0, left: 2 },
  { right: 2, left: 0 },
  { right: 0, left: 0 },
  { left: 1 },
  { left: 3, right: 1, shift: 1 },
  // A window that lies before the first key or behind the last for some queries.
  { left: 2, right: 1, shift: 6 },
  { left: 1, right: 2, shift: -5 },
  // So far that every key is in it, or none.
  { right: 0, shift: 1_000_000 },
  { left: 5, shift: 1_000_000 },
  { left: 2 ** 31 - 1, right: 2 ** 31 - 1 },
  { left: 2 ** 31 - 1, right: 0, shift: -3 },
  { left: 0, right: 2 ** 31 - 1, shift: 4 },
];

export function windowSettings(): AttendOptions[] {
  const settings: AttendOptions[] = [];
  for (const [i, window] of WINDOWS.entries()) {
    const fromEnd = window.toEnd === true;
    for (const shape of [SMALL, { ...SMALL, queries: 9, steps: 6 }, BLOCKS]) {
      const shift = (window.shift ?? 0) - (fromEnd ? shape.queries : 0);
      settings.push({ ...shape, ...window, shift, lengths: i % 2 === 0 ? "null" : "mixed" });
    }
    const shift = (window.shift ?? 0) - SMALL.queries;
    const fromTheEnd = { ...SMALL, ...window, shift, toEnd: true, lengths: "mixed" } as const;
    settings.push({ ...fromTheEnd, sideBySide: true, seed: 2 + i });
    // Of a slope times a million, float32 keeps no digits that matter.
    const slopes = (window.shift ?? 0) < 1000;
    settings.push({ ...SMALL, ...window, score: "additive", slopes });
  }
  return settings;
}

/** Numbers of queries and keys about the borders of the blocks that kernels cut them into. */
const BORDERS = [1, 3, 47, 48, 49, 127, 128, 129, 193, 257, 300] as const;
const BORDER_RULES: AttendOptions[] = [
  {},
  { right: 0 },
  { right: 0, toEnd: true, lengths: "mixed" },
  { left: 20, right: 0 },
  { left: 130, right: 5, shift: 2 },
  { maskAxes: 12, mask: "rows" },
  { maskAxes: 8, lengths: "mixed" },
  { biasAxes: 12, bias: "some −∞", right: 0 },
  { lengths: "mixed", slopes: true },
];

export function borderSettings(): AttendOptions[] {
  const settings: AttendOptions[] = [];
  for (const [i, queries] of BORDERS.entries()) {
    for (const [j, steps] of BORDERS.entries()) {
      // All pairs of borders but the largest, which take long.
      if (queries * steps > 40_000 && queries !== steps) continue;
      const rule = BORDER_RULES[(i * 5 + j) % BORDER_RULES.length]!;
      const shift = rule.toEnd === true ? -queries : (rule.shift ?? 0);
      const size = 1 + ((i + j) % 4);
      const many = queries * steps > 10_000;
      const heads = many || (i + j) % 2 === 0 ? 1 : 2;
      const sideBySide = (i + j) % 3 === 0;
      settings.push({ batch: 1, heads, queries, steps, size, ...rule, shift, sideBySide });
    }
  }
  for (const queries of [48, 49, 193]) {
    for (const steps of [128, 129]) {
      for (const rule of BORDER_RULES) {
        const shift = rule.toEnd === true ? -queries : (rule.shift ?? 0);
        settings.push({ batch: 1, queries, steps, size: 2, ...rule, shift, seed: 2 });
      }
    }
  }
  return settings;
}

/** What reaches only those that may meet it. */
export function oddSettings(): AttendOptions[] {
  const rules: AttendOptions[] = [
    {},
    { maskAxes: 12 },
    { maskAxes: 15, mask: "rows", sideBySide: true },
    { biasAxes: 12, bias: "some −∞" },
    { right: 0, lengths: "mixed" },
    { left: 1, right: 1 },
  ];
  const settings: AttendOptions[] = [];
  for (const rule of rules) {
    for (const shape of [SMALL, BLOCKS]) {
      for (const odd of ["query", "keys", "values", "upstream"] as const) {
        settings.push({ ...shape, ...rule, odd });
        settings.push({ ...shape, ...rule, odd, keep: true, dWeights: true, dropout: 0.3 });
      }
      for (const odd of ["keys", "values"] as const) {
        for (const oddNumber of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          settings.push({ ...shape, ...rule, odd, oddNumber });
        }
      }
    }
    const additive = { ...SMALL, ...rule, score: "additive, v" } as const;
    for (const odd of ["query", "keys", "values", "vector"] as const) {
      settings.push({ ...additive, odd });
    }
    for (const oddNumber of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      settings.push({ ...additive, odd: "keys", oddNumber });
    }
    const others = { ...SMALL, slopes: true, biasAxes: 15, bias: "some −∞", ...rule } as const;
    settings.push({ ...others, odd: "slopes" }, { ...others, odd: "bias" });
    settings.push({ ...others, odd: "bias", oddNumber: Number.POSITIVE_INFINITY });
  }
  return settings;
}
