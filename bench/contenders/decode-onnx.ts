/**
 * onnxruntime, decoding greedily with the graphs of `heed export --onnx`:
 *
 *     node decode-onnx.ts FOLDER onnxruntime-node|onnxruntime-web THREADS
 */
import { readFileSync } from "node:fs";
import type * as ort from "onnxruntime-common";
import { byLength, serveDecoding } from "./decoding.ts";

/** As far as dates need it: every symbol is one character. */
interface Vocabulary {
  readonly symbols: readonly string[];
  readonly pad: number;
  readonly begin: number;
  readonly end: number | null;
  readonly unknown: number;
}
interface Described {
  readonly config: { readonly targetLength: number | null; readonly targetLimit: number };
  readonly source: Vocabulary;
  readonly target: Vocabulary;
}

const [folder = "", name = "onnxruntime-node", threads = "1"] = process.argv.slice(2);
const isWeb = name === "onnxruntime-web";
const { InferenceSession, Tensor, env } = (await import(name)) as typeof ort;
if (isWeb) env.wasm.numThreads = Number(threads);
const session = (file: string): Promise<ort.InferenceSession> =>
  InferenceSession.create(readFileSync(`${folder}/${file}`), {
    executionProviders: [isWeb ? "wasm" : "cpu"],
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
const [encoder, decoder] = [await session("encoder.onnx"), await session("decoder.onnx")];
const described = JSON.parse(readFileSync(`${folder}/vocabulary.json`, "utf8")) as Described;
const { config, source, target } = described;
const ids = new Map(source.symbols.map((symbol, id) => [symbol, id]));
const forbidden = new Set([target.pad, target.begin, target.unknown]);
const allowed = target.symbols.map((_, id) => id).filter((id) => !forbidden.has(id));
const states = decoder.outputNames.filter((output) => output.startsWith("next_"));
const fromEncoder = decoder.inputNames.filter((input) => input !== "previous");

await serveDecoding(`${name} ${env.versions.common}`, (texts, batch) =>
  byLength(texts, batch, decode),
);

async function decode(texts: readonly string[]): Promise<string[]> {
  const N = texts.length;
  const Te = texts.reduce((most, { length }) => Math.max(most, length), 1);
  const rows = new BigInt64Array(N * Te).fill(BigInt(source.pad));
  for (const [n, text] of texts.entries()) {
    for (let i = 0; i < text.length; i++) {
      rows[n * Te + i] = BigInt(ids.get(text[i]!) ?? source.unknown);
    }
  }
  const lengths = BigInt64Array.from(texts, ({ length }) => BigInt(length));
  const encoded = await encoder.run({
    source: new Tensor("int64", rows, [N, Te]),
    lengths: new Tensor("int64", lengths, [N]),
  });
  const feeds = Object.fromEntries(fromEncoder.map((input) => [input, encoded[input]!]));
  const outputs = texts.map(() => "");
  const open = new Uint8Array(N).fill(1);
  let left = N;
  const previous = new BigInt64Array(N).fill(BigInt(target.begin));
  const V = target.symbols.length;
  for (let step = 0; step < (config.targetLength ?? config.targetLimit) && left > 0; step++) {
    const made = await decoder.run({ ...feeds, previous: new Tensor("int64", previous, [N]) });
    const scores = made["log_probabilities"]!.data as Float32Array;
    for (let n = 0; n < N; n++) {
      let best = allowed[0]!;
      for (const id of allowed) if (scores[n * V + id]! > scores[n * V + best]!) best = id;
      previous[n] = BigInt(best);
      if (open[n] === 0) continue;
      if (best === target.end) {
        open[n] = 0;
        left--;
      } else outputs[n] += target.symbols[best]!;
    }
    for (const output of states) feeds[output.slice(5)] = made[output]!;
  }
  return outputs;
}
