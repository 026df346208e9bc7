import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { attention } from "../../layers/attend/attention.ts";
import type { AttentionOptions, AttentionScore } from "../../layers/attend/options.ts";
import type { AttentionResult } from "../../layers/attend/result.ts";
import { Linear } from "../../layers/linear.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { addInto, meanOfHeads, spreadOverHeads } from "../axes.ts";
import type { ModelConfig } from "../model-config.ts";

const NAME = "decoder.attention";

/** What a decoder attends to: the encoder's states, as the score compares them and as they are summed up. */
export interface AttentionMemory {
  /** (N, Te, H) */
  readonly keys: Tensor;
  /** (N, Te, H) */
  readonly values: Tensor;
  readonly lengths: Indices | undefined;
  /**
   * (N, 1, 1, Te): logarithms of weights instead of those that the score would give; keys are zeros then, which
   * are scored 0.
   */
  readonly steered?: Tensor | null;
}

/** The parameters of the attention of a config. */
export function attentionSpecs({ attention: kind, hiddenSize: H }: ModelConfig): ParameterSpec[] {
  const linear = (name: string): ParameterSpec[] => Linear.specs(`${NAME}.${name}`, [H], H);
  const deviation = 1 / Math.sqrt(H);
  switch (kind) {
    case "multiplicative":
      return [{ name: `${NAME}.W`, shape: [H, H], deviation }];
    case "additive":
      return [...linear("query"), ...linear("keys"), { name: `${NAME}.v`, shape: [H], deviation }];
    case "multi-head":
      return ["query", "keys", "values", "out"].flatMap(linear);
    default:
      return [];
  }
}

/** The side of the encoder's states, which is computed once for all steps of a decoder. */
export class AttentionKeys {
  readonly #keys: Linear | null;
  readonly #values: Linear | null;

  constructor(config: ModelConfig, parameters: Parameters) {
    const { attention: kind, hiddenSize } = config;
    const linear = (name: string): Linear =>
      new Linear(hiddenSize, hiddenSize, { parameters, name: `${NAME}.${name}` });
    this.#keys = kind === "additive" || kind === "multi-head" ? linear("keys") : null;
    this.#values = kind === "multi-head" ? linear("values") : null;
  }

  /** hs (N, Te, H) → keys and values, which may be hs itself. */
  forward(hs: Tensor, scope: Scope): { keys: Tensor; values: Tensor } {
    return {
      keys: this.#keys === null ? hs : scope.keep(this.#keys.forward(hs)),
      values: this.#values === null ? hs : scope.keep(this.#values.forward(hs)),
    };
  }

  /** → dhs */
  backward(dKeys: Tensor, dValues: Tensor, scope: Scope): Tensor {
    const through = (layer: Linear | null, d: Tensor): Tensor =>
      layer === null ? d : scope.keep(layer.backward(d)[0] as Tensor);
    const dhs = through(this.#keys, dKeys);
    addInto(dhs, through(this.#values, dValues));
    return dhs;
  }
}

/** The side of the decoder's states, for one run of steps. */
export class AttentionQuery {
  readonly #config: ModelConfig;
  readonly #query: Linear | null;
  readonly #out: Linear | null;
  readonly #learned: Readonly<Record<string, { value: Tensor; grad: Tensor }>>;
  #result: AttentionResult | null = null;

  constructor(config: ModelConfig, parameters: Parameters) {
    const { attention: kind, hiddenSize } = config;
    const linear = (name: string): Linear =>
      new Linear(hiddenSize, hiddenSize, { parameters, name: `${NAME}.${name}` });
    this.#config = config;
    this.#query = kind === "additive" || kind === "multi-head" ? linear("query") : null;
    this.#out = kind === "multi-head" ? linear("out") : null;
    const names = kind === "multiplicative" ? ["W"] : kind === "additive" ? ["v"] : [];
    this.#learned = Object.fromEntries(
      names.map((name) => {
        const path = `${NAME}.${name}`;
        return [name, { value: parameters.value(path), grad: parameters.grad(path) }];
      }),
    );
  }

  /**
   * hs (N, T, H) → context (N, T, H), weights (N, T, Te), the mean of several heads', and each head's:
   * (N, heads, T, Te), or the weights where there is one.
   */
  forward(
    hs: Tensor,
    { keys, values, lengths, steered = null }: AttentionMemory,
    scope: Scope,
  ): { context: Tensor; weights: Tensor; heads: Tensor } {
    const { attention: kind, heads } = this.#config;
    const query = this.#query === null ? hs : scope.keep(this.#query.forward(hs));
    const options: AttentionOptions = {
      score: steered === null ? this.#score() : "dot",
      return: { weights: true },
      ...(steered === null ? {} : { bias: steered }),
      ...(lengths === undefined ? {} : { lengths }),
      ...(kind === "multi-head" ? { heads } : {}),
    };
    const result = scope.keep(attention(query, keys, values, options));
    this.#result = result;
    const each = result.weights as Tensor;
    return {
      context: this.#out === null ? result.context : scope.keep(this.#out.forward(result.context)),
      weights: kind === "multi-head" ? meanOfHeads(each, scope) : each,
      heads: each,
    };
  }

  /** → dhs, and the gradients of keys and values. */
  backward(
    dContext: Tensor,
    dWeights: Tensor | null,
    scope: Scope,
  ): { dhs: Tensor; dKeys: Tensor; dValues: Tensor } {
    const { attention: kind, heads } = this.#config;
    const result = this.#result as AttentionResult;
    const d = this.#out === null ? dContext : scope.keep(this.#out.backward(dContext)[0] as Tensor);
    const several = kind === "multi-head" && dWeights !== null;
    const spread = several ? spreadOverHeads(dWeights, heads, scope) : dWeights;
    const gradients = result.backward(d, spread === null ? {} : { dWeights: spread });
    const { dQuery, dKeys, dValues, dScore = {} } = gradients;
    for (const each of [dQuery, dKeys, dValues]) scope.keep(each);
    for (const [name, gradient] of Object.entries({ W: dScore.dW, v: dScore.dv })) {
      const learned = this.#learned[name];
      if (gradient === undefined) continue;
      if (learned !== undefined) addInto(learned.grad, scope.keep(gradient));
    }
    const dhs =
      this.#query === null ? dQuery : scope.keep(this.#query.backward(dQuery)[0] as Tensor);
    return { dhs, dKeys, dValues };
  }

  #score(): AttentionScore {
    const { attention: kind } = this.#config;
    switch (kind) {
      case "multiplicative":
        return { kind, W: this.#learned["W"]!.value };
      case "additive":
        return { kind, v: this.#learned["v"]!.value };
      case "multi-head":
        return "scaled-dot";
      default:
        return kind === "scaled-dot" ? kind : "dot";
    }
  }
}

/** Sums of the gradients of keys and values over runs of steps. */
export class MemoryGradients {
  dKeys: Tensor | null = null;
  dValues: Tensor | null = null;

  add(dKeys: Tensor, dValues: Tensor): void {
    if (this.dKeys === null) this.dKeys = dKeys;
    else addInto(this.dKeys, dKeys);
    if (this.dValues === null) this.dValues = dValues;
    else addInto(this.dValues, dValues);
  }
}
