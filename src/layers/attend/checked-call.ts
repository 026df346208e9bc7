import type { Scope } from "../../core/scope.ts";
import { Indices, type Tensor } from "../../core/tensor.ts";
import { checkIndices, checkLengths, checkTensor, sameDevice, together } from "../checks.ts";
import { slopesOf } from "./alibi.ts";
import { axesOf, maskFrom } from "./broadcast.ts";
import type { KeyValueCache } from "./key-value-cache.ts";
import { readOptions, type Settings, type Wanted } from "./option-checks.ts";
import type { AttentionOptions, KeysAndValues } from "./options.ts";
import { pastSteps } from "./past.ts";
import { type Placing, placingOf } from "./placing.ts";
import { type CheckedScore, scoreOf } from "./scores.ts";
import { type Given, rowShape, type Sizes, sizesOf } from "./sizes.ts";

/** A call of which everything was held against everything else. */
export interface CheckedCall {
  readonly given: Given;
  readonly sizes: Sizes;
  /** Keys there are in all, those of past or cache among them; and those alone. */
  readonly steps: number;
  readonly before: number;
  readonly score: CheckedScore;
  readonly placing: Placing;
  readonly settings: Settings;
  readonly wanted: Wanted;
  readonly past: KeysAndValues | undefined;
  readonly cache: KeyValueCache | undefined;
  readonly lengths: Indices | null;
  readonly mask: Indices | null;
  readonly maskAxes: number;
  readonly bias: Tensor | null;
  readonly biasAxes: number;
  readonly slopes: Tensor | null;
}

/**
 * Refuses what does not go together; nothing is computed yet.
 *
 * @param owned takes charge of what has to be made: a mask of booleans, slopes
 */
export function checkCall(
  where: string,
  given: Given,
  options: AttentionOptions,
  owned: Scope,
): CheckedCall {
  const { settings, wanted } = readOptions(where, options);
  const sizes = sizesOf(where, given, options);
  const score = scoreOf(where, options.score ?? "dot", sizes);
  const { past, cache, lengths, bias } = options;
  const before = pastSteps(where, given, options, sizes);
  const steps = before + sizes.steps;
  const { query } = given;
  const full = rowShape(sizes, steps);
  const mask = maskOf(where, options.mask, query, owned);
  if (bias !== undefined) checkTensor(where, "bias", bias);
  const slopes = slopesOf(where, options.alibi, query, sizes.heads, owned);
  checkLengths(where, lengths, query, sizes.batch, steps);
  const placing = placingOf(where, options, before, sizes.queries);
  together(where, {
    ...given,
    ...(past === undefined ? {} : { "past.keys": past.keys, "past.values": past.values }),
    ...(bias === undefined ? {} : { bias }),
    ...(slopes === null ? {} : { alibi: slopes }),
    ...score.tensors,
  });
  return {
    given,
    sizes,
    steps,
    before,
    score,
    placing,
    settings,
    wanted,
    past,
    cache,
    lengths: lengths ?? null,
    mask,
    maskAxes: mask === null ? 0 : axesOf(where, "mask", mask.shape, full),
    bias: bias ?? null,
    biasAxes: bias === undefined ? 0 : axesOf(where, "bias", bias.shape, full),
    slopes,
  };
}

function maskOf(
  where: string,
  mask: AttentionOptions["mask"],
  query: Tensor,
  owned: Scope,
): Indices | null {
  if (mask === undefined) return null;
  if (!(mask instanceof Indices)) return owned.keep(maskFrom(where, mask, query.device));
  checkIndices(where, "mask", mask);
  sameDevice(where, "mask", mask, "query", query);
  return mask;
}
