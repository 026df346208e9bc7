import { Scope } from "../../../src/core/scope.ts";
import type { AttentionSeq2seq, Hypothesis } from "../../../src/index.ts";
import { batchSources, batchTargets } from "../../../src/seq2seq/batch.ts";
import { probabilitiesOf } from "../../../src/seq2seq/probabilities.ts";
import { readSource } from "../../../src/seq2seq/source.ts";

/** The probabilities of all symbols of an output, that of its end among them if it came, by teacher forcing. */
export function forced(model: AttentionSeq2seq, source: string, written: Hypothesis): number[] {
  const { outputSymbols: output, finished } = written;
  const { config, network, sourceVocabulary, targetVocabulary, device } = model;
  const scope = new Scope();
  const read = readSource(model, source, "forced");
  const ids = output.map((symbol) => {
    const extra = read.extra.indexOf(symbol);
    return extra === -1
      ? targetVocabulary.encodeSymbols([symbol])[0]!
      : targetVocabulary.size + extra;
  });
  const batch = batchSources([read], config, sourceVocabulary.pad, device, scope);
  const encoded = network.encode(batch, null, scope);
  const { answers } = batchTargets([ids], targetVocabulary, device, scope);
  const known = ids.map((id) => (id < targetVocabulary.size ? id : targetVocabulary.unknown!));
  const { inputs } = batchTargets([known], targetVocabulary, device, scope);
  const out = network.decode(inputs, encoded, null, scope);
  const width = targetVocabulary.size + read.extra.length;
  const all = probabilitiesOf(out, batch.copies, width, scope).data;
  const found = Array.from(answers.data, (id, t) => all[t * width + id]!);
  scope.dispose();
  return finished ? found : found.slice(0, -1);
}

/** ln P(output | source) by teacher forcing. */
export function forcedScore(model: AttentionSeq2seq, source: string, written: Hypothesis): number {
  return forced(model, source, written).reduce((sum, p) => sum + Math.log(p), 0);
}
