import { Random } from "../../../src/core/random.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import { tensor } from "../../../src/devices/create.ts";
import type { Layer } from "../../../src/layers/layer.ts";
import { zeroGradients } from "../../../src/layers/optimisation.ts";
import { type Arrays, gradientComplaints, normals64 } from "../../support/gradient-check.ts";

type Named<Item> = Readonly<Record<string, Item>>;

export interface LayerSubject {
  readonly layer: Layer;
  /** Shapes of the inputs. */
  readonly shapes: Named<readonly number[]>;
  forward(inputs: Named<Tensor>): readonly Tensor[];
  /** Gradients of the inputs by name, for those of the outputs. */
  backward(upstream: readonly Tensor[]): Named<Tensor>;
}

/** What is wrong with the gradients of a float64 layer's inputs and parameters: see gradientComplaints. */
export function layerComplaints(subject: LayerSubject, seed: number): string[] {
  const { layer, shapes } = subject;
  const random = new Random(seed);
  const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const inputs: Record<string, Float64Array> = {};
  for (const [name, shape] of Object.entries(shapes))
    inputs[name] = normals64(random, sizeOf(shape));
  for (const [i, { size }] of layer.params.entries())
    inputs[`param${i}`] = normals64(random, size, 0.5);
  const float64 = { dtype: "float64" } as const;
  let outputs: readonly Tensor[] = [];
  return gradientComplaints({
    inputs,
    forward: (values: Arrays) => {
      for (const [i, param] of layer.params.entries()) param.storage.write(values[`param${i}`]!);
      const given = Object.entries(shapes).map(([name, shape]) => {
        return [name, tensor(values[name]!, shape, float64)] as const;
      });
      outputs = subject.forward(Object.fromEntries(given));
      return outputs.map(({ data }) => data.slice());
    },
    backward: (_, upstream) => {
      zeroGradients(layer.grads);
      const given = upstream.map((each, i) => tensor(each, outputs[i]!.shape, float64));
      const found: Record<string, ArrayLike<number>> = {};
      for (const [name, { data }] of Object.entries(subject.backward(given)))
        found[name] = data.slice();
      for (const [i, { data }] of layer.grads.entries()) found[`param${i}`] = data.slice();
      return found;
    },
  });
}
