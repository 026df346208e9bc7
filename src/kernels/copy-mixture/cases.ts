import {
  BACKWARD,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";

export interface CopyMixtureOptions {
  readonly batch: number;
  readonly queries: number;
  readonly steps: number;
  readonly symbols: number;
  /** Symbols of the source that the vocabulary lacks: the width is so much more. */
  readonly extra: number;
  /** Instead of random ids, of which every fourth is −1. */
  readonly ids?: readonly number[];
  readonly seed?: number;
  readonly valuesOfProbabilities?: Record<number, number>;
  readonly valuesOfGate?: Record<number, number>;
  readonly valuesOfWeights?: Record<number, number>;
  readonly valuesOfUpstream?: Record<number, number>;
  readonly special?: string;
}

function numbersOf(options: CopyMixtureOptions) {
  const { batch, queries, steps, symbols, extra } = options;
  const random = seeded(options.seed ?? batch * 911 + queries * 83 + steps * 7 + symbols);
  const [rows, width] = [batch * queries, symbols + extra];
  const shares = (length: number) => Float32Array.from({ length }, () => random.uniform());
  const probabilities = withValues(shares(rows * symbols), options.valuesOfProbabilities ?? {});
  const gate = withValues(normals(random, rows), options.valuesOfGate ?? {});
  const weights = withValues(shares(rows * steps), options.valuesOfWeights ?? {});
  const dy = withValues(normals(random, rows * width), options.valuesOfUpstream ?? {});
  const drawn = Array.from({ length: batch * steps }, (_, i) => {
    const id = random.integer(Math.max(width, 1));
    return i % 4 === 3 || width === 0 ? -1 : id;
  });
  return { probabilities, gate, weights, dy, ids: options.ids ?? drawn, rows, width };
}

function nameOf(op: string, options: CopyMixtureOptions): string {
  const { batch, queries, steps, symbols, extra, special = "" } = options;
  return `${op}: N ${batch}, T ${queries}, Te ${steps}, V ${symbols}, W ${symbols + extra}${special}`;
}

export function copyMixtureForwardCase(options: CopyMixtureOptions): KernelCase {
  const { batch, queries, steps, symbols } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("copyMixtureForward", options),
    floats: {
      probabilities: input(x.probabilities),
      gate: input(x.gate),
      weights: input(x.weights),
      y: output(x.rows * x.width),
    },
    ints: { ids: inputInts(x.ids) },
    tolerance: FORWARD,
    call: (kernels, { probabilities, gate, weights, y }, { ids }) =>
      kernels.copyMixtureForward(
        probabilities,
        gate,
        weights,
        ids,
        y,
        batch,
        queries,
        steps,
        symbols,
        x.width,
      ),
  });
}

export function copyMixtureBackwardCase(options: CopyMixtureOptions): KernelCase {
  const { batch, queries, steps, symbols } = options;
  const x = numbersOf(options);
  const sums = Math.hypot(magnitude(x.probabilities), magnitude(x.weights)) * magnitude(x.dy);
  return kernelCase({
    name: nameOf("copyMixtureBackward", options),
    floats: {
      probabilities: input(x.probabilities),
      gate: input(x.gate),
      weights: input(x.weights),
      dy: input(x.dy),
      dProbabilities: output(x.rows * symbols),
      dGate: output(x.rows),
      dWeights: output(x.rows * steps),
    },
    ints: { ids: inputInts(x.ids) },
    tolerance: {
      ...BACKWARD,
      againstTerms: true,
      reason: "dGate is what is left of two sums over numbers of either sign",
    },
    terms: { dGate: sums / Math.sqrt(Math.max(x.rows, 1)) },
    call: (kernels, f, { ids }) =>
      kernels.copyMixtureBackward(
        f.probabilities,
        f.gate,
        f.weights,
        ids,
        f.dy,
        f.dProbabilities,
        f.dGate,
        f.dWeights,
        batch,
        queries,
        steps,
        symbols,
        x.width,
      ),
  });
}

/** batch, queries, steps, symbols, extra */
const SHAPES = [
  [0, 2, 3, 4, 1],
  [2, 0, 3, 4, 1],
  [2, 3, 0, 4, 1],
  [2, 3, 4, 0, 3],
  [2, 3, 4, 0, 0],
  [1, 1, 1, 1, 0],
  [1, 2, 3, 4, 1],
  [3, 2, 5, 4, 0],
  [2, 5, 4, 17, 3],
  [5, 3, 17, 33, 5],
  [2, 4, 33, 65, 17],
  [3, 29, 29, 256, 4],
  // Beyond the keys and the columns that a workgroup of a GPU goes over at once.
  [1, 2, 300, 2040, 20],
] as const;

export function copyMixtureCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const push = (options: CopyMixtureOptions) => {
    cases.push(copyMixtureForwardCase(options), copyMixtureBackwardCase(options));
  };
  for (const [batch, queries, steps, symbols, extra] of SHAPES) {
    push({ batch, queries, steps, symbols, extra });
  }
  const shape = { batch: 2, queries: 2, steps: 4, symbols: 5, extra: 2 };
  const ids = [0, 6, 6, -1, 4, 5, 4, 4];
  const [not, low] = [Number.NaN, Number.NEGATIVE_INFINITY];
  push({ ...shape, ids, special: ", symbols that occur twice" });
  push({ ...shape, ids: ids.map(() => -1), special: ", nothing to copy" });
  push({
    ...shape,
    ids,
    valuesOfGate: { 0: low, 1: -low, 2: -20, 3: 20 },
    special: ", gates near 0 and 1",
  });
  push({
    ...shape,
    ids,
    valuesOfWeights: { 3: not, 7: low },
    special: ", NaN and −∞ at no symbol",
  });
  push({ ...shape, ids, valuesOfWeights: { 1: not }, special: ", NaN in weights" });
  push({ ...shape, ids, valuesOfGate: { 1: not }, special: ", NaN in gate" });
  push({ ...shape, ids, valuesOfProbabilities: { 7: not }, special: ", NaN in probabilities" });
  push({ ...shape, ids, valuesOfUpstream: { 2: not, 12: not }, special: ", NaN in dy" });
  return cases;
}
