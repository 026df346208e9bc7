import type { Hypothesis, Transduction } from "../index.ts";
import type { Line } from "./lines.ts";
import { safeText } from "./safe-text.ts";

/** How `heed predict` writes what a model made of a line. */
export interface AnswerFormat {
  readonly jsonl: boolean;
  readonly attention: boolean;
  /** Whether all alternatives are wanted. */
  readonly nBest: boolean;
  /** Whether a person reads it on a terminal. */
  readonly terminal: boolean;
}

/** A line per answer, each with its end; with `nBest` and without `jsonl`, one per alternative. */
export function answerLines(
  { number, cut }: Pick<Line, "number" | "cut">,
  result: Transduction,
  format: AnswerFormat,
): string {
  if (format.jsonl) return `${asJson(cut, result, format)}\n`;
  const shown = (text: string): string => (format.terminal ? safeText(text) : onOneLine(text));
  if (!format.nBest) return `${shown(result.output)}\n`;
  const answers = result.alternatives.length > 0 ? result.alternatives : [result];
  return answers
    .map(({ output, score }) => `${number}\t${rounded(score) ?? "-inf"}\t${shown(output)}\n`)
    .join("");
}

/** Whether an output has line ends in it, which would look like more answers than one. */
export function hasLineEnds(text: string): boolean {
  return LINE_ENDS.test(text);
}

const LINE_ENDS = /[\r\n]/;

function onOneLine(text: string): string {
  return hasLineEnds(text) ? text.replaceAll(/\r\n|[\r\n]/g, " ") : text;
}

/** Enough digits to tell scores apart; null where there is no number, as JSON has none for −∞. */
function rounded(score: number): number | null {
  return Number.isFinite(score) ? Number(score.toPrecision(7)) : null;
}

function asJson(cut: boolean, result: Transduction, format: AnswerFormat): string {
  const { source, unknownSymbols, refusal, sourceSymbols } = result;
  return JSON.stringify({
    source,
    ...hypothesis(result, format),
    unknownSymbols,
    ...(cut ? { cut } : {}),
    ...(refusal === null ? {} : { refusal }),
    ...(format.attention ? { sourceSymbols } : {}),
    ...(format.nBest
      ? { alternatives: result.alternatives.map((each) => hypothesis(each, format)) }
      : {}),
  });
}

function hypothesis(
  { output, score, finished, outputSymbols, attention }: Hypothesis,
  format: AnswerFormat,
): object {
  const fields = { output, score: rounded(score), finished };
  return format.attention ? { ...fields, outputSymbols, attention } : fields;
}
