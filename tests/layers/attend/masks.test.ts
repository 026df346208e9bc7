import { describe, expect, it } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import {
  type AttentionOptions,
  attention,
  indices,
  normal,
  Random,
  type Tensor,
  zeros,
} from "../../../src/index.ts";

const on = { device: new ReferenceDevice(), dtype: "float64" } as const;
const [N, H, Tq, Tk] = [2, 3, 4, 5];

/** For every row of scores, the keys that are met, as a string of 0 and 1. */
function metBy(
  options: AttentionOptions,
  [n, h, q, t]: readonly [number, number, number, number] = [N, H, Tq, Tk],
): string[] {
  const [query, keys] = [zeros([n, h, q, 2], on), zeros([n, h, t, 2], on)];
  const { weights } = attention(query, keys, keys, { ...options, return: { weights: true } });
  return rows(weights!, t);
}

function rows(weights: Tensor, steps: number): string[] {
  const bits = Array.from(weights.data, (weight) => (weight > 0 ? "1" : "0")).join("");
  return Array.from({ length: bits.length / steps }, (_, i) =>
    bits.slice(i * steps, (i + 1) * steps),
  );
}

const one = (options: AttentionOptions, q = 3, t = 3): string[] => metBy(options, [1, 1, q, t]);

describe("a mask of any shape that broadcasts", () => {
  const shapes = [[], [Tk], [1], [Tq, 1], [Tq, Tk], [1, Tk], [H, 1, 1], [H, Tq, Tk], [1, Tq, 1]];
  const four = [
    [N, 1, 1, Tk],
    [N, H, Tq, Tk],
    [1, H, 1, Tk],
    [N, 1, Tq, 1],
    [1, 1, 1, 1],
  ];

  it.each([...shapes, ...four])("of %j %j %j %j is that of all axes", (...given) => {
    const shape = given.filter((size) => size !== undefined);
    const random = new Random(shape.length);
    const full = [N, H, Tq, Tk];
    const count = shape.reduce((total, size) => total * size, 1);
    const data = Array.from({ length: count }, () => (random.uniform() < 0.6 ? 7 : 0));
    const padded = [...full.map(() => 1), ...shape].slice(-4);
    const expected = Array.from({ length: N * H * Tq * Tk }, (_, i) => {
      let [rest, index, stride] = [i, 0, 1];
      for (let axis = 3; axis >= 0; axis--) {
        const place = rest % full[axis]!;
        rest = Math.floor(rest / full[axis]!);
        index += (padded[axis] === 1 ? 0 : place) * stride;
        stride *= padded[axis]!;
      }
      return data[index] === 0 ? "0" : "1";
    }).join("");
    expect(metBy({ mask: indices(data, shape, on) }).join("")).toBe(expected);
    const bias = zeros(shape, on);
    bias.data.set(data.map((bit) => (bit === 0 ? Number.NEGATIVE_INFINITY : 1)));
    expect(metBy({ bias }).join("")).toBe(expected);
  });

  it("may be booleans, nested as deep as it has axes", () => {
    expect(one({ mask: [true, false, true] })).toEqual(["101", "101", "101"]);
    expect(one({ mask: [[true], [false], [true]] })).toEqual(["111", "000", "111"]);
    expect(one({ mask: false })).toEqual(["000", "000", "000"]);
  });

  it("of three axes is one of sequences where there are no heads, and one of heads where there are", () => {
    const x = normal([2, 2, 4], new Random(1), on);
    const mask = [[[true, true]], [[true, false]]];
    const without = attention(x, x, x, { mask, return: { weights: true } });
    expect(rows(without.weights!, 2)).toEqual(["11", "11", "10", "10"]);
    const heads = attention(x, x, x, { mask, heads: 2, return: { weights: true } });
    expect(rows(heads.weights!, 2)).toEqual(["11", "11", "10", "10", "11", "11", "10", "10"]);
  });
});

describe("where queries stand", () => {
  it.each<[string, AttentionOptions, string[]]>([
    ["causal", { causal: true }, ["100", "110", "111"]],
    ["top-left", { causal: "top-left" }, ["100", "110", "111"]],
    ["an offset", { causal: { offset: 1 } }, ["110", "111", "111"]],
    ["an offset back", { causal: { offset: -1 } }, ["000", "100", "110"]],
    ["a window", { window: 1 }, ["110", "111", "011"]],
    ["a window to the left", { window: { left: 1 } }, ["111", "111", "011"]],
    ["a window to the right", { window: { right: 0 } }, ["100", "110", "111"]],
    ["a causal window", { causal: true, window: 1 }, ["100", "110", "011"]],
    [
      "a causal window that looks ahead",
      { causal: true, window: { right: 2 } },
      ["100", "110", "111"],
    ],
    ["a window as wide as can be", { window: Number.MAX_SAFE_INTEGER }, ["111", "111", "111"]],
    ["a window of one", { window: 0 }, ["100", "010", "001"]],
  ])("%s", (_, options, expected) => expect(one(options)).toEqual(expected));

  it("bottom-right: the last query beside the last key, of every sequence", () => {
    expect(one({ causal: "bottom-right" }, 2, 4)).toEqual(["1110", "1111"]);
    const lengths = indices([4, 2], [2], on);
    const both = metBy({ causal: "bottom-right", lengths }, [2, 1, 2, 4]);
    expect(both).toEqual(["1110", "1111", "1000", "1100"]);
  });

  it("behind the keys of a past, unless top-left", () => {
    const past = { keys: zeros([1, 1, 2, 2], on), values: zeros([1, 1, 2, 2], on) };
    const met = (causal: AttentionOptions["causal"]) => {
      const x = zeros([1, 1, 2, 2], on);
      const { weights } = attention(x, x, x, { causal, past, return: { weights: true } });
      return rows(weights!, 4);
    };
    expect(met(true)).toEqual(["1110", "1111"]);
    expect(met("top-left")).toEqual(["1000", "1100"]);
  });
});
