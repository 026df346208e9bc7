import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Random } from "../../../src/core/random.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import { indices, normal, tensor, zeros } from "../../../src/devices/create.ts";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import { attention } from "../../../src/layers/attend/attention.ts";
import { KeyValueCache } from "../../../src/layers/attend/key-value-cache.ts";
import type { AttentionOptions, KeysAndValues } from "../../../src/layers/attend/options.ts";
import {
  type AttentionCase,
  argumentsOf,
  attentionCases,
  numbersOf,
} from "../../support/attention-cases.ts";
import { openDevices } from "../../support/devices.ts";
import { stepsOf } from "../../support/steps.ts";

/** Tensors one behind the other along the steps. */
function joined(parts: readonly Tensor[]): number[] {
  const outer = parts[0]!.shape.slice(0, -2).reduce((total, size) => total * size, 1);
  const numbers: number[] = [];
  for (let i = 0; i < outer; i++) {
    for (const { data } of parts) {
      const block = data.length / outer;
      numbers.push(...data.subarray(i * block, (i + 1) * block));
    }
  }
  return numbers;
}

/** The case as a decoder has it: as many queries as keys, nothing that has an axis of steps. */
function decoding(each: AttentionCase): AttentionCase {
  const causal = each.causal === undefined || each.causal === false ? each.causal : true;
  const rest = { mask: null, bias: null, lengths: false, dropout: null, past: null };
  return { ...each, ...rest, causal, queries: each.steps };
}

describe("step by step, attention is what it is over the whole", () => {
  for (const { name, device, dtype } of openDevices("", "in full runs")) {
    const cuts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 });
    test(`with a past and with a cache, on ${name}`, { timeout: 60_000 }, () => {
      fc.assert(
        fc.property(attentionCases, cuts, fc.boolean(), (drawn, sizes, grows) => {
          const each = decoding({ ...drawn, causal: true });
          const { tensors, options } = argumentsOf(each, numbersOf(each), device, dtype);
          const [query, keys, values] = [tensors["query"]!, tensors["keys"]!, tensors["values"]!];
          const whole = attention(query, keys, values, options).context;
          const { batch, keyHeads, keySize, valueSize, steps } = each;
          using cache = new KeyValueCache({
            ...{ batch, heads: keyHeads, size: keySize, valueSize, device, dtype },
            capacity: grows ? undefined : steps,
          });
          let past: KeysAndValues | undefined;
          const [cached, presented]: [Tensor[], Tensor[]] = [[], []];
          let from = 0;
          for (const size of [...sizes, steps]) {
            const to = Math.min(from + size, steps);
            const part = [query, keys, values].map((x) => stepsOf(x, from, to));
            const [q, k, v] = part as [Tensor, Tensor, Tensor];
            cached.push(attention(q, k, v, { ...options, cache }).context);
            const result = attention(q, k, v, { ...options, ...(past && { past }) });
            presented.push(result.context);
            past = result.present ?? { keys: k, values: v };
            from = to;
          }
          expect(cache.length).toBe(steps);
          const digits = dtype === "float64" ? 12 : 5;
          for (const parts of [cached, presented]) {
            for (const [i, x] of joined(parts).entries()) {
              expect(x).toBeCloseTo(whole.data[i]!, digits);
            }
          }
        }),
        { numRuns: 100, seed: 20_261_124 },
      );
    });
  }
});

describe("a cache", () => {
  const on = { device: new ReferenceDevice(), dtype: "float64" } as const;

  it("lies heads first, whichever way it is filled", () => {
    const side = tensor(
      [
        [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
        ],
      ],
      undefined,
      on,
    );
    const four = tensor(
      [
        [
          [
            [1, 2],
            [5, 6],
          ],
          [
            [3, 4],
            [7, 8],
          ],
        ],
      ],
      undefined,
      on,
    );
    for (const x of [side, four]) {
      using cache = new KeyValueCache({ batch: 1, heads: 2, size: 2, capacity: 3, ...on });
      cache.append(x, x);
      expect(cache.keys.shape).toEqual([1, 2, 3, 2]);
      const rows = cache.values.toArray() as number[][][][];
      expect(rows[0]!.map((head) => head.slice(0, 2))).toEqual([
        [
          [1, 2],
          [5, 6],
        ],
        [
          [3, 4],
          [7, 8],
        ],
      ]);
    }
  });

  it("keeps what it has when it grows, and takes back what it is told to", () => {
    const x = normal([2, 5, 3], new Random(1), on);
    using cache = new KeyValueCache({ batch: 2, size: 3, valueSize: 3, ...on });
    for (let i = 0; i < 20; i++) cache.append(x, x);
    expect(cache.length).toBe(100);
    expect(cache.capacity).toBeGreaterThanOrEqual(100);
    cache.truncate(5);
    const { context } = attention(x, zeros([2, 0, 3], on), zeros([2, 0, 3], on), { cache });
    expect(context.toArray()).toEqual(attention(x, x, x).context.toArray());
  });

  it("serves sequences of several lengths", () => {
    const x = normal([2, 3, 2], new Random(2), on);
    const options: AttentionOptions = { lengths: indices([1, 3], [2], on) };
    using cache = new KeyValueCache({ batch: 2, size: 2, ...on });
    const { context } = attention(x, x, x, { ...options, cache });
    expect(context.toArray()).toEqual(attention(x, x, x, options).context.toArray());
  });
});
