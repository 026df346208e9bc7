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
import { reluForward, sigmoidForward, tanhForward } from "./definition.ts";

const ACTIVATIONS = ["tanh", "sigmoid", "relu", "gelu"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** What the gradient is of, made of x: y, where that is enough. */
const KEPT = { tanh: tanhForward, sigmoid: sigmoidForward, relu: reluForward, gelu: () => {} };

export interface ActivationOptions {
  readonly length: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
  readonly scale?: number;
  /** Added to every x. */
  readonly shift?: number;
  readonly values?: Record<number, number>;
  readonly upstream?: Record<number, number>;
  readonly special?: string;
  readonly tolerance?: Tolerance;
}

function inputsOf({ length, seed = 900 + length, scale, shift = 0, values }: ActivationOptions) {
  const numbers = normals(seeded(seed), length, scale).map((x) => x + shift);
  return withValues(numbers, values ?? {});
}

function nameOf(op: string, { length, inPlace = false, special = "" }: ActivationOptions) {
  return `${op}: ${length}${inPlace ? ", in place" : ""}${special}`;
}

export function activationForwardCase(
  activation: Activation,
  options: ActivationOptions,
): KernelCase {
  const { length, inPlace = false, tolerance = FORWARD } = options;
  const x = inputsOf(options);
  return kernelCase({
    name: nameOf(`${activation}Forward`, options),
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : length) },
    tolerance,
    call: (kernels, { x, y }) => kernels[`${activation}Forward`](x, inPlace ? x : y, length),
  });
}

/** gelu's gradient is of x; that of the others of y, as the forward pass gives it in float32. */
export function activationBackwardCase(
  activation: Activation,
  options: ActivationOptions,
): KernelCase {
  const { length, inPlace = false, tolerance = BACKWARD, upstream = {} } = options;
  const of = inputsOf(options);
  KEPT[activation](of, of, length);
  const dy = withValues(normals(seeded(950 + length), length), upstream);
  return kernelCase({
    name: nameOf(`${activation}Backward`, options),
    floats: {
      of: input(of),
      dy: inPlace ? changed(dy) : input(dy),
      dx: output(inPlace ? 0 : length),
    },
    tolerance,
    terms: { dx: magnitude(dy), dy: magnitude(dy) },
    call: (kernels, { of, dy, dx }) =>
      kernels[`${activation}Backward`](of, dy, inPlace ? dy : dx, length),
  });
}

const LENGTHS = [0, 1, 3, 4, 5, 17, 33, 65, 29 * 256];
const { NaN: nan, POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number;
/** NaN, infinities, zeros of both signs, and numbers at which exponentials overflow or vanish. */
const SPECIAL = { 0: nan, 2: high, 5: low, 6: 0, 7: -0, 8: 1e30, 9: -1e30, 10: 100, 11: -100 };
const FINITE_AT_INFINITY = { 1: 14, 2: high, 5: low, 8: 1e30, 9: -1e30, 10: -14.5, 12: nan };

export function activationCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const activation of ACTIVATIONS) {
    const both = (options: ActivationOptions): void => {
      cases.push(activationForwardCase(activation, options));
      cases.push(activationBackwardCase(activation, options));
    };
    for (const length of LENGTHS) {
      for (const inPlace of [false, true]) both({ length, inPlace });
    }
    both({ length: 17, values: SPECIAL, special: ", NaN, infinities, extremes" });
    both({ length: 17, values: FINITE_AT_INFINITY, special: ", limits" });
    both({ length: 257, scale: 1e-4, special: ", tiny" });
    both({ length: 257, scale: 1e-30, special: ", vanishing" });
    both({ length: 257, scale: 4, special: ", wide" });
    cases.push(
      activationBackwardCase(activation, {
        length: 17,
        upstream: { 3: nan },
        special: ", NaN in dy",
      }),
    );
  }
  // Where x · Φ(x) is small, it has its digits all the same.
  for (const shift of [-3, -5, -8, -11]) {
    const options = { length: 257, scale: 0.3, shift, special: `, near ${shift}` };
    cases.push(activationForwardCase("gelu", options), activationBackwardCase("gelu", options));
    cases.push(activationForwardCase("sigmoid", options));
  }
  for (const shift of [3, 6]) {
    const options = { length: 257, scale: 0.3, shift, special: `, near ${shift}` };
    cases.push(activationForwardCase("gelu", options), activationBackwardCase("gelu", options));
    cases.push(activationBackwardCase("tanh", options), activationBackwardCase("sigmoid", options));
  }
  return cases;
}
