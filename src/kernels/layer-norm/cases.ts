import {
  BACKWARD,
  changed,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  seeded,
  type Tolerance,
  withValues,
} from "../case.ts";
import { layerNormForward as forwardDefinition } from "./definition.ts";

export interface LayerNormOptions {
  readonly rows: number;
  readonly columns: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
  readonly scale?: number;
  /** Added to every x. */
  readonly shift?: number;
  readonly epsilon?: number;
  readonly values?: Record<number, number>;
  readonly upstream?: Record<number, number>;
  readonly special?: string;
  readonly tolerance?: Tolerance;
}

function numbersOf(options: LayerNormOptions) {
  const { rows, columns, seed = rows * 1000 + columns, scale, shift = 0 } = options;
  const random = seeded(seed);
  const x = normals(random, rows * columns, scale).map((value) => value + shift);
  return {
    x: withValues(x, options.values ?? {}),
    gain: normals(random, columns),
    bias: normals(random, columns),
    dy: withValues(normals(random, rows * columns), options.upstream ?? {}),
    dGain: normals(random, columns),
    dBias: normals(random, columns),
  };
}

function nameOf(op: string, options: LayerNormOptions): string {
  const { rows, columns, inPlace = false, special = "" } = options;
  return `${op}: ${rows} × ${columns}${inPlace ? ", in place" : ""}${special}`;
}

export function layerNormForwardCase(options: LayerNormOptions): KernelCase {
  const { rows, columns, inPlace = false, epsilon = 1e-5, tolerance = FORWARD } = options;
  const { x, gain, bias } = numbersOf(options);
  return kernelCase({
    name: nameOf("layerNormForward", options),
    floats: {
      x: inPlace ? changed(x) : input(x),
      gain: input(gain),
      bias: input(bias),
      y: output(inPlace ? 0 : x.length),
      means: output(rows),
      inverses: output(rows),
    },
    tolerance,
    // y is a sum of two, and what is left of x beside a mean is a difference.
    terms: {
      x: magnitude(bias) * Math.sqrt(rows),
      y: magnitude(bias) * Math.sqrt(rows),
      means: magnitude(x) / Math.sqrt(Math.max(columns, 1)),
    },
    call: (kernels, { x, gain, bias, y, means, inverses }) =>
      kernels.layerNormForward(
        x,
        gain,
        bias,
        inPlace ? x : y,
        means,
        inverses,
        rows,
        columns,
        epsilon,
      ),
  });
}

export function layerNormBackwardCase(options: LayerNormOptions): KernelCase {
  const { rows, columns, inPlace = false, epsilon = 1e-5, tolerance = BACKWARD } = options;
  const { x, gain, bias, dy, dGain, dBias } = numbersOf(options);
  const [y, means, inverses] = [x.slice(), new Float32Array(rows), new Float32Array(rows)];
  forwardDefinition(x, gain, bias, y, means, inverses, rows, columns, epsilon);
  // Of every row: dn, whose level and slope are taken off it, as large as it where columns are few.
  const terms = dy.map(
    (value, i) => value * gain[i % columns]! * inverses[Math.floor(i / columns)]!,
  );
  const normal = x.map((value, i) => {
    const row = Math.floor(i / columns);
    return dy[i]! * (value - means[row]!) * inverses[row]!;
  });
  const of = { dx: magnitude(terms), gain: magnitude(normal), bias: magnitude(dy) };
  return kernelCase({
    name: nameOf("layerNormBackward", options),
    floats: {
      x: input(x),
      gain: input(gain),
      means: input(means),
      inverses: input(inverses),
      dy: inPlace ? changed(dy) : input(dy),
      dx: output(inPlace ? 0 : x.length),
      dGain: changed(dGain),
      dBias: changed(dBias),
    },
    tolerance,
    terms: {
      dx: of.dx,
      dy: of.dx,
      dGain: magnitude(dGain) + of.gain,
      dBias: magnitude(dBias) + of.bias,
    },
    call: (kernels, { x, gain, means, inverses, dy, dx, dGain, dBias }) =>
      kernels.layerNormBackward(
        x,
        gain,
        means,
        inverses,
        dy,
        inPlace ? dy : dx,
        dGain,
        dBias,
        rows,
        columns,
      ),
  });
}

/** rows, columns */
const SHAPES = [
  [0, 5],
  [5, 0],
  [1, 1],
  [3, 1],
  [1, 3],
  [3, 4],
  [4, 5],
  [5, 17],
  [17, 33],
  [33, 65],
  [29, 256],
  [2, 1031],
  // More rows than one workgroup of a GPU adds up by column.
  [515, 5],
] as const;

export function layerNormCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const reason = "in rows of one or two numbers, dx is what is left of terms that cancel";
  const againstTerms: Tolerance = { ...BACKWARD, againstTerms: true, reason };
  for (const [rows, columns] of SHAPES) {
    const tolerance = columns < 4 ? againstTerms : BACKWARD;
    for (const inPlace of [false, true]) {
      cases.push(layerNormForwardCase({ rows, columns, inPlace }));
      cases.push(layerNormBackwardCase({ rows, columns, inPlace, tolerance }));
    }
  }
  const shape = { rows: 5, columns: 67 };
  const { NaN: nan, POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number;
  const equal = Object.fromEntries(Array.from({ length: 67 }, (_, j) => [67 + j, 0.3]));
  const special: LayerNormOptions[] = [
    { ...shape, scale: 1e-4, special: ", tiny" },
    { ...shape, scale: 1e15, special: ", huge" },
    { ...shape, scale: 1e25, special: ", squares overflow" },
    { ...shape, epsilon: 0.5, special: ", a large ε" },
    { ...shape, shift: 5, special: ", off 0" },
    { ...shape, values: equal, special: ", a row of equal numbers" },
    { ...shape, values: { 70: nan }, special: ", NaN" },
    { ...shape, values: { 70: high, 140: low }, special: ", infinities" },
  ];
  for (const options of special) {
    cases.push(layerNormForwardCase(options), layerNormBackwardCase(options));
  }
  // All the digits of the differences, though the mean has none to spare.
  cases.push(layerNormForwardCase({ ...shape, shift: 3000, special: ", far off 0" }));
  cases.push(
    layerNormBackwardCase({ ...shape, upstream: { 70: nan }, special: ", NaN in dy" }),
    layerNormBackwardCase({
      ...shape,
      inPlace: true,
      upstream: { 70: nan },
      special: ", NaN in dy",
    }),
  );
  return cases;
}
