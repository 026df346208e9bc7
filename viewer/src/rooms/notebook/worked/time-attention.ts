import { Softmax, type Tensor, TimeAttention } from "heed";
import { cell, exp, maxOver, minus, over, plus, sumOver, times } from "../expression.ts";
import { dotProducts, stacked, stepOf } from "../heed-steps.ts";
import type { Inputs } from "../inputs.ts";
import { derived, given, made, type NamedArray, type Worked } from "../named-array.ts";
import { EXPONENTIAL, SIMILAR, SUMMED, WEIGHT } from "./attention.ts";

/** The layer TimeAttention: hs is the encoder's, and every step of a decoder asks. */
export function timeAttention({ hs, hsDec, doutSteps: dout }: Inputs): Worked {
  const layer = new TimeAttention();
  const out = layer.forward(hs, hsDec);
  const [dhsEnc, dhsDec] = layer.backward(dout);
  const [, Te = 0, H = 0] = hs.shape;
  const s = dotProductsOfSteps(hs, hsDec);
  return {
    forward: [
      given("hsEnc", ["N", "Te", "H"], hs, "what the encoder said, step by step", "hs"),
      given("hsDec", ["N", "Td", "H"], hsDec, "what the decoder asks, step by step", "hsDec"),
      ...weightsOf(s, layer.attentionWeights, H),
      made("out", ["N", "Td", "H"], out, SUMMED, (n, d, k) => {
        return sumOver(Te, (e) => times(cell("a", n, d, e), cell("hsEnc", n, e, k)));
      }),
    ],
    backward: gradients(hs, s, dout, dhsEnc, dhsDec),
  };
}

function weightsOf(s: Tensor, a: Tensor, H: number): readonly NamedArray[] {
  const [, , Te = 0] = s.shape;
  const axes = ["N", "Td", "Te"] as const;
  const scores = made("s", axes, s, SIMILAR, (n, d, e) => {
    return sumOver(H, (k) => times(cell("hsDec", n, d, k), cell("hsEnc", n, e, k)));
  });
  return [
    scores,
    derived("e", axes, s.shape, EXPONENTIAL, [scores], (n, d, e) => {
      const max = maxOver(Te, (k) => cell("s", n, d, k));
      return exp(minus(cell("s", n, d, e), max));
    }),
    made("a", axes, a, WEIGHT, (n, d, e) => {
      const sum = sumOver(Te, (k) => cell("e", n, d, k));
      return over(cell("e", n, d, e), sum);
    }),
  ];
}

function gradients(
  hs: Tensor,
  s: Tensor,
  dout: Tensor,
  dhsEnc: Tensor,
  dhsDec: Tensor,
): readonly NamedArray[] {
  const [, Td = 0, Te = 0] = s.shape;
  const H = hs.shape[2] ?? 0;
  const da = dotProductsOfSteps(hs, dout);
  const softmax = new Softmax();
  softmax.forward(s);
  const ds = softmax.backward(da);
  return [
    given("dout", ["N", "Td", "H"], dout, "how much the loss would grow with out", "doutSteps"),
    made("da", ["N", "Td", "Te"], da, "through the weighted sums, to their weights", (n, d, e) => {
      return sumOver(H, (k) => times(cell("dout", n, d, k), cell("hsEnc", n, e, k)));
    }),
    made("ds", ["N", "Td", "Te"], ds, "through the softmax, row by row", (n, d, e) => {
      const mean = sumOver(Te, (k) => times(cell("a", n, d, k), cell("da", n, d, k)));
      return times(cell("a", n, d, e), minus(cell("da", n, d, e), mean));
    }),
    made("dhsDec", ["N", "Td", "H"], dhsDec, "each step asked for itself alone", (n, d, k) => {
      return sumOver(Te, (e) => times(cell("ds", n, d, e), cell("hsEnc", n, e, k)));
    }),
    made(
      "dhsEnc",
      ["N", "Te", "H"],
      dhsEnc,
      "every decoder step used it twice, and all of that adds up",
      (n, e, k) => {
        return sumOver(Td, (d) => {
          const asValue = times(cell("a", n, d, e), cell("dout", n, d, k));
          return plus(asValue, times(cell("ds", n, d, e), cell("hsDec", n, d, k)));
        });
      },
    ),
  ];
}

/** x (N, Td, H) against hs, a step of x at a time, as the notebook's loop does it. */
function dotProductsOfSteps(hs: Tensor, x: Tensor): Tensor {
  const [first = x, ...rest] = Array.from({ length: x.shape[1] ?? 0 }, (_, d) => stepOf(x, d));
  return stacked([dotProducts(hs, first), ...rest.map((step) => dotProducts(hs, step))]);
}
