import type { HeedError } from "../../core/errors.ts";
import type { ModelConfig } from "../model-config.ts";
import type { HeadMap, Hypothesis, Transduction, TransductionInput } from "../types.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { Members, Reading } from "./readings.ts";
import type { SearchOptions } from "./search-options.ts";
import { extraOf } from "./steering.ts";
import type { Written } from "./stepper.ts";

/** What becomes of a text without symbols. */
export const NOTHING: Written = { symbols: [], score: 0, finished: true, attention: [] };

/** The symbol of an id; behind those of the targets come those that only the source has. */
export function nameOf(
  id: number,
  { symbols, size }: Vocabulary,
  extra: readonly string[],
): string {
  return symbols[id] ?? extra[id - size] ?? "";
}

/** The outputs of a text, best first, as its reader gets them. */
export function resultOf(
  members: Members,
  reading: Reading,
  outputs: readonly Written[],
  options: SearchOptions,
): Transduction {
  const { targetVocabulary, config } = members[0];
  const [{ text, symbols, unknown }] = reading;
  const extra = extraOf(reading);
  const withHeads = options.attention === "heads";
  const hypotheses = outputs.map((written): Hypothesis => {
    const { score, finished } = written;
    const { symbols: ids, attention: looks } = withoutPadding(written, targetVocabulary.pad);
    const outputSymbols = ids.map((id) => nameOf(id, targetVocabulary, extra));
    return {
      output: targetVocabulary.textOf(outputSymbols),
      outputSymbols,
      score,
      finished,
      attention: withHeads ? looks.map((look) => look.slice(0, symbols.length)) : looks,
      heads: withHeads ? headsOf(looks, symbols.length, config) : [],
    };
  });
  return {
    source: text,
    ...hypotheses[0]!,
    sourceSymbols: symbols,
    unknownSymbols: unknown,
    refusal: null,
    alternatives: options.nBest > 0 ? hypotheses : [],
  };
}

/** Every head's map, of steps' looks at so many symbols: first the mean's, then each head's. */
function headsOf(
  looks: readonly (readonly number[])[],
  width: number,
  { architecture, attention, decoderLayers, heads }: ModelConfig,
): HeadMap[] {
  if (attention === "none") return [];
  const layers = architecture === "transformer" ? decoderLayers : 1;
  return Array.from({ length: layers * heads }, (_, i) => ({
    layer: Math.floor(i / heads),
    head: i % heads,
    attention: looks.map((look) => look.slice((i + 1) * width, (i + 2) * width)),
  }));
}

/** The symbols of an output that are text, and what each of them looked at. */
function withoutPadding(
  { symbols, attention }: Written,
  pad: number,
): Pick<Written, "symbols" | "attention"> {
  if (!symbols.includes(pad)) return { symbols, attention };
  const isText = (_: unknown, i: number): boolean => symbols[i] !== pad;
  return { symbols: symbols.filter(isText), attention: attention.filter(isText) };
}

/** What a text gets that the models cannot read. */
export function refused(input: TransductionInput, error: HeedError): Transduction {
  return {
    source: typeof input === "string" ? input : input.source,
    output: "",
    outputSymbols: [],
    score: Number.NEGATIVE_INFINITY,
    finished: false,
    attention: [],
    heads: [],
    sourceSymbols: [],
    unknownSymbols: [],
    refusal: error.message,
    alternatives: [],
  };
}
