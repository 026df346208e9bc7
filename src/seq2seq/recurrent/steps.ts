import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import type { Embedding } from "../../layers/embedding.ts";

/** Symbols (N, T) that are still to be embedded, by which a cell may be saved work. */
export interface Symbols {
  readonly embed: Embedding;
  readonly ids: Indices;
}

/** What a cell reads: numbers (N, T, D), or symbols. */
export type Steps = Tensor | Symbols;

/** The numbers (N, T, D). */
export function numbersOf(steps: Steps, scope: Scope): Tensor {
  return "ids" in steps ? scope.keep(steps.embed.forward(steps.ids)) : steps;
}
