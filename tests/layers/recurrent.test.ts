import { describe, expect, test } from "vitest";
import { GRU, indices, LSTM, normal, Random, type Tensor, tensor } from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";
import { expectNear } from "../support/near.ts";
import { stepsOf } from "../support/steps.ts";

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };
  const bound = dtype === "float64" ? 1e-13 : 2e-6;

  test("a reversed LSTM is an LSTM of the steps in the other order, each sequence's own", () => {
    const random = new Random(8);
    const [xs, dhs] = [normal([2, 5, 3], random, where), normal([2, 5, 4], random, where)];
    const state = { h: normal([2, 4], random, where), c: normal([2, 4], random, where) };
    const real = [3, 5];
    const lengths = indices(real, [2], where);
    /** The steps before the lengths in the other order, the others as they are. */
    const turned = (x: Tensor): Tensor => {
      const [N = 0, T = 0, D = 0] = x.shape;
      const numbers = Float64Array.from({ length: N * T * D }, (_, i) => {
        const [n, t, j] = [Math.floor(i / (T * D)), Math.floor(i / D) % T, i % D];
        return x.data[(n * T + (t < real[n]! ? real[n]! - 1 - t : t)) * D + j]!;
      });
      return tensor(numbers, x.shape, where);
    };
    const ofReal = (x: Tensor, size: number): number[] =>
      [...x.data].filter((_, i) => Math.floor(i / size) % 5 < real[Math.floor(i / (5 * size))]!);
    const [ahead, back] = [
      new LSTM(3, 4, { ...where, seed: 2 }),
      new LSTM(3, 4, { ...where, seed: 2 }),
    ];
    const expected = ahead.forward(turned(xs), { ...state, lengths });
    const hs = back.forward(xs, { ...state, lengths, reverse: true });
    expectNear(ofReal(hs, 4), ofReal(turned(expected), 4), bound);
    expectNear(back.state.h.data, ahead.state.h.data, bound);
    expectNear(back.state.c.data, ahead.state.c.data, bound);
    // Where a sequence has not begun, it has the state that it starts from.
    expect([...hs.data.slice(12, 16)]).toEqual([...state.h.data.slice(0, 4)]);
    dhs.data.fill(0, 12, 20);
    const dState = { c: normal([2, 4], random, where) };
    const [dxsAhead, ...startAhead] = ahead.backward(turned(dhs), dState);
    const [dxsBack, ...startBack] = back.backward(dhs, dState);
    expectNear(dxsBack.data, turned(dxsAhead).data, 10 * bound);
    for (const [i, d] of startBack.entries()) expectNear(d.data, startAhead[i]!.data, 10 * bound);
    for (const [i, d] of back.grads.entries()) expectNear(d.data, ahead.grads[i]!.data, 10 * bound);
  });

  test("a step of a GRU is its formula, with PyTorch's order of gates and its own bias of n", () => {
    const gru = new GRU(1, 1, { ...where, seed: 4 });
    const numbers = [[0.3, -0.2, 0.9], [0.7, 0.4, -1.1], [0.1, 0.2, 0.3], [-0.5]];
    for (const [i, param] of gru.params.entries())
      param.storage.write(new Float64Array(numbers[i]!));
    const [x, h] = [0.8, -0.6];
    const hs = gru.forward(tensor([[[x]]], undefined, where), {
      h: tensor([[h]], undefined, where),
    });
    const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
    const r = sigmoid(0.3 * x + 0.1 + 0.7 * h);
    const z = sigmoid(-0.2 * x + 0.2 + 0.4 * h);
    const n = Math.tanh(0.9 * x + 0.3 + r * (-1.1 * h - 0.5));
    expectNear(hs.data, [(1 - z) * n + z * h], bound);
    expectNear(gru.state.h.data, hs.data, 0);
  });

  test("a reversed GRU ends where a GRU of the steps in the other order does", () => {
    const xs = normal([1, 4, 3], new Random(9), where);
    const turned = [3, 2, 1, 0].flatMap((t) => [...stepsOf(xs, t, t + 1).data]);
    const [ahead, back] = [new GRU(3, 5, where), new GRU(3, 5, where)];
    const expected = ahead.forward(tensor(turned, [1, 4, 3], where));
    const hs = back.forward(xs, { reverse: true });
    for (const t of [0, 1, 2, 3])
      expectNear(stepsOf(hs, t, t + 1).data, stepsOf(expected, 3 - t, 3 - t + 1).data, bound);
    expectNear(back.state.h.data, stepsOf(hs, 0, 1).data, 0);
  });
});
