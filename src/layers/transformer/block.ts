import { checkFlag, checkOptions } from "../../core/arguments.ts";
import { StateError } from "../../core/errors.ts";
import { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { KeyValueCache } from "../attend/key-value-cache.ts";
import { expectShape, together } from "../checks.ts";
import { checkStream, Dropout } from "../dropout.ts";
import { FeedForward } from "../feed-forward.ts";
import { recall } from "../layer.ts";
import { LayerNorm } from "../layer-norm.ts";
import type { MultiHeadCall } from "../multi-head/call.ts";
import { MultiHeadAttention } from "../multi-head/multi-head-attention.ts";
import { maskSteps, withoutPadding } from "../padding.ts";
import {
  layerOptionsOf,
  type ParameterSpec,
  type Parameters,
  parametersOf,
} from "../parameters.ts";
import { type BlockSettings, blockSettingsOf, type TransformerBlockOptions } from "./options.ts";
import { Residual } from "./residual.ts";

/** What one call of a block is about. */
export interface BlockCall {
  readonly self: MultiHeadCall;
  /** What a decoder's block attends to besides. */
  readonly cross?: { readonly memory: Tensor | undefined; readonly call: MultiHeadCall };
  readonly training: boolean | undefined;
  readonly dropoutStream: number | undefined;
}

/** Gradients of weights, where something else was made of those. */
export interface WeightGradients {
  /** (N, heads, T, T), of those among the steps. */
  readonly dWeights?: Tensor | undefined;
  /** (N, heads, T, Tm), of those of the memory. */
  readonly dCrossWeights?: Tensor | undefined;
}

/** What a forward pass leaves; what callers gave lies at the top, where `recall` looks. */
interface State {
  readonly x: Tensor;
  readonly memory: Tensor | undefined;
  readonly lengths: Indices | undefined;
  readonly mask: unknown;
  readonly bias: Tensor | undefined;
  readonly alibi: unknown;
  readonly memoryLengths: Indices | undefined;
  readonly memoryMask: unknown;
  readonly memoryBias: Tensor | undefined;
  /** Whether x was used without its padding. */
  readonly masked: boolean;
  readonly cached: boolean;
}

/** What encoder's and decoder's blocks have in common: attention, perhaps a second one, a feed-forward layer. */
export class Block {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly parameters: Parameters;
  readonly self: MultiHeadAttention;
  readonly cross: MultiHeadAttention | null;
  readonly #where: string;
  readonly #heads: number;
  readonly #alibi: MultiHeadCall["alibi"];
  readonly #feedForward: FeedForward;
  readonly #residuals: {
    readonly self: Residual;
    readonly cross: Residual;
    readonly feedForward: Residual;
  };
  readonly #drops: boolean;
  readonly #owned = new Scope();
  #forwards = 0;
  #state: State | null = null;

  constructor(
    where: string,
    options: TransformerBlockOptions,
    memorySize: number | null | undefined,
  ) {
    const settings = blockSettingsOf(where, options, memorySize);
    const specs = (of: string): ParameterSpec[] => blockSpecs(of, settings);
    const made = parametersOf(where, specs, layerOptionsOf(options));
    const { parameters, name } = made;
    this.params = made.values;
    this.grads = made.grads;
    this.parameters = parameters;
    const { size, hidden, activation, rate, seed, place, epsilon } = settings;
    const shared = (part: string) => ({ parameters, name: `${name}.${part}` });
    const residual = (part: string, dropout: number): Residual => {
      const norm = new LayerNorm(size, { ...shared(`${part}Norm`), epsilon });
      return new Residual(norm, new Dropout(rate, seed(dropout)), place);
    };
    this.#where = where;
    this.#heads = settings.self.heads;
    this.#alibi = settings.self.alibi;
    this.#drops = rate > 0;
    this.self = new MultiHeadAttention({ ...settings.self, ...shared("self") });
    this.cross =
      settings.cross === null
        ? null
        : new MultiHeadAttention({ ...settings.cross, ...shared("cross") });
    this.#feedForward = new FeedForward(size, hidden, {
      ...shared("feedForward"),
      activation,
      dropout: rate,
      seed: seed(5),
    });
    const own = { self: residual("self", 2), feedForward: residual("feedForward", 4) };
    this.#residuals = { ...own, cross: this.cross === null ? own.self : residual("cross", 3) };
  }

  /** The attention to a memory, of a decoder's block. */
  get attentionTo(): MultiHeadAttention {
    if (this.cross !== null) return this.cross;
    throw new TypeError("an encoder's block attends to no memory");
  }

  /** x (N, T, size) → y of the same shape. */
  forward(x: Tensor, { self, cross, ...call }: BlockCall): Tensor {
    const where = `${this.#where}.forward`;
    this.release();
    const { cache } = self;
    const before = cache instanceof KeyValueCache && !cache.disposed ? cache.length : null;
    try {
      const used = withoutPadding(where, x, self, this.#owned);
      const { lengths, mask, bias, alibi = this.#alibi } = self;
      const { training = cache === undefined, dropoutStream = this.#forwards } = call;
      checkFlag(where, "training", training);
      checkStream(where, dropoutStream);
      const stream = training && this.#drops ? dropoutStream : undefined;
      const dropping = { training, dropoutStream };
      let y = this.#residuals.self.forward(used, stream, (h) => {
        return this.self.forward(h, { ...self, ...dropping });
      });
      if (cross !== undefined && this.cross !== null) {
        const attend = this.cross;
        y = this.#residuals.cross.forward(this.#owned.keep(y), stream, (h) => {
          return attend.forward(h, cross.memory, { ...cross.call, ...dropping });
        });
      }
      y = this.#residuals.feedForward.forward(this.#owned.keep(y), stream, (h) => {
        return this.#feedForward.forward(h, stream ?? null);
      });
      const { lengths: memoryLengths, mask: memoryMask, bias: memoryBias } = cross?.call ?? {};
      const given = {
        memory: cross?.memory,
        lengths,
        mask,
        bias,
        alibi,
        memoryLengths,
        memoryMask,
        memoryBias,
      };
      this.#forwards++;
      this.#state = { x, ...given, masked: used !== x, cached: cache !== undefined };
      return y;
    } catch (error) {
      this.release();
      // Steps that the self-attention has appended before the rest was refused are nobody's.
      if (before !== null) cache?.truncate(before);
      throw error;
    }
  }

  /** Of x, and of the memory where there was one. */
  backward(dy: Tensor, more: WeightGradients): [dx: Tensor, dMemory?: Tensor] {
    const where = `${this.#where}.backward`;
    const { x, memory, lengths, masked, cached } = recall(this.#where, this.#state);
    if (cached) {
      // Before any gradient is added up.
      throw new StateError({
        where,
        expected: "a result that can be undone",
        received: "a call with a cache, which has no backward pass",
      });
    }
    const known = this.cross === null ? ["dWeights"] : ["dWeights", "dCrossWeights"];
    checkOptions(where, more, known);
    expectShape(where, "dy", dy, x.shape);
    together(where, { x, dy });
    const { dWeights, dCrossWeights } = more;
    const [N, T] = x.shape as [number, number];
    for (const [name, gradient, steps] of [
      ["dWeights", dWeights, T],
      ["dCrossWeights", dCrossWeights, memory?.shape[1] ?? 0],
    ] as const) {
      if (gradient === undefined) continue;
      expectShape(where, name, gradient, [N, this.#heads, T, steps]);
      together(where, { x, [name]: gradient });
    }
    const scope = new Scope();
    let dMemory: Tensor | undefined;
    try {
      let d = this.#residuals.feedForward.backward(dy, (dh) => this.#feedForward.backward(dh));
      const { cross } = this;
      if (cross !== null) {
        d = this.#residuals.cross.backward(scope.keep(d), (dh) => {
          const [dQuery, dKeys] = cross.backward(dh, { dWeights: dCrossWeights });
          dMemory = dKeys;
          return dQuery;
        });
      }
      const dx = this.#residuals.self.backward(scope.keep(d), (dh) => {
        return this.self.backward(dh, { dWeights })[0];
      });
      if (masked) maskSteps(where, dx, lengths!, dx);
      return dMemory === undefined ? [dx] : [dx, dMemory];
    } catch (error) {
      dMemory?.dispose();
      throw error;
    } finally {
      scope.dispose();
    }
  }

  /** Gives back what the last forward pass kept. */
  release(): void {
    this.self.release();
    this.cross?.release();
    this.#feedForward.release();
    for (const residual of Object.values(this.#residuals)) residual.release();
    this.#owned.dispose();
    this.#state = null;
  }
}

/** The parameters of a block, in their order. */
export function blockSpecs(name: string, settings: BlockSettings): ParameterSpec[] {
  const { size, hidden, self, cross } = settings;
  return [
    ...MultiHeadAttention.specs(`${name}.self`, self),
    ...LayerNorm.specs(`${name}.selfNorm`, size),
    ...(cross === null
      ? []
      : [
          ...MultiHeadAttention.specs(`${name}.cross`, cross),
          ...LayerNorm.specs(`${name}.crossNorm`, size),
        ]),
    ...FeedForward.specs(`${name}.feedForward`, size, hidden),
    ...LayerNorm.specs(`${name}.feedForwardNorm`, size),
  ];
}
