import { checkArray, checkNumber, checkOptions } from "../core/arguments.ts";
import { DataError, ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shapes.ts";
import { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkTensor, expectShape, together } from "./checks.ts";
import { newTensor } from "./layer.ts";

function checkTensors(where: string, name: string, tensors: readonly Tensor[]): void {
  checkArray(where, name, tensors, "tensors", (item) => item instanceof Tensor);
  for (const [i, tensor] of tensors.entries()) checkTensor(where, `${name}[${i}]`, tensor);
}

/**
 * Sets gradients to 0; backward passes add to what is there.
 *
 * @example
 * const grad = tensor([3, 4]);
 * zeroGradients([grad]);
 * grad.data; // → [0, 0]
 */
export function zeroGradients(grads: readonly Tensor[]): void {
  checkTensors("zeroGradients", "grads", grads);
  for (const grad of grads) deviceOf(grad).kernels.fill(grad.storage, 0, grad.size);
}

/**
 * Scales gradients by limit / ‖g‖ where their global norm ‖g‖ = √(Σ g²) is above `limit` (Pascanu et
 * al. 2013, algorithm 1).
 *
 * @returns the norm before clipping, a tensor of shape ()
 * @throws DataError when there is no gradient, or the limit is not above 0
 * @example
 * const grad = tensor([3, 4]);
 * clipGradients([grad], 1).toArray(); // → 5
 * grad.data; // → [0.6, 0.8]
 */
export function clipGradients(grads: readonly Tensor[], limit: number): Tensor {
  const where = "clipGradients";
  checkTensors(where, "grads", grads);
  checkNumber(where, "the limit", limit, "a number above 0", (value) => value > 0);
  const [first] = grads;
  if (first === undefined) {
    throw new DataError({ where, expected: "at least one gradient", received: "an empty array" });
  }
  for (const [i, grad] of grads.entries())
    together(where, { "grads[0]": first, [`grads[${i}]`]: grad });
  const norm = newTensor(first, []);
  const { kernels } = deviceOf(first);
  for (const [i, grad] of grads.entries()) {
    kernels.norm(grad.storage, norm.storage, grad.size, i > 0);
  }
  for (const grad of grads) kernels.clipToNorm(grad.storage, norm.storage, limit, grad.size);
  return norm;
}

function checkRate(where: string, rate: unknown): void {
  checkNumber(where, "the rate", rate, "a finite number ≥ 0", (value) => {
    return value >= 0 && Number.isFinite(value);
  });
}

function checkGuards(where: string, params: readonly Tensor[], guards: readonly Tensor[]): void {
  checkTensors(where, "guards", guards);
  if (guards.length > 2) {
    throw new DataError({ where, expected: "at most two guards", received: `${guards.length}` });
  }
  for (const [i, guard] of guards.entries()) {
    const name = `guards[${i}]`;
    if (guard.size !== 1) {
      const received = `shape ${formatShape(guard.shape)}`;
      throw new ShapeError({ where, expected: `${name} to be one number`, received });
    }
    for (const [k, param] of params.entries()) {
      together(where, { [`params[${k}]`]: param, [name]: guard });
    }
  }
}

/** Settings of {@link Adam}. */
export interface AdamOptions {
  /** Learning rate, 0.001 unless given. */
  readonly rate?: number;
  /** β₁, how much of the mean gradient m a step keeps: 0.9 unless given. */
  readonly beta1?: number;
  /** β₂, the same of the mean square v: 0.999 unless given. */
  readonly beta2?: number;
  /** ε, which keeps the quotient finite: 1e-8 unless given. */
  readonly epsilon?: number;
}

/** What {@link Adam} remembers: enough to go on as if it had never stopped. */
export interface AdamState {
  /** Steps taken. */
  readonly steps: number;
  /** For every parameter, its mean gradient m and mean square v, row-major; none before the first step. */
  readonly moments: readonly {
    readonly m: Float32Array | Float64Array;
    readonly v: Float32Array | Float64Array;
  }[];
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1). Step t, for every parameter x with gradient g:
 *
 *     m = β₁ · m + (1 − β₁) · g        v = β₂ · v + (1 − β₂) · g²
 *     x −= rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * @example
 * const x = tensor([1]);
 * new Adam({ rate: 0.1 }).step([x], [tensor([5])]);
 * x.data; // → [0.900]
 */
export class Adam {
  readonly #rate: number;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  #steps = 0;
  #moments: readonly { m: Tensor; v: Tensor }[] = [];

  /** No parameters yet: the first step makes m and v for those it is given. */
  constructor(options: AdamOptions = {}) {
    checkOptions("Adam", options, ["rate", "beta1", "beta2", "epsilon"]);
    const { rate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    const share = (value: number): boolean => value >= 0 && value < 1;
    checkRate("Adam", rate);
    checkNumber("Adam", "beta1", beta1, "from 0 to less than 1", share);
    checkNumber("Adam", "beta2", beta2, "from 0 to less than 1", share);
    checkNumber("Adam", "epsilon", epsilon, "above 0", (value) => value > 0);
    this.#rate = rate;
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
  }

  /**
   * One step: params are changed in place, grads are left as they are.
   *
   * With guards, the device decides whether it is one: nothing but the count of steps changes where one of
   * them is not finite. So nobody has to wait for a loss before the next batch; who learns later that there was
   * no step calls {@link Adam.uncount}.
   *
   * @param rate the learning rate of this step, where a schedule sets it
   * @param guards at most two tensors of one number each: a loss, the norm of the gradients
   * @throws ShapeError when the tensors are not those of the first step, or a guard is not one number
   * @throws DataError when there are more than two guards
   */
  step(
    params: readonly Tensor[],
    grads: readonly Tensor[],
    rate: number = this.#rate,
    guards: readonly Tensor[] = [],
  ): void {
    checkTensors("Adam.step", "params", params);
    checkTensors("Adam.step", "grads", grads);
    checkRate("Adam.step", rate);
    checkGuards("Adam.step", params, guards);
    if (this.#moments.length === 0) {
      this.#moments = params.map((param) => {
        const moments = { m: newTensor(param, param.shape), v: newTensor(param, param.shape) };
        zeroGradients([moments.m, moments.v]);
        return moments;
      });
    }
    if (params.length !== this.#moments.length || grads.length !== params.length) {
      throw new ShapeError({
        where: "Adam.step",
        expected: `${this.#moments.length} params and as many grads`,
        received: `${params.length} and ${grads.length}`,
      });
    }
    for (const [i, param] of params.entries()) {
      const grad = grads[i] as Tensor;
      const { m } = this.#moments[i] as { m: Tensor };
      expectShape("Adam.step", `grads[${i}]`, grad, param.shape);
      expectShape("Adam.step", `params[${i}]`, param, m.shape);
      together("Adam.step", {
        [`params[${i}]`]: param,
        [`grads[${i}]`]: grad,
        [`params[${i}] of the first step`]: m,
      });
    }
    this.#steps++;
    const correction1 = 1 - this.#beta1 ** this.#steps;
    const correction2 = 1 - this.#beta2 ** this.#steps;
    const [loss, norm] = guards;
    for (const [i, param] of params.entries()) {
      const grad = grads[i] as Tensor;
      const { m, v } = this.#moments[i] as { m: Tensor; v: Tensor };
      deviceOf(param).kernels.adamStep(
        param.storage,
        grad.storage,
        m.storage,
        v.storage,
        loss?.storage ?? null,
        norm?.storage ?? null,
        rate,
        this.#beta1,
        this.#beta2,
        this.#epsilon,
        correction1,
        correction2,
        param.size,
      );
    }
  }

  /**
   * Says that some of the steps were none, since their guards were not finite: the corrections (1 − βᵗ) of those
   * to come are then those of the steps there were. What was corrected for too large a t before stays so.
   *
   * @throws DataError when the number is not a whole number from 0 to the steps taken
   *
   * @example
   * const [adam, x] = [new Adam({ rate: 0.1 }), tensor([1])];
   * adam.step([x], [tensor([5])], 0.1, [tensor([Number.NaN])]);
   * x.data; // → [1]
   * adam.uncount(1);
   * adam.step([x], [tensor([5])]);
   * x.data; // → [0.900]
   */
  uncount(steps: number): void {
    checkNumber(
      "Adam.uncount",
      "steps",
      steps,
      `a whole number from 0 to ${this.#steps}`,
      (value) => {
        return Number.isInteger(value) && value >= 0 && value <= this.#steps;
      },
    );
    this.#steps -= steps;
  }

  /** A copy of what it remembers. */
  async state(): Promise<AdamState> {
    const steps = this.#steps;
    const moments: { m: Float32Array | Float64Array; v: Float32Array | Float64Array }[] = [];
    // Before the first step that was one, there is nothing to remember but zeros.
    if (steps === 0) return { steps, moments };
    for (const { m, v } of this.#moments) moments.push({ m: await m.read(), v: await v.read() });
    return { steps, moments };
  }

  /**
   * Goes on from what {@link Adam.state} gave, on `params`: the next step is the one that would have been.
   *
   * @throws DataError when the state is none; ShapeError when it is of other parameters
   */
  restore(params: readonly Tensor[], state: AdamState): void {
    const where = "Adam.restore";
    checkTensors(where, "params", params);
    checkOptions(where, state, ["steps", "moments"]);
    checkNumber(where, "steps", state.steps, "a whole number ≥ 0", (value) => {
      return Number.isSafeInteger(value) && value >= 0;
    });
    const isMoment = (item: unknown): boolean => typeof item === "object" && item !== null;
    checkArray(where, "moments", state.moments, "{ m, v }", isMoment);
    const { moments } = state;
    if (moments.length !== 0 && moments.length !== params.length) {
      throw new ShapeError({
        where,
        expected: `moments of ${params.length} params`,
        received: `${moments.length}`,
      });
    }
    for (const [i, moment] of moments.entries()) {
      for (const name of ["m", "v"] as const) {
        const size = params[i]?.size;
        if (moment[name]?.length === size) continue;
        throw new ShapeError({
          where,
          expected: `${size} numbers as moments[${i}].${name}`,
          received: String(moment[name]?.length),
        });
      }
    }
    for (const { m, v } of this.#moments) {
      m.dispose();
      v.dispose();
    }
    this.#moments = moments.map(({ m, v }, i) => {
      const param = params[i] as Tensor;
      const made = { m: newTensor(param, param.shape), v: newTensor(param, param.shape) };
      made.m.storage.write(m);
      made.v.storage.write(v);
      return made;
    });
    this.#steps = state.steps;
  }
}
