import { checkNumber, checkOptions, checkSize } from "../../core/arguments.ts";
import { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { agree, axes, checkLengths, expectShape, together } from "../checks.ts";
import { type Layer, leftBy, newTensor, recall } from "../layer.ts";
import { type ParameterSpec, parametersOf } from "../parameters.ts";
import { Projection } from "../projection.ts";
import { checkForm, checkOffset, type LocalAttentionOptions, type LocalCall } from "./options.ts";
import { type Prediction, predict, predictBackward } from "./predictor.ts";
import {
  gather,
  gatherBackward,
  spread,
  spreadBackward,
  type Windows,
  windowsAround,
} from "./windows.ts";

/** Parameters, or their gradients; those that the form has. */
interface LocalParameters {
  readonly Wp?: Tensor;
  readonly vp?: Tensor;
  readonly W?: Tensor;
}

interface LocalMemory {
  readonly query: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
  /** query · W, or query itself. */
  readonly compared: Tensor;
  readonly prediction: Prediction | null;
  readonly windows: Windows;
  /** The windows' keys and values (N · Tq, width, …). */
  readonly near: { readonly keys: Tensor; readonly values: Tensor };
  /** Of (N · Tq, width): the softmax, the Gaussians, and their product. */
  readonly align: Tensor;
  readonly bells: Tensor | null;
  readonly weights: Tensor;
  readonly scope: Scope;
}

/**
 * Attention to a window of keys around a centre p, which each query predicts (Luong et al. 2015, section
 * 3.2, local-p, equations 9 and 10):
 *
 *     p[q]       = S · σ(vp · tanh(query[q] · Wp))          S keys of the sequence
 *     align[q]   = softmax of score(query[q], keys[s]) over the keys with |s − p| ≤ window
 *     weights[q, s] = align[q, s] · exp(−(s − p)² / (2σ²)),  σ = window / 2; 0 outside of the window
 *     context[q] = Σₛ weights[q, s] · values[s]
 *
 * with score query · key or, "general", query · W · key (section 3.1). Or, local-m, with p[q] = q and no
 * Gaussian. Weights of local-p sum to less than 1, as in the paper. Which keys are in the window has no
 * gradient; how far they are from p has. Work and memory grow with Tq · window, not with Tq · Tk.
 *
 * Shapes: query (N, Tq, Dq), keys (N, Tk, Dk), values (N, Tk, E) → context (N, Tq, E); Dq = Dk with the
 * score "dot". Parameters, as far as the form has them: Wp (Dq, Dq) and vp (Dq), W (Dq, Dk), at first normal
 * with deviation 1/√Dq.
 *
 * @example
 * const layer = new LocalAttention(4, 4, 2);
 * const random = new Random(1);
 * const keys = normal([1, 9, 4], random);
 * const context = layer.forward(normal([1, 3, 4], random), keys);
 * context.shape; // → [1, 3, 4]
 * layer.centres.shape; // → [1, 3]
 * layer.attentionWeights.shape; // → [1, 3, 9]
 * const [dQuery, dKeys, dValues] = layer.backward(context);
 * dQuery.shape; // → [1, 3, 4]
 * @example
 * const layer = new LocalAttention(1, 1, 1, { alignment: "monotonic" });
 * const keys = tensor([[[1], [2], [3], [4]]]);
 * layer.forward(zeros([1, 4, 1]), keys).toArray(); // → [[[1.5], [2], [3], [3.5]]]
 * layer.centres.toArray(); // → [[0, 1, 2, 3]]
 */
export class LocalAttention implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #querySize: number;
  readonly #keySize: number;
  readonly #window: number;
  readonly #parameters: LocalParameters;
  readonly #gradients: LocalParameters;
  /** query · W; null where the score has no W. */
  readonly #project: Projection | null;
  #memory: LocalMemory | null = null;
  #centres: Tensor | null = null;
  /** Weights (N, Tq, Tk), once asked for. */
  #weights: Tensor | null = null;

  /**
   * @param querySize Dq
   * @param keySize Dk
   * @param window D of the paper: how far from its centre a query looks, at least 1
   */
  constructor(
    querySize: number,
    keySize: number,
    window: number,
    options: LocalAttentionOptions = {},
  ) {
    const where = "LocalAttention";
    checkSize(where, "querySize", querySize);
    checkSize(where, "keySize", keySize);
    const range = "a whole number from 1 to 1000000000";
    checkNumber(where, "window", window, range, (value) => {
      return Number.isInteger(value) && value >= 1 && value <= 1e9;
    });
    const { score = "dot", alignment = "predictive", ...own } = checkForm(where, options);
    if (score === "dot") agree(where, "D", "query", querySize, "keys", keySize);
    const form = { score, alignment };
    const specs = (name: string): ParameterSpec[] =>
      LocalAttention.specs(name, querySize, keySize, form);
    const { values, grads } = parametersOf(where, specs, own);
    this.params = values;
    this.grads = grads;
    const names = specs("").map(({ name }) => name.slice(1));
    const named = (tensors: readonly Tensor[]): LocalParameters =>
      Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
    this.#parameters = named(values);
    this.#gradients = named(grads);
    const [W, dW] = [this.#parameters.W, this.#gradients.W];
    this.#project =
      W === undefined || dW === undefined ? null : new Projection({ value: W, grad: dW }, null);
    this.#querySize = querySize;
    this.#keySize = keySize;
    this.#window = window;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}: Wp and vp, then W, as far as it has them. */
  static specs(
    name: string,
    querySize: number,
    keySize: number,
    form: Pick<LocalAttentionOptions, "score" | "alignment"> = {},
  ): ParameterSpec[] {
    const deviation = 1 / Math.sqrt(Math.max(querySize, 1));
    const specs: ParameterSpec[] = [];
    if (form.alignment !== "monotonic") {
      specs.push({ name: `${name}.Wp`, shape: [querySize, querySize], deviation });
      specs.push({ name: `${name}.vp`, shape: [querySize], deviation });
    }
    if (form.score === "general") {
      specs.push({ name: `${name}.W`, shape: [querySize, keySize], deviation });
    }
    return specs;
  }

  /** The centres (N, Tq) of the last forward pass. @throws StateError before there was one */
  get centres(): Tensor {
    return last("centres", this.#centres);
  }

  /**
   * The weights (N, Tq, Tk) of the last forward pass, 0 outside of the windows; made when they are asked
   * for. @throws StateError before there was one, or after `release`
   */
  get attentionWeights(): Tensor {
    if (this.#weights?.disposed === false) return this.#weights;
    const { query, keys, weights, windows } = last("attentionWeights", this.#memory);
    this.#weights = spread(weights, windows, weightShape(query, keys));
    return this.#weights;
  }

  /**
   * Keeps hold of what it takes: leave its numbers as they are until after `backward`. A query without any
   * key in its window has context, weights and gradients 0.
   *
   * @param values keys unless given
   * @throws ShapeError when shapes do not go together, or a length is not from 0 to Tk
   */
  forward(query: Tensor, keys: Tensor, values: Tensor = keys, call: LocalCall = {}): Tensor {
    const where = "LocalAttention.forward";
    const { Tk, lengths } = this.#check(where, query, keys, values, call);
    const scope = new Scope();
    try {
      const prediction = this.#predict(query, lengths, scope);
      const numbers = prediction === null ? monotonic(query, call.offset ?? 0) : null;
      const centres = prediction?.centres ?? newTensor(query, query.shape.slice(0, 2));
      if (numbers !== null) centres.storage.write(numbers);
      const windows = windowsAround(
        centres,
        numbers ?? centres.data,
        this.#window,
        lengths,
        Tk,
        scope,
      );
      const nearKeys = gather(keys, windows, scope);
      const near = {
        keys: nearKeys,
        values: values === keys ? nearKeys : gather(values, windows, scope),
      };
      const compared = this.#project === null ? query : scope.keep(this.#project.forward(query));
      const { rows, width, counts } = windows;
      const room = (): Tensor => scope.keep(newTensor(query, [rows, width]));
      const align = room();
      const { kernels } = familyDevice(query);
      const sizes = [rows, 1, width] as const;
      const [a, lengthsOfRows] = [align.storage, counts.storage];
      const [q, k, v] = [compared.storage, near.keys.storage, near.values.storage];
      kernels.attentionWeightForward(q, k, lengthsOfRows, a, ...sizes, this.#keySize);
      let [bells, weights]: [Tensor | null, Tensor] = [null, align];
      if (prediction !== null) {
        [bells, weights] = [room(), room()];
        const [g, w] = [bells.storage, weights.storage];
        kernels.gaussianForward(windows.centres.storage, g, rows, width, this.#window / 2);
        kernels.multiply(a, g, w, align.size);
        // NaN of a centre is to stay among the keys that there are.
        kernels.maskSteps(w, lengthsOfRows, w, rows, width, 1);
      }
      const size = values.shape[2] ?? 0;
      const context = newTensor(query, [...query.shape.slice(0, 2), size]);
      const out = context.storage;
      kernels.weightSumForward(v, weights.storage, lengthsOfRows, out, ...sizes, size);
      this.release();
      const made = { compared, prediction, windows, near, align, bells, weights, scope };
      this.#memory = { query, keys, values, ...made };
      this.#centres = centres;
      this.#weights = null;
      return context;
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }

  /**
   * The gradients of what went in; those of the parameters are added to `grads`. Where values were left
   * out, they were the keys, whose gradient is dKeys + dValues.
   *
   * @param more.dWeights of {@link attentionWeights}, if something else was made of those
   * @throws StateError before `forward`; ShapeError when a gradient does not have the shape of what it is of
   */
  backward(
    dContext: Tensor,
    more: { readonly dWeights?: Tensor | undefined } = {},
  ): [dQuery: Tensor, dKeys: Tensor, dValues: Tensor] {
    const where = "LocalAttention.backward";
    checkOptions(where, more, ["dWeights"]);
    const memory = recall("LocalAttention", this.#memory);
    const { query, keys, values, compared, windows, near, align, bells, weights } = memory;
    const size = values.shape[2] ?? 0;
    expectShape(where, "dContext", dContext, [...query.shape.slice(0, 2), size]);
    together(where, { query, dContext });
    const { dWeights } = more;
    if (dWeights !== undefined) {
      expectShape(where, "dWeights", dWeights, weightShape(query, keys));
      together(where, { query, dWeights });
    }
    const scope = new Scope();
    try {
      const { rows, width, counts } = windows;
      const like = (x: Tensor): Tensor => scope.keep(newTensor(x, x.shape));
      const { kernels } = familyDevice(query);
      const sizes = [rows, 1, width] as const;
      const [dShares, dNearValues, dNearKeys] = [like(weights), like(near.values), like(near.keys)];
      const [d, lengths] = [dShares.storage, counts.storage];
      const [w, v, dV] = [weights.storage, near.values.storage, dNearValues.storage];
      kernels.weightSumBackward(v, w, lengths, dContext.storage, d, dV, ...sizes, size, false);
      if (dWeights !== undefined) {
        kernels.add(d, spreadBackward(dWeights, windows, scope).storage, d, dShares.size);
      }
      const dCentres = scope.keep(newTensor(query, query.shape.slice(0, 2)));
      if (bells !== null) {
        const [bell, dBells, at] = [bells.storage, like(bells).storage, windows.centres.storage];
        kernels.multiply(d, align.storage, dBells, bells.size);
        const into = dCentres.storage;
        kernels.gaussianBackward(at, bell, dBells, into, rows, width, this.#window / 2);
        kernels.multiply(d, bell, d, bells.size);
      }
      const dCompared = newTensor(query, compared.shape);
      const [q, k] = [compared.storage, near.keys.storage];
      const [dQ, dK] = [dCompared.storage, dNearKeys.storage];
      const inner = [...sizes, this.#keySize, false] as const;
      kernels.attentionWeightBackward(q, k, lengths, align.storage, d, d, dQ, dK, ...inner);
      const dQuery = this.#compareBackward(query, dCompared, scope);
      this.#predictBackward(memory, dCentres, dQuery, scope);
      const dKeys = gatherBackward(keys, windows, dNearKeys);
      return [dQuery, dKeys, gatherBackward(values, windows, dNearValues)];
    } finally {
      scope.dispose();
    }
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#memory?.scope.dispose();
    this.#memory = null;
  }

  #check(where: string, query: Tensor, keys: Tensor, values: Tensor, call: LocalCall) {
    checkOptions(where, call, ["lengths", "offset"]);
    const [N, Tq] = axes(where, "query", query, "N", "Tq", "Dq");
    const [keysN, Tk] = axes(where, "keys", keys, "N", "Tk", "Dk");
    expectShape(where, "query", query, [N, Tq, this.#querySize]);
    expectShape(where, "keys", keys, [keysN, Tk, this.#keySize]);
    agree(where, "N", "keys", keysN, "query", N);
    const [, , E] = axes(where, "values", values, "N", "Tk", "E");
    expectShape(where, "values", values, [N, Tk, E]);
    together(where, { ...this.#parameters, query, keys, values });
    checkLengths(where, call.lengths, keys, N, Tk);
    checkOffset(where, call.offset, this.#parameters.Wp === undefined);
    // A copy: where memory grows, a view of it may not last.
    return { Tk, lengths: call.lengths?.data.slice() ?? new Int32Array(N).fill(Tk) };
  }

  #predict(query: Tensor, lengths: Int32Array, scope: Scope): Prediction | null {
    const { Wp, vp } = this.#parameters;
    return Wp === undefined || vp === undefined ? null : predict(query, { Wp, vp }, lengths, scope);
  }

  /** dQuery, and what is added to dW. */
  #compareBackward(query: Tensor, dCompared: Tensor, scope: Scope): Tensor {
    if (this.#project === null) return dCompared;
    scope.keep(dCompared);
    this.#project.learn(query, dCompared, false);
    const dQuery = newTensor(query, query.shape);
    this.#project.inputGradient(dCompared, dQuery, false);
    return dQuery;
  }

  #predictBackward(
    { query, prediction }: LocalMemory,
    dCentres: Tensor,
    dQuery: Tensor,
    scope: Scope,
  ): void {
    if (prediction === null) return;
    const parameters = this.#parameters as { Wp: Tensor; vp: Tensor };
    const gradients = this.#gradients as { Wp: Tensor; vp: Tensor };
    predictBackward(query, parameters, prediction, dCentres, dQuery, gradients, scope);
  }
}

/** Query q around key q, or around key q + offset: as numbers, which need not be looked at on any device. */
function monotonic(query: Tensor, offset: number): Float32Array | Float64Array {
  const [N, Tq] = query.shape as [number, number];
  const numbers = Float64Array.from({ length: N * Tq }, (_, i) => offset + (i % Tq));
  return query.dtype === "float64" ? numbers : Float32Array.from(numbers);
}

function weightShape(query: Tensor, keys: Tensor): number[] {
  return [query.shape[0] ?? 0, query.shape[1] ?? 0, keys.shape[1] ?? 0];
}

function last<Left>(name: string, left: Left | null): Left {
  return leftBy(`LocalAttention.${name}`, "LocalAttention.forward", left, "nothing yet");
}
