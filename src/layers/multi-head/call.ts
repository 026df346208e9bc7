import { checkFlag, checkOptions } from "../../core/arguments.ts";
import { DataError, ShapeError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { RULES } from "../attend/option-checks.ts";
import type { AttentionOptions, KeysAndValues } from "../attend/options.ts";
import { checkTensor } from "../checks.ts";
import { checkStream } from "../dropout.ts";
import type { AttentionRules } from "./options.ts";

/** What one call of {@link MultiHeadAttention} is about; rules here go before those of the layer. */
export interface MultiHeadCall
  extends AttentionRules,
    Pick<AttentionOptions, "mask" | "bias" | "cache"> {
  /**
   * (N): sequence n has lengths[n] steps. What lies behind may hold anything: it is no key, and where
   * keys are the query itself, it counts as zeros there and gets no gradient.
   */
  readonly lengths?: AttentionOptions["lengths"];
  /** Whether there is dropout: true unless given, but with a cache or projected keys, which are for use. */
  readonly training?: boolean | undefined;
  /** Number of the dropout's random stream; by default the number of forward passes before this one. */
  readonly dropoutStream?: number | undefined;
  /** Whether weights are kept; as the layer was made, unless given. */
  readonly return?: { readonly weights?: boolean | undefined } | undefined;
  /** Keys and values that {@link MultiHeadAttention.projectKeys} has projected, instead of keys and values. */
  readonly projected?: KeysAndValues | undefined;
}

/** Names of the options of a call that attention's layers and blocks have in common. */
export const CALL_OPTIONS: readonly string[] = [
  "mask",
  "bias",
  "lengths",
  ...RULES,
  "training",
  "dropoutStream",
  "return",
];

/** What `forward` was given, told apart. */
export interface CallParts {
  readonly query: Tensor;
  readonly keys: Tensor | undefined;
  readonly values: Tensor | undefined;
  readonly call: MultiHeadCall;
}

/** The query, then keys, values and the call, any of which may be left out. */
export function partsOf(where: string, query: Tensor, rest: readonly unknown[]): CallParts {
  const last = rest.at(-1);
  const hasCall = rest.length > 2 || (last !== undefined && !(last instanceof Tensor));
  const call = (hasCall ? (last ?? {}) : {}) as MultiHeadCall;
  const [keys, values] = (hasCall ? rest.slice(0, -1) : rest) as (Tensor | undefined)[];
  checkTensor(where, "query", query);
  checkOptions(where, call, [...CALL_OPTIONS, "cache", "projected"]);
  if (keys !== undefined) checkTensor(where, "keys", keys);
  if (values !== undefined) checkTensor(where, "values", values);
  const { training, dropoutStream, projected } = call;
  if (training !== undefined) checkFlag(where, "training", training);
  if (dropoutStream !== undefined) checkStream(where, dropoutStream);
  if (keys === undefined && values !== undefined) {
    throw new ShapeError({ where, expected: "keys, as there are values", received: "undefined" });
  }
  if (projected !== undefined) {
    checkOptions(`${where}, projected`, projected, ["keys", "values"]);
    const also = keys !== undefined ? "keys" : call.cache !== undefined ? "a cache" : null;
    if (also !== null) {
      throw new DataError({ where, expected: `either projected or ${also}`, received: "both" });
    }
  }
  return { query, keys, values, call };
}
