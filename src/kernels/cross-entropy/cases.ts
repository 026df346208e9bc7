import {
  BACKWARD,
  FORWARD,
  input,
  inputInts,
  integers,
  type KernelCase,
  kernelCase,
  largest,
  magnitude,
  normals,
  output,
  seeded,
  type Tolerance,
  withValues,
} from "../case.ts";
import { softmaxForward } from "../softmax/definition.ts";

export interface CrossEntropyOptions {
  readonly rows: number;
  readonly columns: number;
  /** The target that does not count; every third row has it. −1 where left out. */
  readonly ignored?: number;
  readonly smoothing?: number;
  readonly factor?: number;
  readonly seed?: number;
  readonly scale?: number;
  readonly values?: Record<number, number>;
  readonly targets?: readonly number[];
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

function numbersOf(options: CrossEntropyOptions) {
  const { rows, columns, ignored = -1 } = options;
  const random = seeded(options.seed ?? rows * 71 + columns);
  const numbers = normals(random, rows * columns, options.scale);
  const logits = withValues(numbers, options.values ?? {});
  const drawn = integers(random, rows, Math.max(columns, 1));
  const targets = options.targets ?? drawn.map((target, i) => (i % 3 === 1 ? ignored : target));
  return { logits, targets };
}

function nameOf(op: string, options: CrossEntropyOptions): string {
  const { rows, columns, ignored = -1, smoothing = 0, special = "" } = options;
  const smooth = smoothing === 0 ? "" : `, smoothing ${smoothing}`;
  return `${op}: ${rows} × ${columns}, ignored ${ignored}${smooth}${special}`;
}

export function crossEntropyForwardCase(options: CrossEntropyOptions): KernelCase {
  const { rows, columns, ignored = -1, smoothing = 0 } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("softmaxCrossEntropyForward", options),
    floats: {
      logits: input(x.logits),
      probabilities: output(rows * columns),
      losses: output(rows),
    },
    ints: { targets: inputInts(x.targets) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { losses: Math.sqrt(rows) * (1 + 2 * largest(x.logits)) },
    call: (kernels, { logits, probabilities, losses }, { targets }) =>
      kernels.softmaxCrossEntropyForward(
        logits,
        targets,
        ignored,
        smoothing,
        probabilities,
        losses,
        rows,
        columns,
      ),
  });
}

export function crossEntropyBackwardCase(options: CrossEntropyOptions): KernelCase {
  const { rows, columns, ignored = -1, smoothing = 0, factor = 0.3 } = options;
  const x = numbersOf(options);
  const probabilities = x.logits.slice();
  softmaxForward(probabilities, probabilities, rows, columns);
  return kernelCase({
    name: `${nameOf("softmaxCrossEntropyBackward", options)}, factor ${factor}`,
    floats: { probabilities: input(probabilities), dLogits: output(rows * columns) },
    ints: { targets: inputInts(x.targets) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: { dLogits: factor * (Math.sqrt(rows) + magnitude(probabilities)) },
    call: (kernels, { probabilities, dLogits }, { targets }) =>
      kernels.softmaxCrossEntropyBackward(
        probabilities,
        targets,
        ignored,
        smoothing,
        factor,
        dLogits,
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

export function crossEntropyCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const push = (options: CrossEntropyOptions) => {
    cases.push(crossEntropyForwardCase(options), crossEntropyBackwardCase(options));
  };
  for (const [rows, columns] of SHAPES) {
    push({ rows, columns });
    push({ rows, columns, ignored: 0, factor: 1 / 7 });
    push({ rows, columns, smoothing: 0.1 });
  }
  const shape = { rows: 6, columns: 17 };
  const low = Number.NEGATIVE_INFINITY;
  push({ ...shape, scale: 1e-4, special: ", tiny logits" });
  push({ ...shape, scale: 300, special: ", large logits" });
  push({ ...shape, scale: 3e4, special: ", huge logits" });
  push({ ...shape, smoothing: 0.3, scale: 3e4, special: ", huge logits" });
  push({ ...shape, smoothing: 0.9, ignored: 0 });
  push({ ...shape, smoothing: 0.1, values: { 2: Number.NaN }, special: ", NaN" });
  push({ ...shape, targets: [-1, -1, -1, -1, -1, -1], special: ", all ignored" });
  push({ ...shape, values: { 2: Number.NaN }, special: ", NaN" });
  push({ ...shape, values: { 19: Number.NaN }, special: ", NaN in an ignored row" });
  const targets = [4, 3, 2, 1, 0, 16];
  push({ ...shape, values: { 3: low, 20: low }, targets, special: ", −∞ at and off the target" });
  push({
    ...shape,
    smoothing: 0.1,
    values: { 3: low, 20: low },
    targets,
    special: ", −∞ at and off the target",
  });
  return cases;
}
