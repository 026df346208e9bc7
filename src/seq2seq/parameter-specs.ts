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
