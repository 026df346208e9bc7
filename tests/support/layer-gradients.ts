import { Random } from "../../src/core/random.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { tensor } from "../../src/devices/create.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { zeroGradients } from "../../src/layers/optimisation.ts";
import { type Arrays, gradientComplaints, normals64 } from "./gradient-check.ts";

/** Options of a layer whose gradients are checked. */
export const float64 = { dtype: "float64" } as const;
export type Shapes = Readonly<Record<string, readonly number[]>>;
type Tensors = Readonly<Record<string, Tensor>>;

/** A layer, and how it is called. */
export interface Subject {
  /** Shapes of the inputs, by name. */
  readonly shapes: Shapes;
  /** A layer whose parameters are inputs too, under `param0`, `param1`, … */
  readonly layer?: Layer;
  forward(inputs: Tensors): readonly Tensor[];
  /** Gradients of the inputs by name, for gradients of the outputs. */
  backward(upstream: readonly Tensor[]): Tensors;
}

/** A layer as a function of its inputs and parameters, for the gradient check. */
export function complaintsOf(subject: Subject, seed = 11): string[] {
  const random = new Random(seed);
  const params = subject.layer?.params ?? [];
  const inputs: Record<string, Float64Array> = {};
  for (const [name, shape] of Object.entries(subject.shapes)) {
    inputs[name] = normals64(
      random,
      shape.reduce((a, b) => a * b, 1),
    );
  }
  for (const [i, param] of params.entries())
    inputs[`param${i}`] = normals64(random, param.size, 0.5);
  let outputs: readonly Tensor[] = [];
  return gradientComplaints({
    inputs,
    forward: (values: Arrays) => {
      for (const [i, param] of params.entries()) param.storage.write(values[`param${i}`]!);
      const tensors = Object.fromEntries(
        Object.entries(subject.shapes).map(([name, shape]) => [
          name,
          tensor(values[name]!, shape, float64),
        ]),
      );
      outputs = subject.forward(tensors);
      return outputs.map(({ data }) => data.slice());
    },
    backward: (_, upstream) => {
      const grads = subject.layer?.grads ?? [];
      zeroGradients(grads);
      const given = upstream.map((each, i) => tensor(each, outputs[i]!.shape, float64));
      const gradients: Record<string, ArrayLike<number>> = {};
      for (const [name, { data }] of Object.entries(subject.backward(given))) {
        gradients[name] = data.slice();
      }
      for (const [i, { data }] of grads.entries()) gradients[`param${i}`] = data.slice();
      return gradients;
    },
  });
}
