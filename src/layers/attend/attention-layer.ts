import { checkFlag, checkNumber, checkOptions, picked } from "../../core/arguments.ts";
import { StateError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { checkStream, type DropoutOptions, dropoutOf } from "../dropout.ts";
import { type Layer, leftBy } from "../layer.ts";
import {
  LAYER_OPTIONS,
  type LayerOptions,
  layerOptionsOf,
  type ParameterSpec,
  parametersOf,
} from "../parameters.ts";
import { attend } from "./attend.ts";
import type { AttentionGradients } from "./backward.ts";
import { RULES, readOptions } from "./option-checks.ts";
import type { AttentionOptions, AttentionScore } from "./options.ts";
import { placingOf } from "./placing.ts";
import type { AttentionResult } from "./result.ts";
import type { ScoreGradients } from "./scores.ts";

const FIXED = [...RULES, "heads", "keyHeads"] as const;
const PER_CALL = ["mask", "bias", "lengths", "causal", "window", "alibi", "past", "cache"] as const;

/** What holds for every call of an attention layer, as {@link AttentionOptions} says. */
export interface AttentionLayerOptions
  extends LayerOptions,
    Pick<AttentionOptions, (typeof FIXED)[number] | "return"> {
  /** A factor of every score; 1 unless given. */
  readonly scale?: number | undefined;
  /** Dropout of weights; which, is a matter of the seed and of the number of forward passes before. */
  readonly dropout?: DropoutOptions | undefined;
}

/** What holds for one call of an attention layer, instead of what the layer was made with. */
export interface AttentionCallOptions extends Pick<AttentionOptions, (typeof PER_CALL)[number]> {
  /** False leaves dropout out. */
  readonly training?: boolean | undefined;
  /** The random stream of dropout; by default the number of forward passes before this one. */
  readonly dropoutStream?: number | undefined;
}

type LayerGradients = Omit<AttentionGradients, "dScore">;

/** What a kind of layer is made of. */
interface Making {
  /** The class, for messages. */
  readonly where: string;
  /** Its parameters by their names. */
  specs(name: string): ParameterSpec[];
  /** Options that it alone has. */
  readonly more?: readonly string[];
}

/** What the layers of one score each have in common. */
export abstract class AttentionLayer implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #where: string;
  readonly #options: AttentionLayerOptions;
  #forwards = 0;
  #result: AttentionResult | null = null;
  #gradients: LayerGradients | null = null;

  /** For the layers. */
  constructor({ where, specs, more = [] }: Making, options: AttentionLayerOptions) {
    const known = [...FIXED, "return", "scale", "dropout", ...LAYER_OPTIONS, ...more];
    checkOptions(where, options, known);
    const { scale = 1, causal, window, softcap, normalizer, dropout } = options;
    checkNumber(where, "scale", scale, "a finite number", Number.isFinite);
    // What a call would refuse is refused here already.
    readOptions(where, { softcap, normalizer, return: options.return });
    dropoutOf(where, dropout);
    placingOf(where, { causal, window }, 0, 0);
    const { values, grads } = parametersOf(where, specs, layerOptionsOf(options));
    this.params = values;
    this.grads = grads;
    this.#where = where;
    this.#options = options;
  }

  /** The score of the call, of the layer's parameters. */
  protected abstract score(): AttentionScore;

  /** What a score's gradients are added to, in the order of the parameters. */
  protected abstract gradientsOf(gradients: ScoreGradients): readonly (Tensor | undefined)[];

  /**
   * All that {@link attention} gave for the last forward pass; the layer forgets what it needs for the
   * backward pass with the next one.
   *
   * @throws StateError before there was one
   */
  get result(): AttentionResult {
    return this.#recall("result");
  }

  /**
   * The weights of the last forward pass, before dropout: (N, H, Tq, Tk), or (N, Tq, Tk) without heads.
   *
   * @throws StateError before there was one, or where `return: { weights: true }` was not asked for
   */
  get attentionWeights(): Tensor {
    const { weights } = this.#recall("attentionWeights");
    if (weights !== undefined) return weights;
    throw new StateError({
      where: `${this.#where}.attentionWeights`,
      expected: "a layer made with return: { weights: true }",
      received: "one whose weights never came to be",
    });
  }

  /**
   * The gradients of all that went into the last forward pass: of bias and past too. Those of the
   * parameters are in `grads`.
   *
   * @throws StateError before a backward pass
   */
  get gradients(): LayerGradients {
    const where = this.#where;
    return leftBy(`${where}.gradients`, `${where}.backward`, this.#gradients, "no gradients yet");
  }

  /**
   * query (N, Tq, D), keys (N, Tk, D), values (N, Tk, E) → context (N, Tq, E), or with heads as
   * {@link attention}. Keeps hold of what it takes and gives: leave their numbers as they are until after
   * `backward`.
   *
   * @param values the keys unless given
   * @throws what {@link attention} throws
   */
  forward(
    query: Tensor,
    keys: Tensor,
    values: Tensor = keys,
    call: AttentionCallOptions = {},
  ): Tensor {
    const where = `${this.#where}.forward`;
    checkOptions(where, call, [...PER_CALL, "training", "dropoutStream"]);
    const { training = true, dropoutStream = this.#forwards } = call;
    checkFlag(where, "training", training);
    checkStream(where, dropoutStream);
    const { dropout } = this.#options;
    const options: AttentionOptions = {
      ...picked(this.#options, [...FIXED, "return"]),
      ...picked(call, PER_CALL),
      dropout:
        dropout !== undefined && training ? { ...dropout, stream: dropoutStream } : undefined,
      score: this.score(),
    };
    const places = { forward: where, backward: `${this.#where}.backward` };
    const result = attend(places, query, keys, values, options);
    this.#forwards++;
    this.#result?.forget();
    this.#result = result;
    return result.context;
  }

  /**
   * The gradients of query, keys and values; those of the parameters are added to `grads`. Where values
   * are the keys, the sum of both is the gradient of the one tensor.
   *
   * @param more.dWeights the gradient of the weights, if something else was made of those
   * @throws StateError before `forward`; ShapeError when dContext does not have the shape of context
   */
  backward(
    dContext?: Tensor,
    more: { readonly dWeights?: Tensor | undefined } = {},
  ): [dQuery: Tensor, dKeys: Tensor, dValues: Tensor] {
    const { dScore = {}, ...gradients } = this.#recall("backward").backward(dContext, more);
    for (const [i, d] of this.gradientsOf(dScore).entries()) {
      const total = this.grads[i];
      if (d === undefined || total === undefined) continue;
      familyDevice(total).kernels.add(total.storage, d.storage, total.storage, total.size);
      d.dispose();
    }
    this.#gradients = gradients;
    return [gradients.dQuery, gradients.dKeys, gradients.dValues];
  }

  #recall(what: string): AttentionResult {
    const where = this.#where;
    const nothing = what === "backward" ? "no forward pass to undo" : "no result yet";
    return leftBy(`${where}.${what}`, `${where}.forward`, this.#result, nothing);
  }
}
