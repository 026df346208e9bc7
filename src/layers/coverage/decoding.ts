import { StateError } from "../../core/errors.ts";
import { Scope } from "../../core/scope.ts";
import { disposeSymbol, type Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { agree, axes, checkIndices, checkTensor, together } from "../checks.ts";
import { leftBy, newTensor } from "../layer.ts";
import { copyOfStep, stepOf } from "./by-step.ts";
import { type CoverageCall, type CoverageNetwork, sourceOf, stepsOf } from "./source.ts";
import { attendStep, type Source } from "./step.ts";

const WHERE = "CoverageDecoding";

/**
 * A {@link CoverageAttention} of one query at a time, which carries what was covered from step to step. Made
 * by {@link CoverageAttention.decode}; has no backward pass.
 *
 * @example
 * const layer = new CoverageAttention(3, 4, 8);
 * const random = new Random(1);
 * const keys = normal([2, 5, 4], random);
 * using decoding = layer.decode(keys);
 * decoding.step(normal([2, 3], random)).shape; // → [2, 4]
 * decoding.step(normal([2, 3], random));
 * decoding.attentionWeight.shape; // → [2, 5]
 * const covered = [...decoding.coverage.data.subarray(0, 5)];
 * covered.reduce((a, b) => a + b); // → 2.000
 */
export class CoverageDecoding {
  readonly #network: CoverageNetwork;
  readonly #source: Source;
  readonly #scope = new Scope();
  #coverage: Tensor;
  #weight: Tensor | null = null;
  #disposed = false;

  /** For {@link CoverageAttention.decode}. */
  constructor(network: CoverageNetwork, keys: Tensor, values: Tensor, call: CoverageCall) {
    this.#network = network;
    const where = "CoverageAttention.decode";
    try {
      this.#source = sourceOf(where, network, keys, values, call, this.#scope).source;
    } catch (error) {
      this.#scope.dispose();
      throw error;
    }
    const { base } = this.#source;
    this.#coverage = newTensor(base, base.shape.slice(0, 2));
    familyDevice(base).kernels.fill(this.#coverage.storage, 0, this.#coverage.size);
  }

  /** The sum of the weights (N, Tk) of all steps so far; that of a step stays as it is. */
  get coverage(): Tensor {
    return this.#coverage;
  }

  /** The weights (N, Tk) of the last step. @throws StateError before there was one */
  get attentionWeight(): Tensor {
    return leftBy(`${WHERE}.attentionWeight`, `${WHERE}.step`, this.#weight, "no weights yet");
  }

  /**
   * query (N, Dq) → context (N, E), as the next step of {@link CoverageAttention.forward} would give it.
   * Reads the values, lengths and coverage that it began with or gave: dispose them later.
   *
   * @throws ShapeError when the query does not have the batch of the keys or the size of Wq; StateError
   *   after `dispose`
   */
  step(query: Tensor): Tensor {
    const where = `${WHERE}.step`;
    if (this.#disposed) {
      throw new StateError({
        where,
        expected: "a decoding in use",
        received: "use after dispose()",
      });
    }
    const { base, values, lengths } = this.#source;
    const { parameters, projectQuery } = this.#network;
    const { Wq } = parameters;
    checkTensor(where, "values", values);
    checkTensor(where, "coverage", this.#coverage);
    if (lengths !== undefined) checkIndices(where, "lengths", lengths);
    const [N, Dq] = axes(where, "query", query, "N", "Dq");
    agree(where, "N", "query", N, "keys", base.shape[0] ?? 0);
    agree(where, "Dq", "query", Dq, "Wq", Wq.shape[0] ?? 0);
    together(where, { Wq, query });
    const scope = new Scope();
    const { kernels } = familyDevice(base);
    const alone = scope.keep(query.view(0, [1, N, Dq]));
    const steps = stepsOf(this.#source, scope.keep(projectQuery.forward(alone)), scope);
    const before = stepOf(steps.coverages, 0, scope);
    kernels.copy(this.#coverage.storage, before.storage, before.size);
    attendStep(this.#source, steps, 0, scope.keep(newTensor(base, base.shape)));
    this.#weight = copyOfStep(steps.weights, 0);
    this.#coverage = copyOfStep(steps.coverages, 1);
    const context = copyOfStep(steps.context, 0);
    scope.dispose();
    return context;
  }

  /** Gives back what it holds of the keys; what it gave stays. */
  dispose(): void {
    this.#disposed = true;
    this.#scope.dispose();
  }

  /** What `using` calls at the end of its block: `dispose`. */
  [disposeSymbol](): void {
    this.dispose();
  }
}
