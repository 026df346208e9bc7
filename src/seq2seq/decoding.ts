import { Scope } from "../core/scope.ts";
import { Indices, type Tensor } from "../core/tensor.ts";
import { indices } from "../devices/create.ts";
import { deviceOf } from "../kernels/device.ts";
import type { LstmState } from "../layers/lstm.ts";
import { arrangeSource, batchSources, sourcePosition } from "./batch.ts";
import { passedState } from "./decoder.ts";
import type { ModelParts } from "./model-parts.ts";
import type { Transduction } from "./types.ts";

/** A text on its way through the decoder. */
interface Reading {
  readonly text: string;
  readonly symbols: readonly string[];
  readonly source: readonly number[];
  readonly output: number[];
  readonly rows: number[][];
  finished: boolean;
}

/**
 * Greedy decoding of several texts as one batch: every step feeds the likeliest symbol back, carrying
 * the LSTM's state, so that a symbol costs one decoder step and nothing is computed twice.
 */
export async function greedy(
  model: ModelParts,
  texts: readonly string[],
  withAttention: boolean,
): Promise<Transduction[]> {
  const { config, sourceVocabulary } = model;
  const readings = texts.map((text): Reading => {
    const symbols = sourceVocabulary.symbolsIn(text);
    const ids = sourceVocabulary.encodeSymbols(symbols);
    const source = arrangeSource(ids, config, sourceVocabulary);
    return { text, symbols, source, output: [], rows: [], finished: false };
  });
  // Without a mask, padding would be read like a symbol: only sources of one length share a batch.
  const groups = new Map<number, Reading[]>();
  for (const reading of readings) {
    const key = config.maskPadding ? 0 : reading.source.length;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [reading]);
    else group.push(reading);
  }
  for (const group of groups.values()) await decode(model, group, withAttention);
  return readings.map((reading) => describe(model, reading));
}

async function decode(
  model: ModelParts,
  readings: readonly Reading[],
  withAttention: boolean,
): Promise<void> {
  const { config, encoder, decoder, targetVocabulary, device } = model;
  const scope = new Scope();
  const { sources, lengths } = batchSources(
    readings.map(({ source }) => source),
    config,
    model.sourceVocabulary.pad,
    device,
    scope,
  );
  const { hs, state } = encoder.forward(sources, lengths, null, scope);
  encoder.release();
  const memory = { hs, lengths };
  const Te = sources.shape[1] ?? 0;
  const begin = new Int32Array(readings.length).fill(targetVocabulary.begin);
  // What a step starts from goes when the step is done: memory does not grow with the output.
  let held = new Scope();
  let inputs: Indices = held.keep(indices(begin, [readings.length, 1], { device }));
  let start: Partial<LstmState> = passedState(config, state);
  const limit = config.targetLength ?? config.targetLimit;
  const { pad, begin: first, unknown } = targetVocabulary;
  const silent = new Set([pad, first, unknown]);
  for (let step = 0; step < limit && readings.some(({ finished }) => !finished); step++) {
    const stepScope = new Scope();
    const passedOn = new Scope();
    const {
      logits,
      weights,
      state: next,
    } = decoder.forward(inputs, memory, start, null, stepScope);
    decoder.release();
    stepScope.keep(weights);
    passedOn.keep(next.h);
    passedOn.keep(next.c);
    inputs = passedOn.keep(likeliest(logits));
    const ids = await inputs.read();
    const maps = withAttention ? await weights.read() : null;
    for (const [n, reading] of readings.entries()) {
      if (reading.finished) continue;
      const id = ids[n] ?? 0;
      if (id === targetVocabulary.end) {
        reading.finished = true;
        continue;
      }
      // Padding, begin and unknown say nothing: a model that answers so is asked for the next symbol.
      if (silent.has(id)) continue;
      reading.output.push(id);
      if (maps !== null) {
        reading.rows.push(
          reading.symbols.map((_, e) => {
            return maps[n * Te + sourcePosition(e, reading.symbols.length, config)] ?? 0;
          }),
        );
      }
    }
    start = next;
    stepScope.dispose();
    held.dispose();
    held = passedOn;
  }
  held.dispose();
  if (targetVocabulary.end === null) for (const reading of readings) reading.finished = true;
  scope.dispose();
}

/** The likeliest symbol per row of logits (N, 1, V), as the next inputs (N, 1). */
function likeliest(logits: Tensor): Indices {
  const [N = 0, , V = 0] = logits.shape;
  const ids = new Indices(logits.device, logits.device.allocate("int32", N), [N, 1]);
  deviceOf(logits).kernels.argmax(logits.storage, ids.storage, N, V);
  return ids;
}

function describe(model: ModelParts, reading: Reading): Transduction {
  const { sourceVocabulary, targetVocabulary } = model;
  const outputSymbols = reading.output.map((id) => targetVocabulary.symbols[id] ?? "");
  return {
    source: reading.text,
    output: targetVocabulary.textOf(outputSymbols),
    sourceSymbols: reading.symbols,
    outputSymbols,
    attention: reading.rows,
    finished: reading.finished,
    unknownSymbols: sourceVocabulary.unknownAmong(reading.symbols),
  };
}
