import { Scope } from "../core/scope.ts";
import { Indices, type Tensor } from "../core/tensor.ts";
import { indices } from "../devices/create.ts";
import { deviceOf } from "../kernels/device.ts";
import { batchSources, sourcePosition } from "./batch.ts";
import type { ModelParts } from "./model-parts.ts";
import type { DecoderState } from "./network.ts";
import { probabilitiesOf } from "./probabilities.ts";
import { type ReadSource, readSource } from "./source.ts";
import type { Transduction, TransductionInput } from "./types.ts";

/** A text on its way through the decoder. */
interface Reading extends ReadSource {
  readonly output: string[];
  readonly rows: number[][];
  finished: boolean;
}

/**
 * Greedy decoding of several texts as one batch: every step feeds the likeliest symbol back, carrying
 * the decoder's state, so that a symbol costs one decoder step and nothing is computed twice.
 */
export async function greedy(
  model: ModelParts,
  inputs: readonly TransductionInput[],
  withAttention: boolean,
): Promise<Transduction[]> {
  const { config } = model;
  const readings = inputs.map((input): Reading => {
    const read = readSource(model, input, "AttentionSeq2seq.transduceMany");
    return { ...read, output: [], rows: [], finished: false };
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
  const { config, network, sourceVocabulary, targetVocabulary, device } = model;
  const scope = new Scope();
  const batch = batchSources(readings, config, sourceVocabulary.pad, device, scope);
  const source = network.encode(batch, null, scope);
  const Te = batch.sources.shape[1] ?? 0;
  const most = readings.reduce((width, { extra }) => Math.max(width, extra.length), 0);
  const width = targetVocabulary.size + most;
  let next = new Int32Array(readings.length).fill(targetVocabulary.begin);
  let state = network.begin(source);
  const limit = config.targetLength ?? config.targetLimit;
  const { pad, begin: first, unknown } = targetVocabulary;
  const silent = new Set([pad, first, unknown]);
  for (let step = 0; step < limit && readings.some(({ finished }) => !finished); step++) {
    const stepScope = new Scope();
    const inputs = stepScope.keep(indices(next, [readings.length, 1], { device }));
    const out = network.advance(inputs, source, state, stepScope);
    const choices = config.copy ? probabilitiesOf(out, batch.copies, width, stepScope) : out.logits;
    const ids = await stepScope.keep(likeliest(choices)).read();
    const maps = withAttention && out.weights !== null ? await out.weights.read() : null;
    for (const [n, reading] of readings.entries()) {
      if (reading.finished) continue;
      const id = ids[n] ?? 0;
      if (id === targetVocabulary.end) {
        reading.finished = true;
        continue;
      }
      // Padding, begin and unknown say nothing: a model that answers so is asked for the next symbol.
      if (silent.has(id)) continue;
      const extra = reading.extra[id - targetVocabulary.size];
      reading.output.push(extra ?? targetVocabulary.symbols[id] ?? "");
      if (maps !== null) {
        reading.rows.push(
          reading.symbols.map((_, e) => {
            return maps[n * Te + sourcePosition(e, reading.symbols.length, config)] ?? 0;
          }),
        );
      }
    }
    // What was copied and is no symbol of the targets goes on as an unknown one.
    next = ids.map((id) => (id < targetVocabulary.size ? id : (unknown ?? pad)));
    disposeState(state);
    state = out.state;
    stepScope.dispose();
  }
  disposeState(state);
  if (targetVocabulary.end === null) for (const reading of readings) reading.finished = true;
  scope.dispose();
}

function disposeState({ tensors }: DecoderState): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

/** The likeliest symbol per row of logits (N, 1, V), as the next inputs (N, 1). */
function likeliest(logits: Tensor): Indices {
  const [N = 0, , V = 0] = logits.shape;
  const ids = new Indices(logits.device, logits.device.allocate("int32", N), [N, 1]);
  deviceOf(logits).kernels.argmax(logits.storage, ids.storage, N, V);
  return ids;
}

function describe({ targetVocabulary }: ModelParts, reading: Reading): Transduction {
  return {
    source: reading.text,
    output: targetVocabulary.textOf(reading.output),
    sourceSymbols: reading.symbols,
    outputSymbols: reading.output,
    attention: reading.rows,
    finished: reading.finished,
    unknownSymbols: reading.unknown,
  };
}
