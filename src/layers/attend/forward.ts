import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { type AttentionPlan, NORMALIZERS } from "../../kernels/attend/contract.ts";
import { newTensor } from "../layer.ts";
import { swapAxes } from "./blocks.ts";
import type { CheckedCall } from "./checked-call.ts";
import { inputsOf, type Job, rowsOf } from "./job.ts";
import type { KeysAndValues } from "./options.ts";
import { prepareKeys, prepareQuery } from "./scores.ts";
import { queryShape, rowShape, type Sizes } from "./sizes.ts";

/** What a call of attention gives to its caller. */
export interface Outcome {
  readonly context: Tensor;
  readonly weights: Tensor | undefined;
  readonly scores: Tensor | undefined;
  readonly logSumExp: Tensor | undefined;
}

/**
 * What the kernel is given, and what it leaves for the backward pass.
 *
 * @param all what is to be attended to: keys and values as given, behind those of a past, or a cache
 * @param owned takes charge of what is made
 */
export function prepare(call: CheckedCall, all: KeysAndValues, owned: Scope): Job {
  const { given, sizes, score, wanted, past, before } = call;
  const { query } = given;
  const plan = planOf(call);
  const like = (shape: readonly number[]): Tensor => owned.keep(newTensor(query, shape));
  const ready = prepareQuery(score, query, sizes, owned);
  const swaps = isSwapped(call);
  const needsWeights = plan.normalizer !== NORMALIZERS.softmax && !wanted.weights;
  return {
    query,
    keys: all.keys,
    values: all.values,
    comparedQuery: swaps ? headsFirst(ready, sizes, score.size, owned) : ready,
    comparedKeys: prepareKeys(score, all.keys, sizes, plan, owned),
    score,
    sizes,
    plan,
    lengths: call.lengths,
    mask: call.mask,
    bias: call.bias,
    slopes: call.slopes,
    past: past === undefined ? null : before,
    rows: { maxima: like(rowShape(sizes)), sums: like(rowShape(sizes)) },
    ownWeights: needsWeights ? like(rowShape(sizes, plan.steps)) : null,
    owned,
  };
}

function planOf(call: CheckedCall): AttentionPlan {
  const { sizes, steps, score, placing, settings, cache } = call;
  // One name each: to spread objects into one of so many takes longer than a small call does.
  return {
    batch: sizes.batch,
    heads: sizes.heads,
    keyHeads: sizes.keyHeads,
    queries: sizes.queries,
    steps,
    capacity: cache?.capacity ?? steps,
    size: score.size,
    valueSize: sizes.valueSize,
    // A cache lies heads first, everything else as it was given.
    sideBySide: hasHeadsAside(sizes) && cache === undefined,
    additive: score.additive,
    scale: score.scale,
    softcap: settings.softcap,
    normalizer: settings.normalizer,
    shift: placing.shift,
    toEnd: placing.toEnd,
    left: placing.left,
    right: placing.right,
    maskAxes: call.maskAxes,
    biasAxes: call.biasAxes,
    seed: settings.seed,
    stream: settings.stream,
    threshold: settings.threshold,
    factor: settings.factor,
  };
}

/** Whether heads lie side by side; one head lies as it would either way. */
function hasHeadsAside({ threeAxes, heads }: Sizes): boolean {
  return threeAxes && heads > 1;
}

/** Whether query and context have to change places for a cache; those of one query lie the same either way. */
function isSwapped({ sizes, cache }: CheckedCall): boolean {
  return cache !== undefined && hasHeadsAside(sizes) && sizes.queries > 1;
}

/** Context, and what else is wanted, of which `made` takes charge. */
export function forwardPass(job: Job, call: CheckedCall, made: Scope): Outcome {
  const { wanted } = call;
  const { query, sizes, plan } = job;
  const device = familyDevice(query);
  const { kernels } = device;
  const like = (shape: readonly number[]): Tensor => made.keep(newTensor(query, shape));
  const context = like(queryShape(sizes, plan.valueSize));
  const weights = wanted.weights ? like(rowShape(sizes, plan.steps)) : undefined;
  const logSumExp = wanted.logSumExp ? like(rowShape(sizes)) : undefined;
  const scores = wanted.stage === null ? undefined : like(rowShape(sizes, plan.steps));
  const inputs = inputsOf(job);
  // Of as many numbers, in the order of the cache.
  const out = isSwapped(call) ? newTensor(query, context.shape) : context;
  try {
    kernels.attendForward(
      inputs,
      plan,
      out.storage,
      rowsOf(job),
      (weights ?? job.ownWeights)?.storage ?? null,
      logSumExp?.storage ?? null,
    );
    if (out !== context) {
      const { batch, heads, queries, valueSize } = sizes;
      swapAxes(out.storage, context.storage, device, [batch, heads, queries, valueSize]);
    }
  } finally {
    if (out !== context) out.dispose();
  }
  if (scores !== undefined && wanted.stage !== null) {
    kernels.attentionScores(inputs, plan, wanted.stage, scores.storage);
  }
  return { context, weights, scores, logSumExp };
}

/** Heads side by side as heads one after the other. */
function headsFirst(query: Tensor, sizes: Sizes, size: number, owned: Scope): Tensor {
  const swapped = owned.keep(newTensor(query, query.shape));
  const { batch, heads, queries } = sizes;
  swapAxes(query.storage, swapped.storage, familyDevice(query), [batch, queries, heads, size]);
  return swapped;
}
