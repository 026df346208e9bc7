import { join } from "node:path";
import {
  AttentionSeq2seq,
  defaultConfig,
  openDevice,
  type Pair,
  Random,
  Trainer,
  Vocabulary,
} from "heed";
import { CACHE, writeCached } from "./cache.ts";
import type { Running } from "./contenders.ts";
import { type Ceiling, measureQuietly } from "./measure-ceilings.ts";
import type { Options } from "./options.ts";
import type { ModelResult } from "./results.ts";

/** The date model of *Deep Learning from Scratch 2*: 29 symbols in, 11 steps out, of 59 symbols. */
const DATE = { source: 29, target: 11, symbols: 59, batch: 128, embedding: 16, hidden: 256 };

/** A training step gives these, by the definition in float64. */
interface Step {
  readonly loss: number;
  readonly gradientNorm: number;
}

interface ModelFiles {
  readonly model: string;
  readonly pairs: string;
  readonly truth: Step;
}

/** One training step of 128 pairs for everybody who can, and greedy decoding of one date. */
export async function measureTraining(
  running: readonly Running[],
  ceilings: readonly Ceiling[],
  options: Options,
): Promise<ModelResult[]> {
  const { model, pairs, truth } = await modelFiles();
  const timed: (ModelResult & { readonly rounds: number[]; readonly by: Running })[] = [];
  for (const by of running) {
    const { ways } = await by.child
      .ask({ do: "training", model, pairs })
      .catch(() => ({ ways: [] }));
    for (const made of ways as { way: string; facts?: Partial<Step>; failed?: string }[]) {
      const refused = made.failed ?? disagreement(made.facts ?? {}, truth);
      timed.push({ by, who: by.who, way: made.way, rounds: [], refused });
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    await measureQuietly(ceilings);
    for (const { by, way, rounds, refused } of timed) {
      if (refused !== null) continue;
      const seconds = Math.max(2 * options.seconds, 0.4);
      const { milliseconds } = await by.child.ask({ do: "time", way, seconds });
      rounds.push(Number(milliseconds));
    }
  }
  for (const { child } of running) await child.ask({ do: "release" });
  return timed.map(({ who, way, rounds, refused }) => ({ who, way, rounds, refused }));
}

function disagreement(step: Partial<Step>, truth: Step): string | null {
  // Decoding says no loss; its symbols are those of the other devices, which heed's tests hold.
  if (step.loss === undefined || step.gradientNorm === undefined) return null;
  const off = (value: number, right: number): boolean => !(Math.abs(value / right - 1) < 1e-4);
  return off(step.loss, truth.loss) || off(step.gradientNorm, truth.gradientNorm)
    ? `wrong: loss ${step.loss}, gradient norm ${step.gradientNorm}; not ${truth.loss}, ${truth.gradientNorm}`
    : null;
}

/** The model that all begin with, the pairs, their symbols as numbers, and the truth of the first step. */
async function modelFiles(): Promise<ModelFiles> {
  const pairs = datePairs();
  const wasm = await openDevice("wasm");
  const reference = await openDevice("reference");
  const config = defaultConfig(pairs, {
    embeddingSize: DATE.embedding,
    hiddenSize: DATE.hidden,
    maskPadding: false,
    targetLength: DATE.target,
    bidirectional: false,
    attention: "dot",
    inputFeeding: false,
    attentionalSize: null,
    reverseSource: true,
    bridge: "hidden",
    dropout: 0,
  });
  const vocabulary = new Vocabulary({
    symbols: Array.from({ length: DATE.symbols }, (_, id) => letter(id)),
    tokens: "chars",
    normalization: "none",
    pad: 0,
    begin: 1,
    end: null,
    unknown: null,
  });
  const model = new AttentionSeq2seq(config, vocabulary, vocabulary, { device: wasm });
  const encoded = pairs.map((pair) => model.encode(pair));
  const ids = {
    sources: encoded.map(({ source }) => source),
    targets: encoded.map(({ target }) => target),
    begin: vocabulary.begin,
  };
  writeCached("model/pairs.ids.json", JSON.stringify(ids));
  writeCached("model/pairs.json", JSON.stringify(pairs));
  writeCached("model/date.safetensors", await model.toBytes());

  const exact = new AttentionSeq2seq(config, vocabulary, vocabulary, {
    device: reference,
    dtype: "float64",
  });
  exact.parameters.values.storage.write(model.parameters.values.data);
  const options = { batchSize: DATE.batch, clip: 5, labelSmoothing: 0 };
  const truth = await new Trainer(exact, pairs, options).step();
  model.dispose();
  return {
    model: join(CACHE, "model/date.safetensors"),
    pairs: join(CACHE, "model/pairs.json"),
    truth,
  };
}

function letter(id: number): string {
  return String.fromCharCode(40 + id);
}

/** Random texts of the date model's lengths; the first two symbols of the vocabulary pad and begin. */
function datePairs(): Pair[] {
  const random = new Random(2);
  const text = (length: number): string =>
    Array.from({ length }, () => letter(2 + random.integer(DATE.symbols - 2))).join("");
  return Array.from({ length: DATE.batch }, () => ({
    source: text(DATE.source),
    target: text(DATE.target),
    line: 0,
  }));
}
