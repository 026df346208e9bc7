import type { ComponentChildren } from "preact";
import type { CodeProps } from "./code.tsx";

/** The names that heed's definitions have for the arrays of a weighted sum. */
export const SUM_NAMES =
  "context is c, values are hs and weights a; batch is N, steps T, size H, and queries 1, one per sequence";

/** Those of an attention. */
export const QUERY_NAMES =
  "query is h or hsDec, keys and values are hs or hsEnc; batch is N, steps T or Te, size H, and queries 1 or Td";

/** What a section says besides its pictures. */
export interface Chapter {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly formulas: readonly ComponentChildren[];
  /** Shapes of what goes in and comes out. */
  readonly shapes: readonly string[];
  readonly code: CodeProps;
}
