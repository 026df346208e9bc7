import {
  BACKWARD,
  FORWARD,
  input,
  inputInts,
  integers,
  type KernelCase,
  kernelCase,
  output,
  seeded,
  withValues,
} from "../case.ts";

export interface LikelihoodOptions {
  readonly rows: number;
  readonly columns: number;
  /** Over how many columns smoothing is spread; all unless given. */
  readonly symbols?: number;
  readonly smoothing?: number;
  /** The target that does not count; every third row has it. −1 where left out. */
  readonly ignored?: number;
  readonly factor?: number;
  readonly seed?: number;
  readonly values?: Record<number, number>;
  readonly targets?: readonly number[];
  readonly special?: string;
}

function numbersOf(options: LikelihoodOptions) {
  const { rows, columns, ignored = -1 } = options;
  const random = seeded(options.seed ?? rows * 73 + columns);
  // Probabilities of every size, from e^−9 to 1.
  const drawn = Float32Array.from({ length: rows * columns }, () =>
    Math.exp(-9 * random.uniform()),
  );
  const some = integers(random, rows, Math.max(columns, 1));
  return {
    probabilities: withValues(drawn, options.values ?? {}),
    targets: options.targets ?? some.map((target, i) => (i % 3 === 1 ? ignored : target)),
  };
}

function nameOf(op: string, options: LikelihoodOptions): string {
  const { rows, columns, symbols = columns, smoothing = 0, ignored = -1 } = options;
  const smooth = smoothing === 0 ? "" : `, smoothing ${smoothing} over ${symbols}`;
  return `${op}: ${rows} × ${columns}, ignored ${ignored}${smooth}${options.special ?? ""}`;
}

export function likelihoodForwardCase(options: LikelihoodOptions): KernelCase {
  const { rows, columns, symbols = columns, smoothing = 0, ignored = -1 } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("negativeLogLikelihoodForward", options),
    floats: { probabilities: input(x.probabilities), losses: output(rows) },
    ints: { targets: inputInts(x.targets) },
    tolerance: FORWARD,
    call: (kernels, { probabilities, losses }, { targets }) =>
      kernels.negativeLogLikelihoodForward(
        probabilities,
        targets,
        ignored,
        smoothing,
        symbols,
        losses,
        rows,
        columns,
      ),
  });
}

export function likelihoodBackwardCase(options: LikelihoodOptions): KernelCase {
  const { rows, columns, symbols = columns, smoothing = 0, ignored = -1, factor = 0.3 } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: `${nameOf("negativeLogLikelihoodBackward", options)}, factor ${factor}`,
    floats: { probabilities: input(x.probabilities), dProbabilities: output(rows * columns) },
    ints: { targets: inputInts(x.targets) },
    tolerance: BACKWARD,
    call: (kernels, { probabilities, dProbabilities }, { targets }) =>
      kernels.negativeLogLikelihoodBackward(
        probabilities,
        targets,
        ignored,
        smoothing,
        symbols,
        factor,
        dProbabilities,
        rows,
        columns,
      ),
  });
}

/** rows, columns */
const SHAPES = [
  [0, 5],
  [1, 1],
  [1, 3],
  [3, 4],
  [4, 5],
  [5, 17],
  [17, 33],
  [33, 65],
  [29, 256],
] as const;

export function likelihoodCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const push = (options: LikelihoodOptions) => {
    cases.push(likelihoodForwardCase(options), likelihoodBackwardCase(options));
  };
  for (const [rows, columns] of SHAPES) {
    push({ rows, columns });
    push({ rows, columns, ignored: 0, factor: 1 / 7 });
    push({ rows, columns, smoothing: 0.1 });
    push({ rows, columns, smoothing: 0.3, symbols: Math.ceil(columns / 2) });
  }
  const shape = { rows: 6, columns: 17, targets: [4, 3, 2, -1, 0, 16] };
  const { NaN: not, POSITIVE_INFINITY: high } = Number;
  for (const smoothing of [0, 0.2]) {
    const options = { ...shape, smoothing, symbols: 15 };
    push({ ...options, targets: [-1, -1, -1, -1, -1, -1], special: ", all ignored" });
    push({ ...options, values: { 4: 0, 5: 0, 101: 0 }, special: ", 0 at and off the target" });
    push({ ...options, values: { 4: 1e-38, 21: 2 ** -100, 36: -1 }, special: ", next to nothing" });
    push({ ...options, values: { 4: not }, special: ", NaN" });
    push({ ...options, values: { 5: not, 16: not }, special: ", NaN off the target" });
    push({ ...options, values: { 52: not }, special: ", NaN in an ignored row" });
    push({ ...options, values: { 4: high, 22: 3e38, 23: 3e38 }, special: ", infinite and huge" });
  }
  return cases;
}
