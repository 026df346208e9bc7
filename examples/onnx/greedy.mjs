/**
 * Greedy decoding with the graphs that `heed export --onnx` writes. The same loop runs every model: all that
 * the encoder gives goes to each step of the decoder, and what a step gives as `next_x` is the next one's `x`.
 */
import { readSources, textOf } from "./texts.mjs";

/** @returns for each text what the model wrote, and the sum of its symbols' log-probabilities */
export async function greedy(ort, { encoder, decoder, vocabulary }, texts) {
  const { config, target } = vocabulary;
  const int64 = (numbers, ...shape) =>
    new ort.Tensor("int64", BigInt64Array.from(numbers, BigInt), shape);
  const run = (session, values) =>
    session.run(Object.fromEntries(session.inputNames.map((name) => [name, values[name]])));

  const { N, Te, source, lengths, copies, extra, isEmpty } = readSources(vocabulary, texts);
  const given = { source: int64(source, N, Te), lengths: int64(lengths, N) };
  const state = { copies: int64(copies, N, Te), ...(await run(encoder, given)) };
  const rows = isEmpty.map((empty) => ({ ids: [], score: 0, open: !empty }));
  const forbidden = new Set([
    target.begin,
    target.unknown,
    target.end === null ? null : target.pad,
  ]);
  let previous = texts.map(() => target.begin);
  for (let step = 0; step < (config.targetLength ?? config.targetLimit); step++) {
    const { log_probabilities, ...next } = await run(decoder, {
      ...state,
      previous: int64(previous, N),
    });
    const [, width] = log_probabilities.dims;
    previous = rows.map((row, n) => {
      const all = log_probabilities.data.subarray(n * width, (n + 1) * width);
      const best = all.reduce(
        (a, p, id) => (p > (all[a] ?? Number.NEGATIVE_INFINITY) && !forbidden.has(id) ? id : a),
        -1,
      );
      if (row.open) row.score += all[best];
      row.open &&= best !== target.end;
      if (row.open) row.ids.push(best);
      return best;
    });
    if (rows.every((row) => !row.open)) break;
    for (const name of Object.keys(next)) state[name.replace("next_", "")] = next[name];
  }
  return rows.map(({ ids, score }, n) => ({ output: textOf(target, ids, extra[n]), score }));
}
