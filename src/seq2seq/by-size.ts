import type { Pair } from "./types.ts";

/** What suits how many pairs there are: fewer than 3,000, fewer than 20,000, or more. Found by measurement. */
export function bySize<Choice>(
  { length }: readonly Pair[],
  { few, some, many }: Readonly<Record<"few" | "some" | "many", Choice>>,
): Choice {
  return length < 3000 ? few : length < 20_000 ? some : many;
}
