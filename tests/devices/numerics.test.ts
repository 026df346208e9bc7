import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import type { Storage } from "../../src/core/storage.ts";
import type { Device } from "../../src/kernels/device.ts";
import { devicesUnderTest } from "../support/devices.ts";

const HALF_ULP = 2 ** -24;
const builds = devicesUnderTest.flatMap(({ name, device }) =>
  device === null || !["wasm", "native"].includes(device.name) ? [] : [{ name, device }],
);

function put(device: Device, numbers: ArrayLike<number>): Storage {
  const storage = device.allocate("float32", numbers.length);
  storage.write(numbers);
  return storage;
}

/** float32 numbers from −range to range, small sizes as dense as large ones. */
function arguments32(range: number): Float32Array {
  const sizes = Array.from({ length: 20_000 }, (_, i) => range * 2 ** (-i / 1000));
  return Float32Array.from([0, ...sizes, ...sizes.map((x) => -x)]);
}

/** The largest relative error, where the truth is a normal number. */
function worst(got: ArrayLike<number>, x: Float32Array, truth: (x: number) => number): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const right = truth(x[i]!);
    if (Math.abs(right) < 2 ** -125) continue;
    largest = Math.max(largest, Math.abs(got[i]! / right - 1));
  }
  return largest;
}

describe.each(builds)("$name", ({ device }) => {
  const { kernels } = device;

  /** The gates (f, g, i, o) of one LSTM step with one unit for every number, and its new state. */
  function gates(x: Float32Array, c0: Float32Array | null = null) {
    const hidden = x.length;
    const z = put(device, [...x, ...x, ...x, ...x]);
    const states = Array.from({ length: 4 }, () => device.allocate("float32", hidden));
    const [hs, cs, h, c] = states as [Storage, Storage, Storage, Storage];
    const wh = device.allocate("float32", 0); // with no h0, nothing is read of it at step 0
    const before = c0 === null ? null : put(device, c0);
    kernels.lstmForward(z, wh, null, before, null, hs, cs, h, c, 1, 1, hidden, false);
    const gate = (i: number) => z.view().subarray(i * hidden, (i + 1) * hidden);
    return { f: gate(0), g: gate(1), i: gate(2), o: gate(3), h: h.view(), c: c.view() };
  }

  it("exp has relative error < 1.2e-7", () => {
    // A row (0, x) gives (1/s, eˣ/s); against the first, the second is eˣ but for two roundings.
    const x = Float32Array.from({ length: 20_000 }, (_, i) => (-i * 87) / 20_000);
    const [from, to] = [
      put(
        device,
        [...x].flatMap((e) => [0, e]),
      ),
      device.allocate("float32", 40_000),
    ];
    kernels.softmaxForward(from, to, x.length, 2);
    const pairs = to.view();
    const got = Float64Array.from(x, (_, i) => pairs[2 * i + 1]! / pairs[2 * i]!);
    expect(worst(got, x, Math.exp)).toBeLessThan(1.2e-7 + 3 * HALF_ULP);
  });

  it("the logistic function has relative error < 2.4e-7", () => {
    const x = arguments32(86);
    const { f, i, o } = gates(x);
    for (const gate of [f, i, o]) {
      expect(worst(gate, x, (e) => 1 / (1 + Math.exp(-e)))).toBeLessThan(2.4e-7);
    }
  });

  it("tanh has relative error < 2.4e-7, for the smallest arguments too", () => {
    const x = arguments32(90);
    expect(worst(gates(x).g, x, Math.tanh)).toBeLessThan(2.4e-7);
  });

  it("gates saturate at ±∞, and NaN comes through", () => {
    const { f, g } = gates(
      Float32Array.of(
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        Number.NaN,
        1e30,
        -1e30,
        0,
      ),
    );
    expect([...f]).toEqual([1, 0, Number.NaN, 1, 0, 0.5]);
    expect([...g]).toEqual([1, -1, Number.NaN, 1, -1, 0]);
  });

  it("softmax gives zeros for a row of −∞ and NaN for the row of a NaN, and no other", () => {
    const rows = [
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1,
      Number.NaN,
      2,
      0,
      Number.NEGATIVE_INFINITY,
      0,
      -1e38,
      0,
      1e38,
    ];
    const [x, y] = [put(device, rows), device.allocate("float32", 12)];
    kernels.softmaxForward(x, y, 4, 3);
    expect([...y.view()]).toEqual([
      0,
      0,
      0,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      0.5,
      0,
      0.5,
      0,
      0,
      1,
    ]);
  });

  describe("matmul gives a row or a column the same bits alone as among others", () => {
    const layouts = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
    const inners = [0, 1, 17, 256, 600];
    const cases = layouts.flatMap(([a, b]) => inners.map((inner) => ({ a, b, inner })));

    it.each(cases)("transposed a: $a, b: $b, inner: $inner", ({ a: ta, b: tb, inner }) => {
      const [rows, columns] = [137, 37];
      const random = new Random(inner);
      const normals = (n: number) => Float32Array.from({ length: n }, () => random.normal());
      const [a, b, bias] = [normals(rows * inner), normals(inner * columns), normals(columns)];
      const product = (left: Float32Array, right: Float32Array, m: number, n: number, j = 0) => {
        const c = put(device, new Float32Array(m * n).fill(Number.NaN));
        const row = put(device, bias.subarray(j, j + n));
        const [x, y] = [put(device, left), put(device, right)];
        kernels.matmul(x, y, row, c, m, n, inner, ta, tb, false);
        return c.view();
      };
      const whole = product(a, b, rows, columns);
      const take = (array: Float32Array, width: number, from: number, count: number) =>
        Float32Array.from(
          { length: inner * count },
          (_, i) => array[Math.floor(i / count) * width + from + (i % count)]!,
        );
      for (const [from, count] of [
        [0, 1],
        [36, 1],
        [136, 1],
        [5, 2],
        [60, 3],
        [3, 25],
      ] as const) {
        const some = ta
          ? take(a, rows, from, count)
          : a.subarray(from * inner, (from + count) * inner);
        const alone = product(some, b, count, columns);
        expect(alone).toEqual(whole.slice(from * columns, (from + count) * columns));
      }
      for (const [from, count] of [
        [0, 1],
        [36, 1],
        [5, 6],
        [8, 8],
        [3, 17],
      ] as const) {
        const some = tb
          ? b.subarray(from * inner, (from + count) * inner)
          : take(b, columns, from, count);
        const alone = product(a, some, rows, count, from);
        const same = alone.every(
          (c, i) => c === whole[Math.floor(i / count) * columns + from + (i % count)],
        );
        expect(same).toBe(true);
      }
    });
  });

  it("attention gives a sequence and a query the same bits alone as among others", () => {
    const [batch, queries, steps, size] = [3, 7, 33, 21];
    const random = new Random(1);
    const normals = (n: number) => Float32Array.from({ length: n }, () => random.normal());
    const [query, keys] = [normals(batch * queries * size), normals(batch * steps * size)];
    const attend = (q: Float32Array, k: Float32Array, n: number, count: number) => {
      const [weights, context] = [n * count * steps, n * count * size].map((length) =>
        put(device, new Float32Array(length).fill(Number.NaN)),
      ) as [Storage, Storage];
      const [x, y] = [put(device, q), put(device, k)];
      kernels.attentionForward(x, y, y, null, weights, context, n, count, steps, size);
      return context.view();
    };
    const whole = attend(query, keys, batch, queries);
    for (let n = 0; n < batch; n++) {
      const own = keys.subarray(n * steps * size, (n + 1) * steps * size);
      for (let q = 0; q < queries; q++) {
        const at = (n * queries + q) * size;
        expect(attend(query.subarray(at, at + size), own, 1, 1)).toEqual(
          whole.slice(at, at + size),
        );
      }
    }
  });
});
