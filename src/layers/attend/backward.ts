import { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { NORMALIZERS } from "../../kernels/attend/contract.ts";
import { newTensor } from "../layer.ts";
import { splitSteps } from "./blocks.ts";
import { inputsOf, type Job, rowsOf } from "./job.ts";
import { type ScoreGradients, undoScore } from "./scores.ts";
import { queryShape, rowShape } from "./sizes.ts";

/** What {@link AttentionResult.backward} gives: new tensors, each of the shape of what it is the gradient of. */
export interface AttentionGradients {
  /** Of query. */
  readonly dQuery: Tensor;
  /** Of keys, those of the call alone. */
  readonly dKeys: Tensor;
  /** Of values; where they are the keys, the sum of both is the gradient of the one tensor. */
  readonly dValues: Tensor;
  /** Of the bias, where there was one. */
  readonly dBias?: Tensor;
  /** Of the past, where there was one. */
  readonly dPast?: { readonly dKeys: Tensor; readonly dValues: Tensor };
  /** Of the tensors of the score, where it has any. */
  readonly dScore?: ScoreGradients;
}

/** What of the forward pass may still be there; what is not is computed anew. */
interface Kept {
  readonly context: Tensor;
  readonly weights: Tensor | undefined;
}

/** The gradients of a job for those of its context and weights, one of which may be missing. */
export function backwardPass(
  job: Job,
  kept: Kept,
  dContext: Tensor | undefined,
  dWeights: Tensor | undefined,
): AttentionGradients {
  const [temporary, made] = [new Scope(), new Scope()];
  try {
    const { kernels } = familyDevice(job.query);
    const like = (x: Tensor): Tensor => made.keep(newTensor(x, x.shape));
    const { context, weights } = forwardAgain(job, kept, dWeights !== undefined, temporary);
    const inputs = inputsOf(job);
    const rows = rowsOf(job);
    const upstream = dContext ?? zerosLike(context, temporary);
    const dots = temporary.keep(newTensor(job.query, job.rows.maxima.shape));
    const [dQuery, dKeys, dValues] = [
      like(job.comparedQuery),
      like(job.comparedKeys),
      like(job.values),
    ];
    const dVectors =
      job.score.v === undefined ? null : temporary.keep(newTensor(dKeys, dKeys.shape));
    kernels.attendBackward(
      inputs,
      job.plan,
      context.storage,
      rows,
      weights?.storage ?? null,
      upstream.storage,
      dWeights?.storage ?? null,
      dots.storage,
      dQuery.storage,
      dKeys.storage,
      dValues.storage,
      dVectors?.storage ?? null,
    );
    const dBias = job.bias === null ? null : like(job.bias);
    if (dBias !== null) {
      kernels.attendBiasBackward(
        inputs,
        job.plan,
        rows,
        weights?.storage ?? null,
        upstream.storage,
        dWeights?.storage ?? null,
        dots.storage,
        dBias.storage,
      );
    }
    const undone = undoScore(job, { dQuery, dKeys, dVectors }, made);
    return {
      dQuery: undone.dQuery,
      ...splitPast(job.past, undone.dKeys, dValues, made),
      ...(dBias === null ? {} : { dBias }),
      ...(undone.dScore === null ? {} : { dScore: undone.dScore }),
    };
  } catch (error) {
    made.dispose();
    throw error;
  } finally {
    temporary.dispose();
  }
}

/**
 * Context, and weights where the kernel cannot do without, as where they have a gradient of their own
 * (`weighted`): those that are held, or new ones.
 */
function forwardAgain(
  job: Job,
  kept: Kept,
  weighted: boolean,
  temporary: Scope,
): { context: Tensor; weights: Tensor | null } {
  const { query, plan, sizes, ownWeights } = job;
  const needed = weighted || plan.normalizer !== NORMALIZERS.softmax;
  const weights = ownWeights ?? (kept.weights?.disposed === false ? kept.weights : null);
  const lost = needed && weights === null;
  if (!kept.context.disposed && !lost) return { context: kept.context, weights };
  const context = temporary.keep(newTensor(query, queryShape(sizes, plan.valueSize)));
  const again = lost ? temporary.keep(newTensor(query, rowShape(sizes, plan.steps))) : weights;
  const { kernels } = familyDevice(query);
  const [inputs, out] = [inputsOf(job), context.storage];
  kernels.attendForward(inputs, plan, out, rowsOf(job), again?.storage ?? null, null);
  return { context, weights: again };
}

function zerosLike(x: Tensor, scope: Scope): Tensor {
  const zeros = scope.keep(newTensor(x, x.shape));
  familyDevice(x).kernels.fill(zeros.storage, 0, zeros.size);
  return zeros;
}

/** The gradients of keys and values, those of the past apart. */
function splitPast(past: number | null, dKeys: Tensor, dValues: Tensor, made: Scope) {
  if (past === null) return { dKeys, dValues };
  const [before, own] = splitSteps(dKeys, past, made);
  const [valuesBefore, ownValues] = splitSteps(dValues, past, made);
  dKeys.dispose();
  dValues.dispose();
  return { dKeys: own, dValues: ownValues, dPast: { dKeys: before, dValues: valuesBefore } };
}
