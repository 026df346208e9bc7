import { expect } from "vitest";
import { greedy } from "../../../examples/onnx/greedy.mjs";
import { readSources } from "../../../examples/onnx/texts.mjs";
import { describedModel, type ModelDescription } from "../../../src/cli/model-description.ts";
import { onnxFiles } from "../../../src/cli/onnx-graphs/export-model.ts";
import type { AttentionSeq2seq, TransductionInput } from "../../../src/index.ts";
import { NetworkStepper } from "../../../src/seq2seq/decoding/network-stepper.ts";
import { readSource } from "../../../src/seq2seq/source.ts";
import type { OnnxRuntime, OnnxSession, OnnxTensor } from "../../support/onnx-runtimes.ts";

/** How far a probability, its logarithm, or a weight may be from heed's. */
const BOUND = 1e-4;
/** Below this, a probability in float32 has too few digits for its logarithm to be compared. */
const LEAST = 1e-30;

/** What `heed export --onnx` writes, in a runtime. */
interface Exported {
  readonly encoder: OnnxSession;
  readonly decoder: OnnxSession;
  readonly vocabulary: ModelDescription;
}

/** Does something with a model's graphs in a runtime. */
async function withGraphs(
  model: AttentionSeq2seq,
  runtime: OnnxRuntime,
  use: (graphs: Exported) => Promise<void>,
): Promise<void> {
  const files = onnxFiles(model, {}, "0");
  const [encoder, decoder] = [
    await runtime.session(files.encoder),
    await runtime.session(files.decoder),
  ];
  try {
    await use({
      encoder,
      decoder,
      vocabulary: JSON.parse(JSON.stringify(describedModel(model))),
    });
  } finally {
    await Promise.all([encoder.release(), decoder.release()]);
  }
}

/** What the example writes with the graphs is what the model writes, with its score. */
export async function expectSameOutputs(
  model: AttentionSeq2seq,
  runtime: OnnxRuntime,
  texts: readonly TransductionInput[],
): Promise<void> {
  await withGraphs(model, runtime, async (graphs) => {
    const ours = await model.transduceMany(texts);
    const theirs: { output: string; score: number }[] = await greedy(runtime, graphs, texts);
    expect(theirs.map(({ output }) => output)).toEqual(ours.map(({ output }) => output));
    for (const [i, { score }] of theirs.entries()) {
      expect(Math.abs(score - ours[i]!.score)).toBeLessThan(BOUND);
    }
  });
}

/** Step by step, whatever was written before, log-probabilities and weights of the graphs are the model's. */
export async function expectSameSteps(
  model: AttentionSeq2seq,
  runtime: OnnxRuntime,
  texts: readonly TransductionInput[],
  steps: number,
): Promise<void> {
  const sources = texts.map((text) => readSource(model, text, "a text"));
  const stepper = new NetworkStepper(model, sources, { attention: true, steered: [] });
  const int64 = (numbers: readonly number[], ...dims: number[]): OnnxTensor =>
    new runtime.Tensor("int64", BigInt64Array.from(numbers, BigInt), dims);
  await withGraphs(model, runtime, async ({ encoder, decoder, vocabulary }) => {
    const { N, Te, source, lengths, copies } = readSources(vocabulary, texts);
    const given = { source: int64(source, N, Te), lengths: int64(lengths, N) };
    const state: Record<string, OnnxTensor> = { copies: int64(copies, N, Te) };
    Object.assign(state, await run(encoder, given));
    let previous = texts.map(() => model.targetVocabulary.begin);
    for (let step = 0; step < steps; step++) {
      const theirs = await run(decoder, { ...state, previous: int64(previous, N) });
      const { probabilities, width, attention } = await stepper.advance(Int32Array.from(previous));
      const found = rowsOf(theirs["log_probabilities"]);
      const expected = rowsOf({ dims: [N, width], data: Float32Array.from(probabilities) });
      expectSameLogarithms(found, expected);
      expect("weights" in theirs).toBe(attention !== null);
      if (attention !== null) {
        for (const [n, weights] of rowsOf(theirs["weights"]).entries()) {
          const real = attention(n);
          expectClose(weights.slice(0, real.length), real);
        }
      }
      for (const [name, value] of Object.entries(theirs)) {
        if (name.startsWith("next_")) state[name.slice(5)] = value;
      }
      // Another symbol for every row and step, whatever the model thinks of it; also such as can only be copied.
      previous = previous.map((id, n) => (id * 5 + n + step) % width);
    }
  });
  stepper.dispose();
}

async function run(
  session: OnnxSession,
  values: Readonly<Record<string, OnnxTensor>>,
): Promise<Record<string, OnnxTensor>> {
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, values[name]!]));
  return { ...(await session.run(feeds)) };
}

/** Logarithms, also of columns for which no symbol is left, against probabilities. */
function expectSameLogarithms(found: number[][], probabilities: number[][]): void {
  for (const [n, row] of probabilities.entries()) {
    const certain = (_: unknown, i: number): boolean => (row[i] ?? 0) > LEAST;
    expectClose(found[n]!.filter(certain), row.filter(certain).map(Math.log));
    for (const [i, log] of found[n]!.entries()) {
      expect(Math.abs(Math.exp(log) - (row[i] ?? 0))).toBeLessThan(BOUND);
    }
  }
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  const worst = found.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
  expect(worst).toBeLessThan(BOUND);
}

/** The rows of a table of floats. */
function rowsOf(tensor: Pick<OnnxTensor, "dims" | "data"> | undefined): number[][] {
  const { dims, data } = tensor!;
  const [N = 0, width = 0] = dims;
  const numbers = Array.from(data, Number);
  return Array.from({ length: N }, (_, n) => numbers.slice(n * width, (n + 1) * width));
}
