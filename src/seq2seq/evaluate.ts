import { checkNumber, checkOptions } from "../core/arguments.ts";
import { checkInstance, checkPairs } from "./arguments.ts";
import { editDistance, summarise } from "./metrics.ts";
import { AttentionSeq2seq } from "./model.ts";
import type { Evaluation, Pair, Prediction } from "./types.ts";

/**
 * How a model does on pairs: exact match and symbol error rate, by greedy decoding.
 *
 * @param options.batchSize texts decoded together, 128 unless given
 * @param options.onProgress called after every batch with the number of pairs done and of all
 * @throws DataError when there are no pairs, or no target has a symbol
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const { exactMatch, predictions } = await evaluate(model, pairs);
 * exactMatch === Number(predictions[0]?.exact); // → true
 */
export async function evaluate(
  model: AttentionSeq2seq,
  pairs: readonly Pair[],
  options: {
    readonly batchSize?: number;
    readonly onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<Evaluation> {
  const where = "evaluate";
  checkInstance(where, "model", model, AttentionSeq2seq);
  checkPairs(where, pairs);
  checkOptions(where, options, ["batchSize", "onProgress"]);
  const { batchSize = 128, onProgress } = options;
  const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
  checkNumber(where, "batchSize", batchSize, "a whole number ≥ 1", isCount);
  if (onProgress !== undefined) checkInstance(where, "onProgress", onProgress, Function);
  const { targetVocabulary } = model;
  // Batches of equal lengths waste least; the results go back to the order of the pairs.
  const order = pairs.map((_, i) => i);
  order.sort((a, b) => (pairs[a]?.source.length ?? 0) - (pairs[b]?.source.length ?? 0));
  const predictions: Prediction[] = new Array(pairs.length);
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = order.slice(start, start + batchSize);
    const asked = batch.map((i) => pairs[i] as Pair);
    const results = await model.transduceMany(asked, { attention: false });
    for (const [k, i] of batch.entries()) {
      const pair = pairs[i] as Pair;
      const output = results[k]?.output ?? "";
      const edits = editDistance(
        results[k]?.outputSymbols ?? [],
        targetVocabulary.symbolsIn(pair.target),
      );
      predictions[i] = { pair, output, exact: edits === 0, edits };
    }
    onProgress?.(Math.min(start + batchSize, pairs.length), pairs.length);
  }
  return summarise(predictions, targetVocabulary);
}
