import { checkNumber, checkOptions, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { AttentionOptions } from "./options.ts";

/** Where queries stand among the keys, and how far they see: numbers of the plan. */
export interface Placing {
  readonly shift: number;
  readonly toEnd: boolean;
  readonly left: number;
  readonly right: number;
}

/** The largest offset either way: kernels add three such numbers in int32. */
const FARTHEST = 2 ** 29;

/**
 * Of `causal` and `window`.
 *
 * @param past keys before those of the call
 */
export function placingOf(
  where: string,
  { causal = false, window }: Pick<AttentionOptions, "causal" | "window">,
  past: number,
  queries: number,
): Placing {
  const { left, right } = sidesOf(where, window);
  const { shift, toEnd } = standing(where, causal, past, queries);
  return { shift, toEnd, left, right: causal === false ? right : 0 };
}

function standing(
  where: string,
  causal: NonNullable<AttentionOptions["causal"]>,
  past: number,
  queries: number,
): { shift: number; toEnd: boolean } {
  if (typeof causal === "boolean") return { shift: past, toEnd: false };
  if (causal === "top-left") return { shift: 0, toEnd: false };
  if (causal === "bottom-right") return { shift: -queries, toEnd: true };
  if (typeof causal !== "object" || causal === null) {
    throw new DataError({
      where,
      expected: 'causal to be true, false, "top-left", "bottom-right" or { offset }',
      received: describe(causal),
    });
  }
  checkOptions(`${where}, causal`, causal, ["offset"]);
  const range = `a whole number from −${FARTHEST} to ${FARTHEST}`;
  checkNumber(where, "causal.offset", causal.offset, range, (offset) => {
    return Number.isInteger(offset) && Math.abs(offset) <= FARTHEST;
  });
  return { shift: causal.offset, toEnd: false };
}

function sidesOf(
  where: string,
  window: AttentionOptions["window"],
): { left: number; right: number } {
  if (window === undefined) return { left: -1, right: -1 };
  if (typeof window === "number") {
    const side = sideOf(where, "window", window);
    return { left: side, right: side };
  }
  checkOptions(`${where}, window`, window, ["left", "right"]);
  return {
    left: sideOf(where, "window.left", window.left),
    right: sideOf(where, "window.right", window.right),
  };
}

function sideOf(where: string, name: string, side: number | undefined): number {
  if (side === undefined) return -1;
  const range = "a whole number ≥ 0";
  checkNumber(where, name, side, range, (count) => Number.isSafeInteger(count) && count >= 0);
  // As far as any sequence is long: all of it.
  return side > FARTHEST ? -1 : side;
}
