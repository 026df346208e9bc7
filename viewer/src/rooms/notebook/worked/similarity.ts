import { WeightSum } from "heed";
import { cell, sumOver, times } from "../expression.ts";
import { dotProducts, multiplied, repeated } from "../heed-steps.ts";
import type { Inputs } from "../inputs.ts";
import { given, made, type Worked } from "../named-array.ts";

/** How well h fits each step, as dot products: forward to s, backward from ds. */
export function similarity({ hs, h, ds }: Inputs): Worked {
  const [, T = 0, H = 0] = hs.shape;
  const hr = repeated(h, 1, T);
  const s = dotProducts(hs, h);
  // A dot product is a weighted sum seen from the other side: ds are weights of hs, and h is what comes back.
  const layer = new WeightSum();
  const dh = layer.forward(hs, ds);
  const [dhs] = layer.backward(h);
  return {
    forward: [
      given("hs", ["N", "T", "H"], hs, "what the encoder said, step by step", "hs"),
      given("h", ["N", "H"], h, "what the decoder asks with", "h"),
      made("hr", ["N", "T", "H"], hr, "a copy of h for every step", (n, _, k) => cell("h", n, k)),
      made("t", ["N", "T", "H"], multiplied(hs, hr), "number by number", (n, t, k) => {
        return times(cell("hs", n, t, k), cell("hr", n, t, k));
      }),
      made("s", ["N", "T"], s, "large where hs and h point the same way", (n, t) => {
        return sumOver(H, (k) => cell("t", n, t, k));
      }),
    ],
    backward: [
      given("ds", ["N", "T"], ds, "how much the loss would grow with s", "ds"),
      made("dhs", ["N", "T", "H"], dhs, "of a product, each factor gets the other", (n, t, k) => {
        return times(cell("ds", n, t), cell("hr", n, t, k));
      }),
      made(
        "dh",
        ["N", "H"],
        dh,
        "repeated T times, h gets what all its copies get: of a repeat, a sum",
        (n, k) => {
          return sumOver(T, (t) => times(cell("ds", n, t), cell("hs", n, t, k)));
        },
      ),
    ],
  };
}
