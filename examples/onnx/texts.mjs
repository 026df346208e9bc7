/** Texts to ids and back, as vocabulary.json says. */

/** What a text consists of. */
function symbolsOf(text, { tokens, normalization }) {
  const normal = normalization === "none" ? text : text.normalize(normalization);
  if (tokens === "spaces") return normal.match(/\S+/g) ?? [];
  if (tokens === "codepoints") return [...normal];
  if (tokens === "chars")
    return Array.from(new Intl.Segmenter("en").segment(normal), (s) => s.segment);
  const tags = normal.split(";").map((tag) => tag.trim());
  return tags.filter((tag) => tag !== "");
}

/** The id of every symbol that can stand in a text: special ones cannot where symbols are tokens. */
function idsOf({ symbols, tokens, pad, begin, end, unknown }) {
  const apart = new Set(["chars", "codepoints"].includes(tokens) ? [] : [pad, begin, end, unknown]);
  return new Map(symbols.map((symbol, id) => [symbol, id]).filter(([, id]) => !apart.has(id)));
}

/**
 * A batch of sources (N, Te), row by row, each a text, or { source, features } for a model that reads both. Without
 * `maskPadding` all must be equally long, or at most `sourceLength`.
 */
export function readSources({ config, source, features, target }, inputs) {
  const [ids, tagIds, targetIds] = [source, features ?? source, target].map(idsOf);
  const extra = inputs.map(() => []);
  const rows = inputs.map((input, n) => {
    const text = input.source ?? input;
    const tags = features ? symbolsOf(input.features ?? "", features) : [];
    const symbols = symbolsOf(text, source);
    const copied = symbols.map((symbol) => {
      if (!targetIds.has(symbol) && !extra[n].includes(symbol)) extra[n].push(symbol);
      return targetIds.get(symbol) ?? target.symbols.length + extra[n].indexOf(symbol);
    });
    return {
      ids: [
        ...tags.map((tag) => source.symbols.length + (tagIds.get(tag) ?? features.unknown)),
        ...symbols.map((symbol) => ids.get(symbol) ?? source.unknown),
      ],
      copies: [...tags.map(() => -1), ...copied],
      isEmpty: symbols.length === 0,
    };
  });
  const lengths = rows.map((row) => row.ids.length);
  const Te = Math.max(config.sourceLength ?? 0, 1, ...lengths);
  if (!config.maskPadding && lengths.some((length) => Math.max(length, config.sourceLength) < Te)) {
    throw new RangeError(
      "sources of a model that reads padding have to be equally long in a batch",
    );
  }
  const filled = (row, pad) => [...row, ...new Array(Te - row.length).fill(pad)];
  return {
    N: rows.length,
    Te,
    lengths,
    source: rows.flatMap((row) => filled(row.ids, source.pad)),
    copies: rows.flatMap((row) => filled(row.copies, -1)),
    extra,
    isEmpty: rows.map((row) => row.isEmpty),
  };
}

/** What ids of the targets spell; `extra` are symbols that were copied and are none of the targets'. */
export function textOf({ symbols, tokens, normalization, pad }, ids, extra) {
  const separator = { spaces: " ", tags: ";" }[tokens] ?? "";
  const written = ids.filter((id) => id !== pad);
  const text = written.map((id) => symbols[id] ?? extra[id - symbols.length]).join(separator);
  return normalization === "none" ? text : text.normalize(normalization.replace("D", "C"));
}
