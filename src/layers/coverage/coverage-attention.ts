import { checkOptions, checkSize, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import { Scope } from "../../core/scope.ts";
import { type Indices, Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { agree, axes, expectShape, together } from "../checks.ts";
import { type Layer, leftBy, newTensor, recall } from "../layer.ts";
import { type LayerOptions, type ParameterSpec, parametersOf } from "../parameters.ts";
import { Projection } from "../projection.ts";
import { stepsBackward } from "./backward.ts";
import { byStep, copyOfStep } from "./by-step.ts";
import { CoverageDecoding } from "./decoding.ts";
import {
  type CoverageCall,
  type CoverageNetwork,
  type CoverageParameters,
  sourceOf,
  stepsOf,
} from "./source.ts";
import { attendStep, type Source, type Steps } from "./step.ts";

/** Gradients of what {@link CoverageAttention} gave besides its context. */
export interface CoverageGradients {
  /** Of {@link CoverageAttention.attentionWeights} (N, Tq, Tk). */
  readonly dWeights?: Tensor | undefined;
  /**
   * Of {@link CoverageAttention.coverageLoss}: (N, Tq), or one number for all of it, as λ / (N · Tq) for
   * λ times its mean.
   */
  readonly dCoverageLoss?: Tensor | number | undefined;
}

/** What the last forward pass left: its caller's tensors, and in `steps` and `own` the layer's. */
interface CoverageMemory {
  readonly query: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly lengths: Indices | undefined;
  readonly source: Source;
  /** query as (Tq, N, Dq), and keys without their padding. */
  readonly own: { readonly query: Tensor; readonly keys: Tensor };
  readonly steps: Steps;
  readonly scope: Scope;
}

/** What the last forward pass gave besides context: the caller's. */
interface CoverageOutcome {
  readonly weights: Tensor;
  readonly coverage: Tensor;
  readonly loss: Tensor;
}

/**
 * Additive attention that knows what it has attended to (See, Liu & Manning 2017, equations 1, 2 and 10 to
 * 12; the additive score is that of Bahdanau et al. 2015). For query q, after those before it:
 *
 *     coverage[q, t] = Σ_{p < q} weights[p, t]
 *     score[t]       = v · tanh(keys[t] · Wk + query[q] · Wq + coverage[q, t] · wc + b)
 *     weights[q]     = softmaxₜ(score)             context[q] = Σₜ weights[q, t] · values[t]
 *     coverageLoss[q] = Σₜ min(weights[q, t], coverage[q, t])
 *
 * The loss is what a query attends to again. One number per sequence and step: for the training loss of
 * the paper (equation 13), add λ times its sum over the steps that count, or its mean.
 *
 * Shapes: query (N, Tq, Dq), keys (N, Tk, Dk), values (N, Tk, E) → context (N, Tq, E). Parameters Wk
 * (Dk, A) and Wq (Dq, A), at first normal with deviations 1/√Dk and 1/√Dq, wc (A) and b (A), at first 0
 * (plain additive attention, as in the paper's training), and v (A), at first normal with deviation 1/√A.
 * The backward pass goes through all steps; it computes scores anew, so that memory grows with Tq · Tk
 * and not with A times that.
 *
 * @example
 * const layer = new CoverageAttention(3, 4, 8);
 * const random = new Random(1);
 * const keys = normal([2, 5, 4], random);
 * const context = layer.forward(normal([2, 6, 3], random), keys);
 * context.shape; // → [2, 6, 4]
 * layer.attentionWeights.shape; // → [2, 6, 5]
 * layer.coverageLoss.shape; // → [2, 6]
 * layer.coverageLoss.data[0]; // → 0
 * const [dQuery, dKeys, dValues] = layer.backward(context, { dCoverageLoss: 1 / 12 });
 * dQuery.shape; // → [2, 6, 3]
 */
export class CoverageAttention implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #network: CoverageNetwork;
  readonly #gradients: CoverageParameters;
  #memory: CoverageMemory | null = null;
  #outcome: CoverageOutcome | null = null;

  /**
   * @param querySize Dq
   * @param keySize Dk
   * @param size A, within the score
   */
  constructor(querySize: number, keySize: number, size: number, options: LayerOptions = {}) {
    const where = "CoverageAttention";
    checkSize(where, "querySize", querySize);
    checkSize(where, "keySize", keySize);
    checkSize(where, "size", size);
    const specs = (name: string): ParameterSpec[] =>
      CoverageAttention.specs(name, querySize, keySize, size);
    const { values, grads } = parametersOf(where, specs, options);
    this.params = values;
    this.grads = grads;
    this.#gradients = named(grads);
    this.#network = networkOf(named(values), this.#gradients);
  }

  /** The parameters of such a layer, for a shared {@link Parameters}: Wk, Wq, wc, b, v. */
  static specs(name: string, querySize: number, keySize: number, size: number): ParameterSpec[] {
    const deviation = (inputs: number): number => 1 / Math.sqrt(Math.max(inputs, 1));
    return [
      { name: `${name}.Wk`, shape: [keySize, size], deviation: deviation(keySize) },
      { name: `${name}.Wq`, shape: [querySize, size], deviation: deviation(querySize) },
      { name: `${name}.wc`, shape: [size], deviation: 0 },
      { name: `${name}.b`, shape: [size], deviation: 0 },
      { name: `${name}.v`, shape: [size], deviation: deviation(size) },
    ];
  }

  /** The weights (N, Tq, Tk) of the last forward pass. @throws StateError before there was one */
  get attentionWeights(): Tensor {
    return this.#last("attentionWeights").weights;
  }

  /** The sum (N, Tk) of all its weights. @throws StateError before there was one */
  get coverage(): Tensor {
    return this.#last("coverage").coverage;
  }

  /** Σₜ min(weights[n, q, t], coverage[n, q, t]) (N, Tq). @throws StateError before there was one */
  get coverageLoss(): Tensor {
    return this.#last("coverageLoss").loss;
  }

  /**
   * Keeps hold of what it takes: leave its numbers as they are until after `backward`. Of padding behind
   * `lengths` nothing is read; a sequence without keys has context, weights and gradients 0.
   *
   * @param values keys unless given
   * @throws ShapeError when shapes do not go together, or a length is not from 0 to Tk
   */
  forward(query: Tensor, keys: Tensor, values: Tensor = keys, call: CoverageCall = {}): Tensor {
    const where = "CoverageAttention.forward";
    const { parameters, projectQuery } = this.#network;
    const { Wq } = parameters;
    const [N, Tq, Dq] = axes(where, "query", query, "N", "Tq", "Dq");
    agree(where, "Dq", "query", Dq, "Wq", Wq.shape[0] ?? 0);
    const scope = new Scope();
    try {
      const { source, keys: real } = sourceOf(where, this.#network, keys, values, call, scope);
      agree(where, "N", "query", N, "keys", keys.shape[0] ?? 0);
      together(where, { Wq, query });
      const ordered = scope.keep(byStep(query));
      const steps = stepsOf(source, scope.keep(projectQuery.forward(ordered)), scope);
      const covered = newTensor(source.base, source.base.shape);
      for (let t = 0; t < Tq; t++) attendStep(source, steps, t, covered);
      covered.dispose();
      const context = byStep(steps.context);
      this.release();
      this.#outcome = {
        weights: byStep(steps.weights),
        coverage: copyOfStep(steps.coverages, Tq),
        loss: lossOf(steps),
      };
      const own = { query: ordered, keys: real };
      const { lengths } = call;
      this.#memory = { query, keys, values, lengths, source, own, steps, scope };
      return context;
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }

  /**
   * The gradients of what went in, through all steps at once: what a query attended to, all later ones
   * saw. Those of the parameters are added to `grads`. Where values were left out, they were the keys, whose
   * gradient is dKeys + dValues.
   *
   * @throws StateError before `forward`; ShapeError when a gradient does not have the shape of what it is of
   */
  backward(
    dContext: Tensor,
    more: CoverageGradients = {},
  ): [dQuery: Tensor, dKeys: Tensor, dValues: Tensor] {
    const where = "CoverageAttention.backward";
    checkOptions(where, more, ["dWeights", "dCoverageLoss"]);
    const memory = recall("CoverageAttention", this.#memory);
    const { query, keys, values, source, own, steps } = memory;
    const [N, Tq] = query.shape as [number, number];
    const [, Tk] = source.base.shape as [number, number];
    const given = (name: string, value: Tensor, ...shape: readonly number[]): void => {
      expectShape(where, name, value, shape);
      together(where, { query, [name]: value });
    };
    given("dContext", dContext, N, Tq, values.shape[2] ?? 0);
    const { dWeights, dCoverageLoss } = more;
    if (dWeights !== undefined) given("dWeights", dWeights, N, Tq, Tk);
    if (dCoverageLoss instanceof Tensor) given("dCoverageLoss", dCoverageLoss, N, Tq);
    else checkLossGradient(where, dCoverageLoss);
    const temporary = new Scope();
    const ordered = (x: Tensor): Tensor => temporary.keep(byStep(x));
    try {
      const upstream = {
        dContext: ordered(dContext),
        dWeights: dWeights === undefined ? null : ordered(dWeights),
        dLoss:
          dCoverageLoss === undefined ? null : ordered(spread(dCoverageLoss, query, temporary)),
      };
      const { wc: dwc, v: dv } = this.#gradients;
      const { dBase, dProjected, dValues } = stepsBackward(source, steps, upstream, { dwc, dv });
      temporary.keep(dBase);
      temporary.keep(dProjected);
      const { projectKeys, projectQuery } = this.#network;
      projectQuery.learn(own.query, dProjected, false);
      const dOrdered = temporary.keep(newTensor(query, own.query.shape));
      projectQuery.inputGradient(dProjected, dOrdered, false);
      projectKeys.learn(own.keys, dBase, false);
      const dKeys = newTensor(keys, keys.shape);
      projectKeys.inputGradient(dBase, dKeys, false);
      return [byStep(dOrdered), dKeys, dValues];
    } finally {
      temporary.dispose();
    }
  }

  /**
   * The same attention for queries that come one at a time, as a decoder's do.
   *
   * @throws ShapeError as `forward` does
   */
  decode(keys: Tensor, values: Tensor = keys, call: CoverageCall = {}): CoverageDecoding {
    return new CoverageDecoding(this.#network, keys, values, call);
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#memory?.scope.dispose();
    this.#memory = null;
  }

  #last(name: string): CoverageOutcome {
    const where = `CoverageAttention.${name}`;
    return leftBy(where, "CoverageAttention.forward", this.#outcome, "nothing yet");
  }
}

function named(tensors: readonly Tensor[]): CoverageParameters {
  const [Wk, Wq, wc, b, v] = tensors as [Tensor, Tensor, Tensor, Tensor, Tensor];
  return { Wk, Wq, wc, b, v };
}

function networkOf(parameters: CoverageParameters, gradients: CoverageParameters): CoverageNetwork {
  const part = (name: "Wk" | "Wq" | "b") => ({ value: parameters[name], grad: gradients[name] });
  const projectKeys = new Projection(part("Wk"), part("b"));
  return { parameters, projectKeys, projectQuery: new Projection(part("Wq"), null) };
}

/** Σₜ min(weights[t], coverage[t]) (N, Tq). */
function lossOf({ weights, coverages }: Steps): Tensor {
  const [T, N, Tk] = weights.shape as [number, number, number];
  const scope = new Scope();
  const room = (...shape: readonly number[]): Tensor => scope.keep(newTensor(weights, shape));
  const [minima, ones, sums] = [room(T, N, Tk), room(Tk), room(T, N)];
  const before = scope.keep(coverages.view(0, weights.shape));
  const { kernels } = familyDevice(weights);
  kernels.minimumForward(weights.storage, before.storage, minima.storage, minima.size);
  kernels.fill(ones.storage, 1, Tk);
  const [from, to] = [minima.storage, sums.storage];
  kernels.matmul(from, ones.storage, null, to, T * N, 1, Tk, false, false, false);
  const loss = byStep(sums);
  scope.dispose();
  return loss;
}

function checkLossGradient(where: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return;
  throw new DataError({
    where,
    expected: "dCoverageLoss to be a tensor (N, Tq) or a finite number",
    received: describe(value),
  });
}

/** One number for each sequence and step. */
function spread(gradient: Tensor | number, query: Tensor, scope: Scope): Tensor {
  if (gradient instanceof Tensor) return gradient;
  const spread = scope.keep(newTensor(query, query.shape.slice(0, 2)));
  familyDevice(query).kernels.fill(spread.storage, gradient, spread.size);
  return spread;
}
