import { type Device, Random, Softmax, type Tensor, type TensorOptions, tensor } from "heed";

/** The notebook's sizes, and a decoder that is shorter than its encoder, so that the two are told apart. */
export const SIZES = { T: 5, H: 4, Td: 3 } as const;

const { T, H, Td } = SIZES;

/** Every array that a visitor may edit, without its axis N. */
const INPUT_SHAPES = {
  hs: [T, H],
  a: [T],
  h: [H],
  dc: [H],
  ds: [T],
  x: [T],
  dy: [T],
  da: [T],
  dout: [H],
  hsDec: [Td, H],
  doutSteps: [Td, H],
} as const;

/** One of them. */
export type InputKey = keyof typeof INPUT_SHAPES;

/** All of them, in float64. */
export type Inputs = Readonly<Record<InputKey, Tensor>>;

/** Numbers that were put in by hand, by their place: `hs.0.2.1` is hs[0,2,1]. */
export type Edits = ReadonlyMap<string, number>;

export const FIRST_SEED = 1;

/** The weights that the notebook begins with. */
export const NOTEBOOK_WEIGHTS: readonly number[] = [0.8, 0.1, 0.03, 0.05, 0.02];

const KEYS = Object.keys(INPUT_SHAPES) as readonly InputKey[];

/** Where an edit is kept. */
export function editKey(key: InputKey, index: readonly number[]): string {
  return [key, ...index].join(".");
}

/** Whether there is such a place in a batch of N. */
export function isEditKey(text: string, N: number): boolean {
  const [name, ...index] = text.split(".");
  const key = KEYS.find((each) => each === name);
  if (key === undefined) return false;
  const shape = [N, ...INPUT_SHAPES[key]];
  const isInside = (i: string, axis: number): boolean => /^\d$/.test(i) && Number(i) < shape[axis]!;
  return index.length === shape.length && index.every(isInside);
}

/** What a seed draws for a batch of N, and what was put in by hand instead. */
export function inputsOf(device: Device, seed: number, N: number, edits: Edits): Inputs {
  const entries = KEYS.map((key, stream) => {
    const shape = [N, ...INPUT_SHAPES[key]];
    const random = new Random(seed, stream);
    const size = shape.reduce((product, each) => product * each, 1);
    const drawn = Float64Array.from({ length: size }, () => random.normal());
    const numbers = key === "a" ? weightsFrom(device, drawn, seed) : drawn.map(hundredths);
    return [key, tensor(withEdits(numbers, key, shape, edits), shape, float64On(device))] as const;
  });
  return Object.fromEntries(entries) as Record<InputKey, Tensor>;
}

/** How the room makes its tensors: in the numbers that gradients are checked in. */
export function float64On(device: Device): TensorOptions {
  return { device, dtype: "float64" };
}

/** Two decimals, so that what a cell shows is all that there is. */
function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Rows of weights: positive, of two decimals, and 1 in sum. */
function weightsFrom(device: Device, drawn: Float64Array, seed: number): Float64Array {
  const scores = tensor(drawn, [drawn.length / T, T], float64On(device));
  const weights = Float64Array.from(new Softmax().forward(scores).data, hundredths);
  for (let start = 0; start < weights.length; start += T) {
    const row = weights.subarray(start, start + T);
    const rest = 1 - row.reduce((sum, each) => sum + each, 0);
    const largest = row.indexOf(Math.max(...row));
    row[largest] = hundredths(row[largest]! + rest);
  }
  if (seed === FIRST_SEED) weights.set(NOTEBOOK_WEIGHTS);
  return weights;
}

function withEdits(
  numbers: Float64Array,
  key: InputKey,
  shape: readonly number[],
  edits: Edits,
): Float64Array {
  for (const [place, value] of edits) {
    const [name, ...index] = place.split(".");
    if (name !== key) continue;
    numbers[index.reduce((flat, i, axis) => flat * shape[axis]! + Number(i), 0)] = value;
  }
  return numbers;
}

/** Weights of which one is set to a value from 0 to 1, and the others share what is left as they did before. */
export function rebalanced(
  weights: readonly number[],
  t: number,
  value: number,
): readonly number[] {
  const others = weights.reduce((sum, each, i) => (i === t ? sum : sum + each), 0);
  const share = (each: number): number => {
    return Math.abs(others) < 1e-9
      ? (1 - value) / (weights.length - 1)
      : (each / others) * (1 - value);
  };
  return weights.map((each, i) => (i === t ? value : share(each)));
}

/** Weights divided by their sum; equal ones where that is about 0. */
export function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, each) => total + each, 0);
  return weights.map((each) => (Math.abs(sum) < 0.01 ? 1 / weights.length : each / sum));
}
