import { checkArray, checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError, ShapeError, StateError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";
import { deviceHolding, drawInto } from "../devices/create.ts";
import { deviceOf } from "../kernels/device.ts";

/** A learned tensor before it exists: its name, its shape, and how it begins. */
export interface ParameterSpec {
  /** Unique within a model, e.g. `encoder.lstm.Wx`. */
  readonly name: string;
  /** Sizes per axis. */
  readonly shape: Shape;
  /** Standard deviation of the normal numbers it begins with; with 0 all of them are `start`. */
  readonly deviation: number;
  /** Mean of the numbers it begins with: 0 unless given. */
  readonly start?: number;
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

/** The names of {@link LayerOptions}, for layers that have more of them. */
export const LAYER_OPTIONS: readonly string[] = ["device", "dtype", "seed", "parameters", "name"];

/** The options of every layer alone. */
export function layerOptionsOf(options: LayerOptions): LayerOptions {
  const { device, dtype, seed, parameters, name } = options;
  const given = Object.entries({ device, dtype, seed, parameters, name });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Every parameter begins at a multiple of 64 floats, so that views suit vector loads and GPU bindings. */
const ALIGNMENT = 64;

/**
 * All parameters of a model in one flat tensor and all gradients in another, with a view of each per
 * name: what Adam, clipping, checkpoints and data-parallel training want.
 *
 * Parameter i draws its initial numbers from stream i of the seed; without one, all begin with zeros.
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
   * @param options.seed 0 unless given; null for numbers that are to be written over, since drawing
   *   those of a model takes far longer than reading them
   * @throws DtypeError when the device does not hold the dtype
   */
  constructor(
    specs: readonly ParameterSpec[],
    options: {
      readonly device?: Memory;
      readonly dtype?: Dtype;
      readonly seed?: number | null;
    } = {},
  ) {
    checkSpecs(specs);
    checkOptions("Parameters", options, ["device", "dtype", "seed"]);
    const { dtype = "float32", seed = 0 } = options;
    const random = seed === null ? null : new Random(seed);
    const offsets: number[] = [];
    let length = 0;
    for (const { shape } of specs) {
      offsets.push(length);
      length += Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
    }
    const device = deviceHolding("Parameters", dtype, options.device);
    this.values = new Tensor(device, device.allocate(dtype, length), [length], dtype);
    this.grads = new Tensor(device, device.allocate(dtype, length), [length], dtype);
    for (const { storage } of [this.values, this.grads]) {
      deviceOf(this.values).kernels.fill(storage, 0, length);
    }
    this.names = specs.map(({ name }) => name);
    for (const [i, { name, shape, deviation, start = 0 }] of specs.entries()) {
      const view = (whole: Tensor): Tensor => whole.view(offsets[i] ?? 0, shape);
      const value = view(this.values);
      this.#views.set(name, { value, grad: view(this.grads) });
      if (random === null) continue;
      if (deviation === 0) {
        if (start !== 0) deviceOf(value).kernels.fill(value.storage, start, value.size);
        continue;
      }
      const stream = random.stream(i);
      drawInto(value.storage, value.size, () => stream.normal(start, deviation));
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

function checkSpecs(specs: readonly ParameterSpec[]): void {
  const where = "Parameters";
  checkArray(
    where,
    "specs",
    specs,
    "{ name, shape, deviation }",
    (spec) => typeof spec === "object" && spec !== null,
  );
  const names = new Set<unknown>();
  for (const { name, shape, deviation, start = 0 } of specs) {
    if (typeof name !== "string" || names.has(name)) {
      throw new DataError({
        where,
        expected: "a name of its own for every parameter",
        received: describe(name),
      });
    }
    names.add(name);
    checkShape(`${where}, ${name}`, shape);
    const range = "a finite number ≥ 0";
    checkNumber(where, `the deviation of ${name}`, deviation, range, (value) => {
      return value >= 0 && Number.isFinite(value);
    });
    checkNumber(where, `the start of ${name}`, start, "a finite number", Number.isFinite);
  }
}

/** The parameters a layer was given, held against what it needs, or its own ones. */
export function parametersOf(
  where: string,
  specs: (name: string) => ParameterSpec[],
  options: LayerOptions,
): { parameters: Parameters; name: string; values: Tensor[]; grads: Tensor[] } {
  checkOptions(where, options, LAYER_OPTIONS);
  const { name = "layer", parameters, ...own } = options;
  if (parameters !== undefined && !(parameters instanceof Parameters)) {
    throw new DataError({
      where,
      expected: "parameters to be a Parameters",
      received: describe(parameters),
    });
  }
  const needed = specs(name);
  const held = parameters ?? new Parameters(needed, own);
  for (const spec of needed) {
    const { shape } = held.value(spec.name);
    if (sameShape(shape, spec.shape)) continue;
    throw new ShapeError({
      where,
      expected: `a parameter ${spec.name} of shape ${formatShape(spec.shape)}`,
      received: `shape ${formatShape(shape)}`,
    });
  }
  return {
    parameters: held,
    name,
    values: needed.map((spec) => held.value(spec.name)),
    grads: needed.map((spec) => held.grad(spec.name)),
  };
}
