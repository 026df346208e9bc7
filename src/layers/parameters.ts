import { StateError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { type Shape, sizeOf } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";
import { deviceFor } from "../devices/current.ts";

/** A learned tensor before it exists: its name, its shape, and how it begins. */
export interface ParameterSpec {
  /** Unique within a model, e.g. `encoder.lstm.Wx`. */
  readonly name: string;
  /** Sizes per axis. */
  readonly shape: Shape;
  /** Standard deviation of the normal numbers it begins with; 0 begins with zeros. */
  readonly deviation: number;
}

/** Where a layer's learned numbers live, and where they begin. */
export interface LayerOptions {
  /** The current device unless given, or the reference device where that does not hold `dtype`. */
  readonly device?: Memory;
  /** `"float32"` unless given. */
  readonly dtype?: Dtype;
  /** Seed of the initial numbers; 0 unless given. */
  readonly seed?: number;
  /** Shared parameters to take this layer's from, by `name`; instead of the three above. */
  readonly parameters?: Parameters;
  /** What this layer is called there, e.g. `encoder.lstm`. */
  readonly name?: string;
}

/** Every parameter begins at a multiple of 64 floats, so that views suit vector loads and GPU bindings. */
const ALIGNMENT = 64;

/**
 * All parameters of a model in one flat tensor and all gradients in another, with a view of each per
 * name: what Adam, clipping, checkpoints and data-parallel training want.
 *
 * Parameter i draws its initial numbers from stream i of the seed.
 *
 * @example
 * const parameters = new Parameters([{ name: "linear.W", shape: [2, 3], deviation: 1 }]);
 * parameters.value("linear.W").shape; // → [2, 3]
 */
export class Parameters {
  /** In the order of the specs. */
  readonly names: readonly string[];
  /** All numbers, one flat tensor; the gaps that align the views hold zeros. */
  readonly values: Tensor;
  /** All gradients, laid out like `values`; zeros at first. */
  readonly grads: Tensor;
  readonly #views = new Map<string, { value: Tensor; grad: Tensor }>();

  /**
   * @param specs every parameter, in the order in which they are to lie
   * @throws DtypeError when the device does not hold the dtype
   */
  constructor(
    specs: readonly ParameterSpec[],
    options: { readonly device?: Memory; readonly dtype?: Dtype; readonly seed?: number } = {},
  ) {
    const { dtype = "float32", seed = 0 } = options;
    const device = options.device ?? deviceFor(dtype);
    const offsets: number[] = [];
    let length = 0;
    for (const { shape } of specs) {
      offsets.push(length);
      length += Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
    }
    const initial = new Float64Array(length);
    for (const [i, { shape, deviation }] of specs.entries()) {
      if (deviation === 0) continue;
      const random = new Random(seed, i);
      const start = offsets[i] ?? 0;
      for (let j = 0; j < sizeOf(shape); j++) initial[start + j] = random.normal(0, deviation);
    }
    const flat = (data: Float64Array): Tensor => {
      const storage = device.allocate(dtype, length);
      storage.write(data);
      return new Tensor(device, storage, [length], dtype);
    };
    this.values = flat(initial);
    this.grads = flat(new Float64Array(length));
    this.names = specs.map(({ name }) => name);
    for (const [i, { name, shape }] of specs.entries()) {
      const view = (whole: Tensor): Tensor => whole.view(offsets[i] ?? 0, shape);
      this.#views.set(name, { value: view(this.values), grad: view(this.grads) });
    }
  }

  /** The parameter of that name, a view of `values`. @throws StateError when there is none */
  value(name: string): Tensor {
    return this.#find(name).value;
  }

  /** The gradient of that name, a view of `grads`. @throws StateError when there is none */
  grad(name: string): Tensor {
    return this.#find(name).grad;
  }

  /** Gives all of it back. */
  dispose(): void {
    for (const { value, grad } of this.#views.values()) {
      value.dispose();
      grad.dispose();
    }
    this.values.dispose();
    this.grads.dispose();
  }

  #find(name: string): { value: Tensor; grad: Tensor } {
    const view = this.#views.get(name);
    if (view !== undefined) return view;
    throw new StateError({
      where: "Parameters",
      expected: `one of ${this.names.join(", ")}`,
      received: JSON.stringify(name),
    });
  }
}

/** The parameters a layer was given, or its own ones. */
export function parametersOf(
  specs: (name: string) => ParameterSpec[],
  options: LayerOptions,
): { values: Tensor[]; grads: Tensor[] } {
  const { name = "layer", parameters = new Parameters(specs(name), options) } = options;
  const names = specs(name).map((spec) => spec.name);
  return {
    values: names.map((each) => parameters.value(each)),
    grads: names.map((each) => parameters.grad(each)),
  };
}
