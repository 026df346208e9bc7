import { DataError } from "../core/errors.ts";
import { sizeOf } from "../core/shapes.ts";
import type { ParameterSpec } from "../layers/parameters.ts";
import { Decoder } from "./decoder.ts";
import { Encoder } from "./encoder.ts";
import type { ModelConfig } from "./types.ts";

/** Names, shapes and beginnings of all parameters of a model, before any memory is taken. */
export function parameterSpecs(
  { embeddingSize, hiddenSize }: ModelConfig,
  sourceSymbols: number,
  targetSymbols: number,
): ParameterSpec[] {
  return [
    ...Encoder.specs({ symbols: sourceSymbols, embeddingSize, hiddenSize }),
    ...Decoder.specs({ symbols: targetSymbols, embeddingSize, hiddenSize }),
  ];
}

/** Most learned numbers: with their gradients and Adam's two moments, 4 GiB, all that wasm can hold. */
const MOST_NUMBERS = 2 ** 28;

/** Refuses a model too large to be trained anywhere, before any memory is taken. */
export function checkParameterCount(where: string, specs: readonly ParameterSpec[]): void {
  const count = specs.reduce((total, { shape }) => total + sizeOf(shape), 0);
  if (count <= MOST_NUMBERS) return;
  throw new DataError({
    where,
    expected: `at most ${MOST_NUMBERS} learned numbers`,
    received: `${count}`,
    fix: "choose a smaller hidden size or embedding size",
  });
}
