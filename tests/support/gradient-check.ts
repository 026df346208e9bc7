import { Random } from "../../src/core/random.ts";
import { distance } from "./compare.ts";

/** Named float64 arrays: the inputs of a function, or the gradients of them. */
export type Arrays = Readonly<Record<string, Float64Array>>;

/** A function with a backward pass: an op, or a layer held in float64. */
export interface Differentiable {
  /** What it is differentiated by; a layer's parameters are inputs too. */
  readonly inputs: Arrays;
  /** All its outputs, computed afresh from `inputs`, which it leaves as they are. */
  forward(inputs: Arrays): readonly ArrayLike<number>[];
  /**
   * The gradient of every input, by the same names, for a gradient of every output. `forward` was
   * called on the same inputs immediately before, as a layer with a memory of its last call needs.
   */
  backward(
    inputs: Arrays,
    upstream: readonly Float64Array[],
  ): Readonly<Record<string, ArrayLike<number>>>;
}

export interface GradientOptions {
  readonly seed?: number;
  /** Half the distance of the two points of a difference. */
  readonly step?: number;
  /** Largest relative L2 error of each gradient. */
  readonly tolerance?: number;
}

/**
 * What is wrong with a backward pass, one line per input, nothing if it is right.
 *
 * A random gradient u of the outputs makes a number of them, loss = Σ u · output, whose gradient
 * `backward` is to give: it is held against (loss(x + step) − loss(x − step)) / (2 · step) for every
 * single element x, by the norm of the difference relative to the larger norm. With numbers of about
 * 1 and a step of 1e-5, the differences themselves are right to about 1e-10.
 */
export function gradientComplaints(f: Differentiable, options: GradientOptions = {}): string[] {
  const { seed = 1, step = 1e-5, tolerance = 1e-6 } = options;
  const inputs = copyOf(f.inputs);
  const outputs = f.forward(inputs);
  const random = new Random(seed);
  const upstream = outputs.map((y) =>
    Float64Array.from({ length: y.length }, () => random.normal()),
  );
  const gradients = f.backward(inputs, copies(upstream));
  const complaints: string[] = [];
  for (const name of Object.keys(gradients)) {
    if (!(name in inputs)) complaints.push(`${name}: a gradient of something that is no input`);
  }
  // What rounding leaves of a difference where the true gradient is 0.
  const noise = (1e-14 * (1 + Math.abs(lossOf(outputs, upstream)))) / step;
  for (const [name, x] of Object.entries(inputs)) {
    const gradient = gradients[name];
    if (gradient?.length !== x.length) {
      complaints.push(`${name}: ${x.length} gradients expected, got ${gradient?.length ?? "none"}`);
      continue;
    }
    const differences = x.map((value, i) => {
      x[i] = value + step;
      const above = lossOf(f.forward(inputs), upstream);
      x[i] = value - step;
      const below = lossOf(f.forward(inputs), upstream);
      x[i] = value;
      return (above - below) / (2 * step);
    });
    const { error, norm, worst } = distance(differences, gradient);
    const size = Math.max(norm, distance(gradient, gradient).norm);
    // Written so that NaN complains too.
    if (error <= tolerance * size + noise * Math.sqrt(x.length)) continue;
    complaints.push(
      `${name}: relative L2 error ${error / size}, must be ≤ ${tolerance};` +
        ` worst at [${worst}]: ${gradient[worst]}, by differences ${differences[worst]}`,
    );
  }
  return complaints;
}

function lossOf(outputs: readonly ArrayLike<number>[], upstream: readonly Float64Array[]): number {
  let loss = 0;
  for (const [k, output] of outputs.entries()) {
    for (let i = 0; i < output.length; i++) loss += output[i]! * upstream[k]![i]!;
  }
  return loss;
}

function copyOf(arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, x.slice()]));
}

function copies(arrays: readonly Float64Array[]): Float64Array[] {
  return arrays.map((x) => x.slice());
}

/** Normal float64 numbers. */
export function normals64(random: Random, length: number, scale = 1): Float64Array {
  return Float64Array.from({ length }, () => random.normal(0, scale));
}
