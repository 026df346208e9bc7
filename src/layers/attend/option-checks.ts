import { checkFlag, checkNumber, checkOptions, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import { NORMALIZERS, STAGES } from "../../kernels/attend/contract.ts";
import { droppingNumbers } from "../dropout.ts";
import type { AttentionOptions } from "./options.ts";

/** The options that say how queries meet keys, whatever the layer. */
export const RULES = ["causal", "window", "alibi", "softcap", "normalizer"] as const;

const KNOWN = [
  "score",
  "mask",
  "bias",
  "lengths",
  "causal",
  "window",
  "alibi",
  "softcap",
  "dropout",
  "normalizer",
  "heads",
  "keyHeads",
  "past",
  "cache",
  "return",
];

/** The numbers of a plan that options alone decide. */
export interface Settings {
  readonly softcap: number;
  readonly normalizer: number;
  readonly seed: number;
  readonly stream: number;
  readonly threshold: number;
  readonly factor: number;
}

/** What the result is to have, in the kernels' terms. */
export interface Wanted {
  readonly weights: boolean;
  readonly logSumExp: boolean;
  /** One of STAGES, or null. */
  readonly stage: number | null;
}

/** Refuses options of unknown names, and reads those that need no tensors. */
export function readOptions(
  where: string,
  options: AttentionOptions,
): { settings: Settings; wanted: Wanted } {
  checkOptions(where, options, KNOWN);
  const { softcap = 0, normalizer = "softmax" } = options;
  const range = "a finite number ≥ 0";
  checkNumber(where, "softcap", softcap, range, (x) => x >= 0 && Number.isFinite(x));
  return {
    settings: {
      softcap,
      normalizer: NORMALIZERS[oneOf(where, "normalizer", normalizer, keysOf(NORMALIZERS))],
      ...dropoutOf(where, options.dropout),
    },
    wanted: wantedOf(where, options.return),
  };
}

function dropoutOf(where: string, dropout: AttentionOptions["dropout"]) {
  if (dropout === undefined) return { seed: 0, stream: 0, threshold: 0, factor: 1 };
  checkOptions(`${where}, dropout`, dropout, ["rate", "seed", "stream"]);
  const { rate, seed, stream = 0 } = dropout;
  return { seed, stream, ...droppingNumbers(`${where}, dropout`, rate, seed, stream) };
}

function wantedOf(where: string, wanted: AttentionOptions["return"]): Wanted {
  if (wanted === undefined) return { weights: false, logSumExp: false, stage: null };
  checkOptions(`${where}, return`, wanted, ["weights", "scores", "logSumExp"]);
  const { weights = false, logSumExp = false, scores } = wanted;
  checkFlag(where, "return.weights", weights);
  checkFlag(where, "return.logSumExp", logSumExp);
  const stage =
    scores === undefined ? null : STAGES[oneOf(where, "return.scores", scores, keysOf(STAGES))];
  return { weights, logSumExp, stage };
}

/** The value, if it is one of the names. */
export function oneOf<Name extends string>(
  where: string,
  what: string,
  value: unknown,
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  const expected = `${what} to be ${names.map((name) => `"${name}"`).join(", ")}`;
  throw new DataError({ where, expected, received: describe(value) });
}

function keysOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(table) as Name[];
}
