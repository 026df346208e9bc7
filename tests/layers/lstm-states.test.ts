import { describe, expect, test } from "vitest";
import { Embedding, indices, LSTM, normal, Random, zeros } from "../../src/index.ts";
import { lstmStates } from "../../src/layers/lstm-states.ts";
import { openDevices } from "../support/devices.ts";

const [N, T, D, H] = [7, 5, 3, 6];

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };

  test.each([
    { V: 4, what: "few symbols, whose numbers are computed once" },
    { V: 50, what: "more symbols than steps" },
  ])("the states of $what, are those of LSTM.forward, bit for bit", ({ V }) => {
    const random = new Random(V);
    const lstm = new LSTM(D, H, { ...where, seed: 3 });
    const embed = new Embedding(V, D, { ...where, seed: 4 });
    const symbols = Int32Array.from({ length: N * T }, () => random.integer(V));
    const ids = indices(symbols, [N, T], where);
    const lengths = indices([5, 0, 3, 1, 5, 4, 2], [N], where);
    const start = { h: normal([N, H], random, where), c: normal([N, H], random, where) };
    const xs = embed.forward(ids);
    for (const reverse of [false, true]) {
      const call = { ...start, lengths, reverse };
      const hs = lstm.forward(xs, call);
      for (const inputs of [xs, { table: embed.params[0]!, ids }]) {
        const to = {
          hs: zeros([N, T, H], where),
          h: zeros([N, H], where),
          c: zeros([N, H], where),
        };
        lstmStates(lstm, inputs, call, { ...to, offset: 0 });
        expect(to.hs.data).toEqual(hs.data);
        expect(to.h.data).toEqual(lstm.state.h.data);
        expect(to.c.data).toEqual(lstm.state.c.data);
      }
    }
  });

  test("states stand side by side", () => {
    const random = new Random(6);
    const lstm = new LSTM(D, H, { ...where, seed: 5 });
    const xs = normal([N, T, D], random, where);
    const W = 2 * H;
    const to = { hs: zeros([N, T, W], where), h: zeros([N, W], where), c: zeros([N, W], where) };
    const halves = [false, true].map((reverse) => {
      lstmStates(lstm, xs, { reverse }, { ...to, offset: reverse ? H : 0 });
      return lstm.forward(xs, { reverse }).data.slice();
    });
    const rows = Array.from({ length: N * T }, (_, row) =>
      halves.flatMap((half) => [...half.slice(row * H, (row + 1) * H)]),
    );
    expect([...to.hs.data]).toEqual(rows.flat());
  });

  test("a symbol that the table lacks is refused", () => {
    const lstm = new LSTM(D, H, where);
    const to = { hs: null, h: zeros([1, H], where), c: zeros([1, H], where), offset: 0 };
    const inputs = { table: zeros([2, D], where), ids: indices([[2]], [1, 1], where) };
    expect(() => lstmStates(lstm, inputs, {}, to)).toThrow("from 0 to 1");
  });
});
