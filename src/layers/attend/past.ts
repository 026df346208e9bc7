import { checkOptions, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkTensor, expectShape } from "../checks.ts";
import { KeyValueCache } from "./key-value-cache.ts";
import type { AttentionOptions, KeysAndValues } from "./options.ts";
import { keyShape, type Sizes } from "./sizes.ts";

/** How many steps stand before those of a call, in its past or its cache, if either fits. */
export function pastSteps(
  where: string,
  { keys, values }: KeysAndValues,
  { past, cache }: Pick<AttentionOptions, "past" | "cache">,
  sizes: Sizes,
): number {
  if (past !== undefined && cache !== undefined) {
    throw new DataError({
      where,
      expected: "past or cache, not both",
      received: "both",
      fix: "append the past to the cache",
    });
  }
  if (cache !== undefined) return cacheSteps(where, keys, values, cache, sizes);
  if (past === undefined) return 0;
  checkOptions(`${where}, past`, past, ["keys", "values"]);
  checkTensor(where, "past.keys", past.keys);
  const steps = past.keys.shape[sizes.threeAxes ? 1 : 2] ?? 0;
  expectShape(where, "past.keys", past.keys, keyShape(sizes, steps, sizes.keySize));
  expectShape(where, "past.values", past.values, keyShape(sizes, steps, sizes.valueSize));
  return steps;
}

function cacheSteps(
  where: string,
  keys: Tensor,
  values: Tensor,
  cache: unknown,
  { keyHeads }: Sizes,
): number {
  if (!(cache instanceof KeyValueCache)) {
    throw new DataError({
      where,
      expected: "cache to be a KeyValueCache",
      received: describe(cache),
    });
  }
  cache.check(where, keys, values);
  if (cache.heads === keyHeads) return cache.length;
  throw new DataError({
    where,
    expected: `a cache of ${keyHeads} heads, as keys have`,
    received: `one of ${cache.heads}`,
  });
}
