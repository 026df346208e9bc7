import { Scope } from "../../core/scope.ts";
import { Indices, type Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import type { AttentionPlan } from "../../kernels/attend/contract.ts";
import { NORMALIZERS } from "../../kernels/attend/contract.ts";
import { checkIndices, checkLengths, checkTensor, sameDevice, together } from "../checks.ts";
import { newTensor } from "../layer.ts";
import { slopesOf } from "./alibi.ts";
import { concatenateSteps, swapAxes } from "./blocks.ts";
import { axesOf, maskFrom } from "./broadcast.ts";
import { inputsOf, type Job, rowsOf } from "./job.ts";
import { readOptions, type Wanted } from "./option-checks.ts";
import type { AttentionOptions } from "./options.ts";
import { pastSteps } from "./past.ts";
import { placingOf } from "./placing.ts";
import { AttentionResult, type Outcome } from "./result.ts";
import { prepareKeys, prepareQuery, scoreOf } from "./scores.ts";
import { queryShape, rowShape, type Sizes, sizesOf } from "./sizes.ts";

/** What is compared, and what it adds up. */
interface Given {
  readonly query: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

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
  let appended: (() => void) | null = null;
  try {
    const checked = check(places.forward, { query, keys, values }, options, owned);
    const { cache, past } = checked;
    const present = past === undefined ? undefined : joined(checked, made);
    if (cache !== undefined) {
      const before = cache.length;
      cache.append(keys, values);
      appended = () => cache.truncate(before);
    }
    const job = prepare(checked, present ?? cache ?? { keys, values }, owned);
    const outcome = forwardPass(job, checked, made);
    const result = { ...outcome, ...(present === undefined ? {} : { present }) };
    return new AttentionResult(places.backward, job, result, cache !== undefined);
  } catch (error) {
    owned.dispose();
    made.dispose();
    // What a call that failed has appended is no step of anybody's.
    appended?.();
    throw error;
  }
}

type Checked = ReturnType<typeof check>;

/** Everything that was given, held against everything else; nothing is computed yet. */
function check(where: string, given: Given, options: AttentionOptions, owned: Scope) {
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
  // A cache lies heads first; others as given. With one head, or one query, it is all the same.
  const sideBySide = sizes.threeAxes && sizes.heads > 1;
  const plan: Omit<AttentionPlan, "capacity"> = {
    batch: sizes.batch,
    heads: sizes.heads,
    keyHeads: sizes.keyHeads,
    queries: sizes.queries,
    steps,
    size: score.size,
    valueSize: sizes.valueSize,
    sideBySide: sideBySide && cache === undefined,
    additive: score.additive,
    scale: score.scale,
    maskAxes: mask === null ? 0 : axesOf(where, "mask", mask.shape, full),
    biasAxes: bias === undefined ? 0 : axesOf(where, "bias", bias.shape, full),
    ...placing,
    ...settings,
  };
  const swapped = cache !== undefined && sideBySide && sizes.queries > 1;
  const read = { mask, lengths: lengths ?? null, bias: bias ?? null, slopes };
  return { given, sizes, score, plan, wanted, past, cache, before, swapped, ...read };
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

/** Keys and values behind those of the past. */
function joined({ past, given }: Checked, made: Scope): { keys: Tensor; values: Tensor } {
  return {
    keys: concatenateSteps(past!.keys, given.keys, made),
    values: concatenateSteps(past!.values, given.values, made),
  };
}

/** What the kernel is given, beside which it puts what it leaves for the backward pass. */
function prepare(
  checked: Checked,
  all: { readonly keys: Tensor; readonly values: Tensor },
  owned: Scope,
): Job {
  const { given, sizes, score, wanted, cache, past, before, swapped } = checked;
  const { query } = given;
  const plan = { ...checked.plan, capacity: cache?.capacity ?? checked.plan.steps };
  const like = (...shape: readonly number[]): Tensor => owned.keep(newTensor(query, shape));
  const ready = prepareQuery(score, query, sizes, owned);
  const needsWeights = plan.normalizer !== NORMALIZERS.softmax && !wanted.weights;
  return {
    ...checked,
    query,
    keys: all.keys,
    values: all.values,
    comparedQuery: swapped ? headsFirst(ready, sizes, score.size, owned) : ready,
    comparedKeys: prepareKeys(score, all.keys, sizes, plan, owned),
    plan,
    past: past === undefined ? null : before,
    rows: { maxima: like(...rowShape(sizes)), sums: like(...rowShape(sizes)) },
    ownWeights: needsWeights ? like(...rowShape(sizes, plan.steps)) : null,
    owned,
  };
}

/** Context, and what else is wanted. */
function forwardPass(
  job: Job,
  { wanted, swapped }: { readonly wanted: Wanted; readonly swapped: boolean },
  made: Scope,
): Outcome {
  const { query, sizes, plan } = job;
  const { kernels } = familyDevice(query);
  const like = (shape: readonly number[]): Tensor => made.keep(newTensor(query, shape));
  const context = like(queryShape(sizes, plan.valueSize));
  const weights = wanted.weights ? like(rowShape(sizes, plan.steps)) : null;
  const logSumExp = wanted.logSumExp ? like(rowShape(sizes)) : null;
  const scores = wanted.stage === null ? null : like(rowShape(sizes, plan.steps));
  const inputs = inputsOf(job);
  // Of the same numbers, in the order of the cache.
  const out = swapped ? newTensor(query, context.shape) : context;
  try {
    kernels.attendForward(
      inputs,
      plan,
      out.storage,
      rowsOf(job),
      (weights ?? job.ownWeights)?.storage ?? null,
      logSumExp?.storage ?? null,
    );
    if (swapped) {
      const { batch, heads, queries, valueSize } = sizes;
      const back = [batch, heads, queries, valueSize] as const;
      swapAxes(out.storage, context.storage, familyDevice(query), back);
    }
  } finally {
    if (swapped) out.dispose();
  }
  if (scores !== null) kernels.attentionScores(inputs, plan, wanted.stage ?? 0, scores.storage);
  return {
    context,
    ...(weights === null ? {} : { weights }),
    ...(logSumExp === null ? {} : { logSumExp }),
    ...(scores === null ? {} : { scores }),
  };
}

/** Heads side by side as heads one after the other. */
function headsFirst(query: Tensor, sizes: Sizes, size: number, owned: Scope): Tensor {
  const swapped = owned.keep(newTensor(query, query.shape));
  const { batch, heads, queries } = sizes;
  const order = [batch, queries, heads, size] as const;
  swapAxes(query.storage, swapped.storage, familyDevice(query), order);
  return swapped;
}
