import fc from "fast-check";
import { expect, it } from "vitest";
import { tensor } from "../../../src/devices/create.ts";
import { attention } from "../../../src/layers/attend/attention.ts";
import {
  type AttentionCase,
  argumentsOf,
  attentionCases,
  numbersOf,
  totalSteps,
} from "../../support/attention-cases.ts";
import { gradientsByName } from "../../support/attention-gradients.ts";
import { isOpen, rowsOf } from "../../support/attention-oracle.ts";
import { openDevices } from "../../support/devices.ts";

type Numbers = ReturnType<typeof numbersOf>;

/** The same numbers, with `filler` in every query that meets no key and in every key that no query meets. */
function filled(each: AttentionCase, numbers: Numbers, filler: number): Numbers {
  const floats = Object.fromEntries(
    Object.entries(numbers.floats).map(([name, x]) => [name, x.slice()]),
  );
  const rows = rowsOf(each);
  const keys = Array.from({ length: totalSteps(each) }, (_, t) => t);
  const { batch, heads, keyHeads, queries, steps, layout } = each;
  const past = each.past ?? 0;
  const fill = (name: string, n: number, h: number, count: number, t: number, length: number) => {
    const x = floats[name]!;
    const size = x.length / (batch * count * length);
    const row =
      layout === "four axes" ? (n * count + h) * length + t : (n * length + t) * count + h;
    x.fill(filler, row * size, (row + 1) * size);
  };
  for (const row of rows) {
    const idle = keys.every((t) => !isOpen(each, numbers, row, t));
    if (idle) fill("query", row.n, row.h, heads, row.q, queries);
  }
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < keyHeads; g++) {
      const own = rows.filter((row) => row.n === n && row.g === g);
      for (const t of keys) {
        if (own.some((row) => isOpen(each, numbers, row, t))) continue;
        const [prefix, at, length] = t < past ? ["past", t, past] : ["", t - past, steps];
        const names = prefix === "past" ? ["pastKeys", "pastValues"] : ["keys", "values"];
        for (const name of names) fill(name, n, g, keyHeads, at as number, length as number);
      }
    }
  }
  return { ...numbers, floats };
}

for (const { name, device, dtype } of openDevices("", "in full runs")) {
  const resultsOf = (each: AttentionCase, numbers: Numbers): number[][] => {
    const { tensors, options } = argumentsOf(each, numbers, device, dtype);
    const wanted = { weights: true, scores: "masked" } as const;
    const { query, keys, values } = tensors;
    const result = attention(query!, keys!, values!, { ...options, return: wanted });
    const { context } = result;
    const upstream = Float64Array.from({ length: context.size }, (_, i) => Math.sin(i + 1));
    const gradients = result.backward(tensor(upstream, context.shape, { device, dtype }));
    return [
      context,
      result.weights,
      result.scores,
      ...Object.values(gradientsByName(gradients)),
    ].map((x) => {
      return Array.from<number, number>(x!.data, (value) => (value === 0 ? 0 : value));
    });
  };
  it(`what is masked may hold anything, on ${name}`, { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        attentionCases,
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        (each, filler) => {
          const numbers = numbersOf(each);
          const expected = resultsOf(each, filled(each, numbers, 0));
          const actual = resultsOf(each, filled(each, numbers, filler));
          // Kernels may add up in another order where they have to step around it.
          const bound = dtype === "float64" ? 0 : 1e-5;
          for (const [i, numbers] of expected.entries()) {
            for (const [j, x] of numbers.entries()) {
              const [y, size] = [actual[i]![j]!, Math.max(1, Math.abs(x))];
              if (x !== y) expect(Math.abs(x - y)).toBeLessThanOrEqual(bound * size);
            }
          }
        },
      ),
      { numRuns: 200, seed: 20_261_124 },
    );
  });
}
