import { type Tensor, WeightSum } from "heed";
import { cell, sumOver, times } from "../expression.ts";
import { multiplied, repeated, sequenceOf } from "../heed-steps.ts";
import type { Inputs } from "../inputs.ts";
import { given, made, type NamedArray, type Worked } from "../named-array.ts";

/** One sequence, its weights and their sum: sections 1 to 3, without a batch. */
export interface OneSequence {
  readonly hs: NamedArray;
  readonly a: NamedArray;
  /** a, a copy of it for every number of a state. */
  readonly ar: NamedArray;
  /** hs ⊙ ar */
  readonly t: NamedArray;
  /** hs ⊙ a, with a broadcast. */
  readonly broadcast: NamedArray;
  readonly c: NamedArray;
  /** The weighted sum, of hs and a at once. */
  readonly direct: NamedArray;
}

export function oneSequence(inputs: Inputs): OneSequence {
  const hs = sequenceOf(inputs.hs, 0);
  const a = sequenceOf(inputs.a, 0);
  const [T = 0, H = 0] = hs.shape;
  const ar = repeated(a, 1, H);
  const t = multiplied(hs, ar);
  const c = new WeightSum().forward(hs.reshape([1, T, H]), a.reshape([1, T])).reshape([H]);
  return {
    hs: given("hs", ["T", "H"], hs, "T states of H numbers each", "hs", [0]),
    a: given("a", ["T"], a, "one weight per step", "a", [0]),
    ar: made("ar", ["T", "H"], ar, "the weight of the step, copied", (i) => cell("a", i)),
    t: made("t", ["T", "H"], t, "a number times its own copy of the weight", (i, k) => {
      return times(cell("hs", i, k), cell("ar", i, k));
    }),
    broadcast: made("t", ["T", "H"], t, "a number times the one weight of its step", (i, k) => {
      return times(cell("hs", i, k), cell("a", i));
    }),
    c: made("c", ["H"], c, "a column of t, added up", (k) => sumOver(T, (i) => cell("t", i, k))),
    direct: made("c", ["H"], c, "each step gives as much as its weight says", (k) => {
      return sumOver(T, (i) => times(cell("a", i), cell("hs", i, k)));
    }),
  };
}

/** A batch: the same for N sequences, none of which sees another. */
export function batch({ hs, a }: Inputs): Worked {
  return { forward: [...weightSumForward(hs, a, new WeightSum().forward(hs, a))], backward: [] };
}

/** The layer: forward from hs and a, backward from dc. */
export function weightSum({ hs, a, dc }: Inputs): Worked {
  const layer = new WeightSum();
  const c = layer.forward(hs, a);
  const [dhs, da] = layer.backward(dc);
  const [, T = 0, H = 0] = hs.shape;
  const dt = repeated(dc, 1, T);
  const dar = multiplied(dt, hs);
  const copies = "as c adds up the steps, each of them gets the gradient of c: of a sum, a repeat";
  return {
    forward: weightSumForward(hs, a, c),
    backward: [
      given("dc", ["N", "H"], dc, "how much the loss would grow with c", "dc"),
      made("dt", ["N", "T", "H"], dt, copies, (n, _, k) => cell("dc", n, k)),
      made("dar", ["N", "T", "H"], dar, "of a product, each factor gets the other", (n, t, k) => {
        return times(cell("dt", n, t, k), cell("hs", n, t, k));
      }),
      made("dhs", ["N", "T", "H"], dhs, "of a product, each factor gets the other", (n, t, k) => {
        return times(cell("dt", n, t, k), cell("a", n, t));
      }),
      made(
        "da",
        ["N", "T"],
        da,
        "repeated H times, a gets what all its copies get: of a repeat, a sum",
        (n, t) => {
          return sumOver(H, (k) => cell("dar", n, t, k));
        },
      ),
    ],
  };
}

function weightSumForward(hs: Tensor, a: Tensor, c: Tensor): readonly NamedArray[] {
  const [, T = 0] = hs.shape;
  return [
    given("hs", ["N", "T", "H"], hs, "N sequences of T states of H numbers", "hs"),
    given("a", ["N", "T"], a, "one weight per sequence and step", "a"),
    made("c", ["N", "H"], c, "each step gives as much as its weight says", (n, k) => {
      return sumOver(T, (t) => times(cell("a", n, t), cell("hs", n, t, k)));
    }),
  ];
}
