import { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { concatenateSteps } from "./blocks.ts";
import { checkCall } from "./checked-call.ts";
import { forwardPass, prepare } from "./forward.ts";
import type { AttentionOptions, KeysAndValues } from "./options.ts";
import { AttentionResult } from "./result.ts";
import type { Given } from "./sizes.ts";

/** Names for messages: of the pass that refuses. */
export interface Places {
  readonly forward: string;
  readonly backward: string;
}

/** {@link attention} under the name of whoever calls it. */
export function attend(
  places: Places,
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  options: AttentionOptions,
): AttentionResult {
  const [owned, made] = [new Scope(), new Scope()];
  let takeBack: (() => void) | null = null;
  try {
    const given = { query, keys, values };
    const call = checkCall(places.forward, given, options, owned);
    const { cache, past } = call;
    const present = past && joined(past, given, made);
    if (cache !== undefined) {
      const before = cache.length;
      cache.append(keys, values);
      takeBack = () => cache.truncate(before);
    }
    const job = prepare(call, present ?? cache ?? given, owned);
    const outcome = forwardPass(job, call, made);
    const cached = cache !== undefined;
    return new AttentionResult(places.backward, job, outcome, { present, cached });
  } catch (error) {
    owned.dispose();
    made.dispose();
    // What a call that failed has appended is no step of anybody's.
    takeBack?.();
    throw error;
  }
}

/** Keys and values behind those of the past. */
function joined(past: KeysAndValues, { keys, values }: Given, made: Scope): KeysAndValues {
  return {
    keys: concatenateSteps(past.keys, keys, made),
    values: concatenateSteps(past.values, values, made),
  };
}
