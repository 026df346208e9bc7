import { checkOptions, checkSize, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { Indices } from "../../core/tensor.ts";
import { LAYER_OPTIONS, type LayerOptions } from "../parameters.ts";

/** Which of the paper's forms a {@link LocalAttention} is, besides what any layer may be told. */
export interface LocalAttentionOptions extends LayerOptions {
  /** `"dot"`: query · key, unless given. `"general"`: query · W · key. */
  readonly score?: "dot" | "general" | undefined;
  /**
   * `"predictive"`, local-p, unless given: the query says where its window lies. `"monotonic"`, local-m:
   * the window of query q lies around key q, and there is no Gaussian.
   */
  readonly alignment?: "predictive" | "monotonic" | undefined;
}

/** What a call of {@link LocalAttention} can be told. */
export interface LocalCall {
  /** (N): sequence n has lengths[n] keys; what lies behind is never read. */
  readonly lengths?: Indices | undefined;
  /** With monotonic alignment, the centre of the first query; 0 unless given. */
  readonly offset?: number | undefined;
}

const FORMS = ["score", "alignment"] as const;

/** Refuses a form that there is none of. */
export function checkForm(where: string, options: LocalAttentionOptions): LocalAttentionOptions {
  checkOptions(where, options, [...FORMS, ...LAYER_OPTIONS]);
  const choices = { score: ["dot", "general"], alignment: ["predictive", "monotonic"] } as const;
  for (const form of FORMS) {
    const value = options[form];
    if (value === undefined || (choices[form] as readonly unknown[]).includes(value)) continue;
    throw new DataError({
      where,
      expected: `${form} to be "${choices[form].join('" or "')}"`,
      received: describe(value),
    });
  }
  return options;
}

/** Refuses an offset that is no position, and one where positions are predicted. */
export function checkOffset(where: string, offset: number | undefined, monotonic: boolean): void {
  if (offset === undefined) return;
  if (monotonic) {
    checkSize(where, "offset", offset);
    return;
  }
  throw new DataError({
    where,
    expected: 'an offset only with alignment "monotonic"',
    received: describe(offset),
  });
}
