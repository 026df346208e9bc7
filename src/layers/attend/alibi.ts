import { describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { Scope } from "../../core/scope.ts";
import { Tensor } from "../../core/tensor.ts";
import { expectShape } from "../checks.ts";
import { newTensor } from "../layer.ts";
import type { AttentionOptions } from "./options.ts";

/** The slopes that were given, or those of Press et al. 2022 for H heads: 2^(−8(h + 1)/H). */
export function slopesOf(
  where: string,
  alibi: AttentionOptions["alibi"],
  query: Tensor,
  heads: number,
  owned: Scope,
): Tensor | null {
  if (alibi === undefined || alibi === false) return null;
  if (alibi instanceof Tensor) {
    expectShape(where, "alibi", alibi, [heads]);
    return alibi;
  }
  if (alibi !== true) {
    throw new DataError({
      where,
      expected: `alibi to be true, false or a tensor of ${heads} slopes`,
      received: describe(alibi),
    });
  }
  const slopes = owned.keep(newTensor(query, [heads]));
  slopes.storage.write(Array.from({ length: heads }, (_, h) => 2 ** ((-8 * (h + 1)) / heads)));
  return slopes;
}
