import { Attention, AttentionWeight, Softmax, type Tensor, WeightSum } from "heed";
import { cell, exp, maxOver, minus, over, plus, sumOver, times } from "../expression.ts";
import { dotProducts } from "../heed-steps.ts";
import type { Inputs } from "../inputs.ts";
import { derived, given, made, type NamedArray, type Worked } from "../named-array.ts";

/** What several layers say of the same steps. */
export const SIMILAR = "large where the two point the same way";
export const EXPONENTIAL = "the largest score is taken off first: it cancels in a";
export const WEIGHT = "the softmax of s: positive, and 1 in sum over the steps";
export const SUMMED = "each step gives as much as its weight says";
const ASKED = "as every score read h, all of them report back";

/** The layer AttentionWeight: forward to a, backward from da. */
export function attentionWeight({ hs, h, da }: Inputs): Worked {
  const layer = new AttentionWeight();
  const a = layer.forward(hs, h);
  const [dhs, dh] = layer.backward(da);
  const T = hs.shape[1] ?? 0;
  return {
    forward: scoresAndWeights(hs, h, a),
    backward: [
      given("da", ["N", "T"], da, "how much the loss would grow with a", "da"),
      scoreGradient(hs, h, da),
      made("dhs", ["N", "T", "H"], dhs, "of the product hs · h, hs gets h", (n, t, k) => {
        return times(cell("ds", n, t), cell("h", n, k));
      }),
      made("dh", ["N", "H"], dh, ASKED, (n, k) => {
        return sumOver(T, (t) => times(cell("ds", n, t), cell("hs", n, t, k)));
      }),
    ],
  };
}

/** The layer Attention: AttentionWeight, then WeightSum. */
export function attention({ hs, h, dout }: Inputs): Worked {
  const layer = new Attention();
  const out = layer.forward(hs, h);
  const a = layer.attentionWeight;
  const [dhs, dh] = layer.backward(dout);
  const [, T = 0, H = 0] = hs.shape;
  // The two layers that it fuses, for what passes between them.
  const sum = new WeightSum();
  sum.forward(hs, a);
  const [dhs0, da] = sum.backward(dout);
  const weight = new AttentionWeight();
  weight.forward(hs, h);
  const [dhs1] = weight.backward(da);
  const axes = ["N", "T", "H"] as const;
  return {
    forward: [
      ...scoresAndWeights(hs, h, a),
      made("out", ["N", "H"], out, SUMMED, (n, k) => {
        return sumOver(T, (t) => times(cell("a", n, t), cell("hs", n, t, k)));
      }),
    ],
    backward: [
      given("dout", ["N", "H"], dout, "how much the loss would grow with out", "dout"),
      made("da", ["N", "T"], da, "through the weighted sum, to its weights", (n, t) => {
        return sumOver(H, (k) => times(cell("dout", n, k), cell("hs", n, t, k)));
      }),
      made("dhs0", axes, dhs0, "through the weighted sum, to its states", (n, t, k) => {
        return times(cell("a", n, t), cell("dout", n, k));
      }),
      scoreGradient(hs, h, da),
      made("dhs1", axes, dhs1, "through the scores", (n, t, k) => {
        return times(cell("ds", n, t), cell("h", n, k));
      }),
      made("dhs", axes, dhs, "used twice, hs gets the sum of both", (n, t, k) => {
        return plus(cell("dhs0", n, t, k), cell("dhs1", n, t, k));
      }),
      made("dh", ["N", "H"], dh, ASKED, (n, k) => {
        return sumOver(T, (t) => times(cell("ds", n, t), cell("hs", n, t, k)));
      }),
    ],
  };
}

function scoresAndWeights(hs: Tensor, h: Tensor, a: Tensor): readonly NamedArray[] {
  const [, T = 0, H = 0] = hs.shape;
  const axes = ["N", "T"] as const;
  const s = made("s", axes, dotProducts(hs, h), SIMILAR, (n, t) => {
    return sumOver(H, (k) => times(cell("hs", n, t, k), cell("h", n, k)));
  });
  return [
    given("hs", ["N", "T", "H"], hs, "what the encoder said, step by step", "hs"),
    given("h", ["N", "H"], h, "what the decoder asks with", "h"),
    s,
    derived("e", axes, a.shape, EXPONENTIAL, [s], (n, t) => {
      const max = maxOver(T, (k) => cell("s", n, k));
      return exp(minus(cell("s", n, t), max));
    }),
    made("a", axes, a, WEIGHT, (n, t) => {
      const sum = sumOver(T, (k) => cell("e", n, k));
      return over(cell("e", n, t), sum);
    }),
  ];
}

/** The softmax's gradient, as the layer Softmax gives it. */
function scoreGradient(hs: Tensor, h: Tensor, da: Tensor): NamedArray {
  const softmax = new Softmax();
  softmax.forward(dotProducts(hs, h));
  const T = da.shape[1] ?? 0;
  return made("ds", ["N", "T"], softmax.backward(da), "through the softmax", (n, t) => {
    const mean = sumOver(T, (k) => times(cell("a", n, k), cell("da", n, k)));
    return times(cell("a", n, t), minus(cell("da", n, t), mean));
  });
}
