import { Scope } from "../../core/scope.ts";
import type { Storage } from "../../core/storage.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { newTensor } from "../layer.ts";
import { stepOf } from "./by-step.ts";
import { inputsOfStep, planOf, type Source, type Steps } from "./step.ts";

/** Gradients of what the steps gave, each (T, N, …); what is missing is 0. */
export interface Upstream {
  readonly dContext: Tensor;
  readonly dWeights: Tensor | null;
  /** (T, N): of Σ min(weights, coverage). */
  readonly dLoss: Tensor | null;
}

/** Where gradients of parameters are added. */
export interface ParameterGradients {
  readonly dwc: Tensor;
  readonly dv: Tensor;
}

/** Through all steps, from the last to the first: what a step covered, all later ones saw. */
export function stepsBackward(
  source: Source,
  steps: Steps,
  upstream: Upstream,
  { dwc, dv }: ParameterGradients,
): { dBase: Tensor; dProjected: Tensor; dValues: Tensor } {
  const [made, temporary] = [new Scope(), new Scope()];
  try {
    const { base, values, wc } = source;
    const { kernels } = familyDevice(base);
    const zeros = (scope: Scope, shape: readonly number[]): Tensor => {
      const tensor = scope.keep(newTensor(base, shape));
      kernels.fill(tensor.storage, 0, tensor.size);
      return tensor;
    };
    const like = (x: Tensor): Tensor => temporary.keep(newTensor(x, x.shape));
    const [N, Tk, A] = base.shape as [number, number, number];
    const rows = N * Tk;
    const dBase = zeros(made, base.shape);
    const dProjected = made.keep(newTensor(base, steps.projected.shape));
    const dValues = zeros(made, values.shape);
    const { dWeights, dCoverages } = dSharesOf(steps, upstream, temporary);
    // Of what was covered before the step: the sum over the steps that follow, which all saw its weights.
    const dCoverage = zeros(temporary, [N, Tk]);
    const [covered, dCovered, dVectors, dStepValues] = [
      like(base),
      like(base),
      like(base),
      like(values),
    ];
    const dots = temporary.keep(newTensor(base, [N]));
    const plan = planOf(source);
    for (let t = (steps.projected.shape[0] ?? 0) - 1; t >= 0; t--) {
      const scope = new Scope();
      const part = (x: Tensor): Storage => stepOf(x, t, scope).storage;
      const dStep = part(dWeights);
      kernels.add(dStep, dCoverage.storage, dStep, rows);
      kernels.attendBackward(
        inputsOfStep(source, steps, t, covered, scope),
        plan,
        part(steps.context),
        { maxima: part(steps.maxima), sums: part(steps.sums) },
        part(steps.weights),
        part(upstream.dContext),
        dStep,
        dots.storage,
        part(dProjected),
        dCovered.storage,
        dStepValues.storage,
        dVectors.storage,
      );
      const d = dCovered.storage;
      kernels.add(dBase.storage, d, dBase.storage, base.size);
      kernels.add(dValues.storage, dStepValues.storage, dValues.storage, values.size);
      kernels.sumRows(dVectors.storage, dv.storage, rows, A, true);
      // Was covered = base + coverage · wc.
      const column = part(steps.coverages);
      kernels.matmul(column, d, null, dwc.storage, 1, A, rows, true, false, true);
      const into = dCoverage.storage;
      kernels.matmul(d, wc.storage, null, into, rows, 1, A, false, false, true);
      if (dCoverages !== null) kernels.add(into, part(dCoverages), into, rows);
      scope.dispose();
    }
    return { dBase, dProjected, dValues };
  } catch (error) {
    made.dispose();
    throw error;
  } finally {
    temporary.dispose();
  }
}

/** What comes to weights and coverages from outside and from the loss. */
function dSharesOf(
  steps: Steps,
  { dWeights, dLoss }: Upstream,
  scope: Scope,
): { dWeights: Tensor; dCoverages: Tensor | null } {
  const { weights, coverages } = steps;
  const { kernels } = familyDevice(weights);
  const like = (): Tensor => scope.keep(newTensor(weights, weights.shape));
  const total = like();
  if (dWeights === null) kernels.fill(total.storage, 0, total.size);
  else kernels.copy(dWeights.storage, total.storage, total.size);
  if (dLoss === null) return { dWeights: total, dCoverages: null };
  const [dMinima, dShares, dCoverages] = [like(), like(), like()];
  const Tk = weights.shape[2] ?? 0;
  const ones = scope.keep(newTensor(weights, [Tk]));
  kernels.fill(ones.storage, 1, Tk);
  const [column, row] = [dLoss.storage, ones.storage];
  kernels.matmul(column, row, null, dMinima.storage, dLoss.size, Tk, 1, false, false, false);
  // The last coverage is that of no step.
  const before = scope.keep(coverages.view(0, weights.shape));
  kernels.minimumBackward(
    weights.storage,
    before.storage,
    dMinima.storage,
    dShares.storage,
    dCoverages.storage,
    weights.size,
  );
  kernels.add(total.storage, dShares.storage, total.storage, total.size);
  return { dWeights: total, dCoverages };
}
