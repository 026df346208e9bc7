/** What torch-numbers.json holds, and the inputs and parameters that make-torch-numbers.py made it from. */
import { readFileSync } from "node:fs";
import type { Numbers } from "../../../src/layers/named-numbers.ts";

export interface TorchCase {
  /** Shapes of the layer's parameters, in the order of its state dict. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Outputs, and gradients under `d ` + name. */
  readonly arrays: Readonly<Record<string, readonly number[]>>;
}

const file = new URL("torch-numbers.json", import.meta.url);
type Raw = Record<string, { parameters: TorchCase["shapes"] } & Record<string, number[]>>;

export const torchCases: ReadonlyMap<string, TorchCase> = new Map(
  Object.entries(JSON.parse(readFileSync(file, "utf8")) as Raw).map(([name, found]) => {
    const { parameters, ...arrays } = found;
    return [name, { shapes: parameters, arrays }];
  }),
);

/** The formula of the script: ((97 · i + 57 · index) mod 251 − 125) / 128 · factor. */
export function torchNumbers(index: number, size: number, factor = 1): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    return (((97 * i + 57 * index) % 251) - 125) * (factor / 128);
  });
}

/** x (N, T, D) with something else from each sequence's length on. */
export function padded(
  x: Float64Array,
  [N, T, D]: readonly [number, number, number],
  lengths: readonly number[],
  padding: number,
): Float64Array {
  const result = x.slice();
  for (let n = 0; n < N; n++) result.fill(padding, (n * T + lengths[n]!) * D, (n + 1) * T * D);
  return result;
}

/** The state dict that the script filled. */
export function torchState({ shapes }: TorchCase): Map<string, Numbers> {
  return new Map(
    Object.entries(shapes).map(([name, shape], k) => {
      const size = shape.reduce((total, each) => total * each, 1);
      const data = torchNumbers(k + 10, size, 0.5);
      const isGain = name.includes("norm") && name.endsWith("weight");
      return [name, { shape, data: isGain ? data.map((x) => x + 1) : data }];
    }),
  );
}
