import { checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { checkInstance, checkPairs } from "./arguments.ts";
import { readSearchOptions } from "./decoding/search-options.ts";
import { editDistance, summarise } from "./metrics.ts";
import type { Transducer } from "./transducer.ts";
import type { Evaluation, Pair, Prediction, TransduceOptions } from "./types.ts";

/** How to measure; every field has a default. */
export interface EvaluateOptions
  extends Pick<TransduceOptions, "batchSize" | "beam" | "lengthPenalty"> {
  /** Called with the number of pairs done and of all, after every hundred pairs and the last. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Pairs between two calls of `onProgress`. */
const INTERVAL = 100;

/**
 * How a model, or an ensemble, does on pairs: exact match and symbol error rate, by greedy decoding unless
 * a beam is asked for. A source that it cannot read counts as answered by nothing.
 *
 * @throws DataError when there are no pairs, or no target has a symbol
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const { exactMatch, predictions } = await evaluate(model, pairs);
 * exactMatch === Number(predictions[0]?.exact); // → true
 */
export async function evaluate(
  model: Transducer,
  pairs: readonly Pair[],
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const where = "evaluate";
  checkTransducer(where, model);
  checkPairs(where, pairs);
  checkOptions(where, options, ["batchSize", "beam", "lengthPenalty", "onProgress"]);
  const { onProgress, ...search } = options;
  if (onProgress !== undefined) checkInstance(where, "onProgress", onProgress, Function);
  readSearchOptions(where, search, false);
  const { targetVocabulary, featureVocabulary } = model;
  const tagged = pairs.find(({ features = "" }) => features.trim() !== "");
  if (featureVocabulary === null && tagged !== undefined) {
    throw new DataError({
      where,
      expected: "pairs without features, since the model reads none",
      received: describe(tagged.features),
    });
  }
  const predictions: Prediction[] = [];
  for await (const result of model.transduceStream(pairs, { ...search, attention: false })) {
    const pair = pairs[predictions.length]!;
    const edits = editDistance(result.outputSymbols, targetVocabulary.symbolsIn(pair.target));
    const { output, score } = result;
    predictions.push({ pair, output, exact: edits === 0, edits, score });
    const done = predictions.length;
    if (done % INTERVAL === 0 || done === pairs.length) onProgress?.(done, pairs.length);
  }
  return summarise(predictions, targetVocabulary);
}

function checkTransducer(where: string, model: unknown): void {
  const isObject = typeof model === "object" && model !== null;
  if (isObject && "transduceStream" in model && "targetVocabulary" in model) return;
  throw new DataError({
    where,
    expected: "model to be an AttentionSeq2seq or an Ensemble",
    received: describe(model),
  });
}
