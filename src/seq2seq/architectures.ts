import { DataError } from "../core/errors.ts";
import { sizeOf } from "../core/shapes.ts";
import type { ParameterSpec, Parameters } from "../layers/parameters.ts";
import type { ModelConfig } from "./model-config.ts";
import type { Network } from "./network.ts";
import { RecurrentNetwork } from "./recurrent/network.ts";
import { TransformerNetwork } from "./transformer/transformer-network.ts";
import type { VocabularySizes } from "./vocabulary-sizes.ts";

/** The networks that a config can ask for. */
const ARCHITECTURES = { recurrent: RecurrentNetwork, transformer: TransformerNetwork } as const;

/** Names, shapes and beginnings of all parameters of a model, before any memory is taken. */
export function parameterSpecs(config: ModelConfig, counts: VocabularySizes): ParameterSpec[] {
  return ARCHITECTURES[config.architecture].specs(config, counts);
}

/** The network of a config, on parameters of its specs. */
export function networkOf(
  config: ModelConfig,
  counts: VocabularySizes,
  parameters: Parameters,
  seed: number,
): Network {
  return new ARCHITECTURES[config.architecture](config, counts, parameters, seed);
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
