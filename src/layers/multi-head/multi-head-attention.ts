import { checkOptions } from "../../core/arguments.ts";
import { StateError } from "../../core/errors.ts";
import { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { attend } from "../attend/attend.ts";
import { KeyValueCache } from "../attend/key-value-cache.ts";
import type { AttentionOptions, KeysAndValues } from "../attend/options.ts";
import type { AttentionResult } from "../attend/result.ts";
import { checkLengths, checkSteps, expectShape, together } from "../checks.ts";
import { type Layer, newTensor, recall } from "../layer.ts";
import { maskSteps, withoutPadding } from "../padding.ts";
import {
  layerOptionsOf,
  type ParameterSpec,
  type Parameters,
  parametersOf,
} from "../parameters.ts";
import { Projection } from "../projection.ts";
import { type MultiHeadCall, partsOf } from "./call.ts";
import {
  type AttentionRules,
  type HeadSettings,
  type HeadSizes,
  headSettingsOf,
  headSizesOf,
  headSpecs,
  type MultiHeadAttentionOptions,
  rulesOf,
  weightsWanted,
} from "./options.ts";

/** Gradients of what `forward` took, in its order and as many: with the query alone, that of the query. */
export type MultiHeadGradients = [dQuery: Tensor, dKeys?: Tensor, dValues?: Tensor];

/** What a forward pass leaves; what callers gave lies at the top, where `recall` looks. */
interface Memory {
  readonly query: Tensor;
  readonly keys: Tensor | undefined;
  readonly values: Tensor | undefined;
  readonly lengths: Indices | undefined;
  readonly call: MultiHeadCall;
  /** The query without its padding; the query itself where it has none. */
  readonly used: { readonly query: Tensor };
  readonly result: AttentionResult;
  /** What was made on the way. */
  readonly owned: Scope;
}

const NAME = "MultiHeadAttention";

/**
 * Attention of several heads at once (Vaswani et al. 2017, section 3.2.2):
 *
 *     headₕ = softmax(scale · (query · Wqₕ + bqₕ) · (keys · Wkₕ + bkₕ)ᵀ) · (values · Wvₕ + bvₕ)
 *     out   = [head₁, …, head_H] · Wo + bo
 *
 * Shapes: query (N, Tq, size), keys (N, Tk, keySize), values (N, Tk, valueSize) → out (N, Tq, outSize).
 * Self-attention is `forward(query)`; with `forward(query, keys)` the keys are the values too. Heads lie side
 * by side along the last axis, and nothing is transposed.
 *
 * Parameters, matrices input × output and head h in columns h · headSize … (h + 1) · headSize: Wq (size,
 * heads · headSize), bq, Wk (keySize, keyHeads · headSize), bk, Wv (valueSize, keyHeads · valueHeadSize), bv,
 * Wo (heads · valueHeadSize, outSize), bo, in this order; at first normal with deviation 1/√inputs, and 0.
 * {@link fromTorchAttention} and {@link fromKerasAttention} bring those of other libraries.
 *
 * @example
 * const layer = new MultiHeadAttention({ size: 8, heads: 2 });
 * const x = normal([2, 5, 8], new Random(1));
 * const out = layer.forward(x, { causal: true, return: { weights: true } });
 * out.shape; // → [2, 5, 8]
 * layer.attentionWeights.shape; // → [2, 2, 5, 5]
 * const [dx] = layer.backward(out);
 * dx.shape; // → [2, 5, 8]
 * @example
 * const layer = new MultiHeadAttention({ size: 8, heads: 4, keyHeads: 2, keySize: 3, bias: false });
 * const [query, memory] = [normal([1, 2, 8], new Random(1)), normal([1, 7, 3], new Random(2))];
 * const out = layer.forward(query, memory, { lengths: indices([4]) });
 * const [dQuery, dMemory] = layer.backward(out);
 * dMemory?.shape; // → [1, 7, 3]
 * layer.forward(query); // → throws ShapeError
 */
export class MultiHeadAttention implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  /** Where these lie by name, `layer.Wq`, `layer.bq`, …: those it was given, or its own. */
  readonly parameters: Parameters;
  readonly #sizes: HeadSizes;
  readonly #settings: HeadSettings;
  readonly #rules: AttentionRules;
  readonly #project: { readonly [which in "q" | "k" | "v" | "o"]: Projection };
  #memory: Memory | null = null;
  #dBias: Tensor | null = null;
  #forwards = 0;

  /**
   * @throws ShapeError when a size is none, or heads do not divide it; DataError for any other option that
   *   is out of range or unknown
   */
  constructor(options: MultiHeadAttentionOptions) {
    const sizes = headSizesOf(NAME, options);
    this.#sizes = sizes;
    this.#settings = headSettingsOf(NAME, options, sizes);
    this.#rules = rulesOf(NAME, options);
    const specs = (name: string): ParameterSpec[] => headSpecs(name, sizes);
    const { parameters, values, grads } = parametersOf(NAME, specs, layerOptionsOf(options));
    this.params = values;
    this.grads = grads;
    this.parameters = parameters;
    const parameter = (i: number) => ({ value: this.params[i]!, grad: this.grads[i]! });
    const projection = (i: number): Projection =>
      sizes.bias
        ? new Projection(parameter(2 * i), parameter(2 * i + 1))
        : new Projection(parameter(i), null);
    this.#project = { q: projection(0), k: projection(1), v: projection(2), o: projection(3) };
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, options: MultiHeadAttentionOptions): ParameterSpec[] {
    return headSpecs(name, headSizesOf(`${NAME}.specs`, options));
  }

  /**
   * The weights (N, heads, Tq, Tk) of the last forward pass, before dropout.
   *
   * @throws StateError where there was none, or it was not to keep them
   */
  get attentionWeights(): Tensor {
    const weights = this.#memory?.result.weights;
    // A view, which lives on when the layer gives its own back.
    if (weights !== undefined) return weights.view(0, weights.shape);
    throw new StateError({
      where: `${NAME}.attentionWeights`,
      expected: "a layer or a call with return: { weights: true }",
      received: this.#memory === null ? "no forward pass" : "one whose weights never came to be",
    });
  }

  /** The gradient of the last call's `bias`, of its shape. @throws StateError before such a backward pass */
  get dBias(): Tensor {
    if (this.#dBias !== null) return this.#dBias.view(0, this.#dBias.shape);
    throw new StateError({
      where: `${NAME}.dBias`,
      expected: "a backward pass of a call with a bias",
      received: "none",
    });
  }

  /** Self-attention: the query is keys and values too. */
  forward(query: Tensor, call?: MultiHeadCall): Tensor;
  /** Cross-attention; keys are the values too. */
  forward(query: Tensor, keys: Tensor | undefined, call?: MultiHeadCall): Tensor;
  /**
   * Leave the numbers of what goes in as they are until after `backward`; out may be disposed.
   *
   * @throws ShapeError when shapes do not go together; DtypeError or DeviceError when dtypes or devices are
   *   mixed; DataError for an option that is out of range or unknown
   */
  forward(
    query: Tensor,
    keys: Tensor | undefined,
    values: Tensor | undefined,
    call?: MultiHeadCall,
  ): Tensor;
  /** What the signatures above have in common. */
  forward(query: Tensor, ...rest: readonly unknown[]): Tensor {
    const where = `${NAME}.forward`;
    const { keys, values, call } = partsOf(where, query, rest);
    this.#check(where, "query", query, this.#sizes.size);
    const owned = new Scope();
    try {
      const alone = keys === undefined && call.projected === undefined;
      const used = alone ? withoutPadding(where, query, call, owned) : query;
      const source = call.projected ?? this.#projectBoth(where, keys ?? used, values, call, owned);
      const q = this.#turned(owned.keep(this.#project.q.forward(used)), call, owned);
      const places = { forward: where, backward: `${NAME}.backward` };
      const options = this.#optionsOf(where, call);
      const result = owned.keep(attend(places, q, source.keys, source.values, options));
      const out = this.#project.o.forward(result.context);
      this.#forwards++;
      this.release();
      const given = { query, keys, values, lengths: call.lengths, call };
      this.#memory = { ...given, used: { query: used }, result, owned };
      return out;
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /**
   * One gradient per input of `forward`: where the query was keys and values too, dQuery is the sum of all
   * three; where keys were the values, dKeys is the sum of both. Those of the parameters are added to
   * `grads`, that of a `bias` is {@link MultiHeadAttention.dBias}.
   *
   * @param dOut (N, Tq, outSize)
   * @param more.dWeights (N, heads, Tq, Tk), where something else was made of the weights
   * @throws StateError before `forward`, or after one with a cache or projected keys; ShapeError when a
   *   gradient does not have the shape of what it is the gradient of
   */
  backward(
    dOut: Tensor,
    more: { readonly dWeights?: Tensor | undefined } = {},
  ): MultiHeadGradients {
    const where = `${NAME}.backward`;
    const { query, keys, values, lengths, call, used, result } = recall(NAME, this.#memory);
    checkOptions(where, more, ["dWeights"]);
    if (call.projected !== undefined) {
      throw new StateError({
        where,
        expected: "a result that can be undone",
        received: "a call with projected keys, which has no backward pass",
      });
    }
    expectShape(where, "dOut", dOut, [...query.shape.slice(0, 2), this.#sizes.outSize]);
    together(where, { query, dOut });
    // Whoever gave them may have written to them since.
    const steps = (keys ?? query).shape[1]!;
    if (call.cache === undefined) checkLengths(where, lengths, query, query.shape[0]!, steps);
    const [scope, made] = [new Scope(), new Scope()];
    try {
      const { context } = result;
      const dContext = scope.keep(newTensor(context, context.shape));
      this.#project.o.inputGradient(dOut, dContext, false);
      const through = result.backward(dContext, more);
      const { dValues, dBias } = through;
      this.#dBias?.dispose();
      this.#dBias = dBias ?? null;
      for (const each of [through.dQuery, through.dKeys, dValues]) scope.keep(each);
      const dQuery = this.#turnedBack(through.dQuery, scope);
      const dKeys = this.#turnedBack(through.dKeys, scope);

      const { q, k, v, o } = this.#project;
      o.learn(context, dOut, false);
      q.learn(used.query, dQuery, false);
      // A key that nobody met reached nothing, whatever stands in it, but where it is a query too.
      const alone = keys === undefined;
      k.learn(keys ?? used.query, dKeys, !alone);
      v.learn(values ?? keys ?? used.query, dValues, !alone);

      const inputs = [query, keys, values].filter((x) => x !== undefined);
      const gradients = inputs.map((x) => made.keep(newTensor(x, x.shape))) as MultiHeadGradients;
      const [dx, toKeys = dx, toValues = toKeys] = gradients;
      q.inputGradient(dQuery, dx, false);
      k.inputGradient(dKeys, toKeys, toKeys === dx);
      v.inputGradient(dValues, toValues, toValues === toKeys);
      if (used.query !== query) maskSteps(where, dx, lengths!, dx);
      return gradients;
    } catch (error) {
      made.dispose();
      throw error;
    } finally {
      scope.dispose();
    }
  }

  /**
   * Keys and values as every head meets them, to be `projected` of any number of calls: what a decoder
   * attends to needs this once. They are the caller's; such calls have no backward pass.
   *
   * @param keys (N, Tk, keySize)
   * @param values (N, Tk, valueSize); the keys unless given
   * @returns keys (N, Tk, keyHeads · headSize) and values (N, Tk, keyHeads · valueHeadSize)
   * @throws ShapeError, DtypeError and DeviceError as `forward`
   */
  projectKeys(keys: Tensor, values?: Tensor): KeysAndValues {
    const made = new Scope();
    try {
      return this.#projectBoth(`${NAME}.projectKeys`, keys, values, {}, made);
    } catch (error) {
      made.dispose();
      throw error;
    }
  }

  /**
   * A cache for calls that make one step after the other: `forward(step, { cache, causal: true })`.
   *
   * @param batch N
   * @param capacity the most steps it takes; without it, it grows
   */
  newCache(batch: number, capacity?: number): KeyValueCache {
    const { keyHeads: heads, headSize: size, valueHeadSize: valueSize } = this.#sizes;
    const { device, dtype } = this.params[0]!;
    return new KeyValueCache({ batch, heads, size, valueSize, capacity, device, dtype });
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#memory?.owned.dispose();
    this.#memory = null;
    this.#dBias?.dispose();
    this.#dBias = null;
  }

  #projectBoth(
    where: string,
    keys: Tensor,
    values: Tensor | undefined,
    call: MultiHeadCall,
    owned: Scope,
  ): KeysAndValues {
    const { keySize, valueSize } = this.#sizes;
    this.#check(where, "keys", keys, keySize);
    const [name, given] = values === undefined ? ["keys, as values,", keys] : ["values", values];
    this.#check(where, name, given, valueSize);
    return {
      keys: this.#turned(owned.keep(this.#project.k.forward(keys)), call, owned),
      values: owned.keep(this.#project.v.forward(given)),
    };
  }

  /** Queries or keys (N, T, heads · headSize), turned to where they stand, behind the steps of a cache. */
  #turned(x: Tensor, { cache }: MultiHeadCall, owned: Scope): Tensor {
    const { rotary } = this.#settings;
    return rotary === null ? x : owned.keep(rotary.turn(x, { offset: cache?.length ?? 0 }));
  }

  /** Undoes it, for a gradient. */
  #turnedBack(dx: Tensor, scope: Scope): Tensor {
    const { rotary } = this.#settings;
    return rotary === null ? dx : scope.keep(rotary.turnBack(dx));
  }

  #check(where: string, name: string, x: Tensor, size: number): void {
    checkSteps(where, name, x, size);
    together(where, { Wq: this.params[0]!, [name]: x });
  }

  /** The call as {@link attention} wants it. */
  #optionsOf(where: string, call: MultiHeadCall): AttentionOptions {
    const { heads, keyHeads } = this.#sizes;
    const { scale, dropout, weights } = this.#settings;
    const { mask, bias, lengths, cache, projected, dropoutStream: stream = this.#forwards } = call;
    const { training = cache === undefined && projected === undefined } = call;
    const rules = this.#rules;
    return {
      score: { kind: "dot", scale },
      heads,
      keyHeads,
      mask,
      bias,
      lengths,
      cache,
      causal: call.causal ?? rules.causal,
      window: call.window ?? rules.window,
      alibi: call.alibi ?? rules.alibi,
      softcap: call.softcap ?? rules.softcap,
      normalizer: call.normalizer ?? rules.normalizer,
      dropout: training && dropout !== null ? { ...dropout, stream } : undefined,
      return: { weights: call.return === undefined ? weights : weightsWanted(where, call.return) },
    };
  }
}
