/** A gradient of attention weights that were not asked for: they are computed anew, on every device. */
import { describe, expect, test } from "vitest";
import { attention, normal, Random } from "../../../src/index.ts";
import { distance } from "../../support/compare.ts";
import { openDevices } from "../../support/devices.ts";

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };

  test.each(["softmax", "sparsemax"] as const)(
    "%s: the same as with kept weights",
    (normalizer) => {
      const random = new Random(3);
      const make = (...shape: number[]) => normal(shape, random, where);
      const [query, keys, values] = [make(2, 5, 4), make(2, 7, 4), make(2, 7, 3)];
      const dWeights = make(2, 5, 7);
      const [kept, anew] = [true, false].map((weights) => {
        const result = attention(query, keys, values, { normalizer, return: { weights } });
        return result.backward(undefined, { dWeights });
      });
      for (const name of ["dQuery", "dKeys", "dValues"] as const) {
        const { error, norm } = distance(kept![name].data, anew![name].data);
        expect(error, name).toBeLessThan(2e-6 * Math.max(norm, 1));
      }
    },
  );
});
