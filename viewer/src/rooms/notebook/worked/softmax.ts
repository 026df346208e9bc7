import { Softmax, type Tensor, tensor } from "heed";
import {
  cell,
  constant,
  type Expression,
  exp,
  maxOver,
  minus,
  over,
  plus,
  sumOver,
  times,
} from "../expression.ts";
import type { Inputs } from "../inputs.ts";
import { derived, given, made, type NamedArray, type Worked } from "../named-array.ts";

/** Softmax with a number added to all it reads, and the same without taking the maximum off. */
export interface WorkedSoftmax extends Worked {
  /** What exp alone would have made of it. */
  readonly naive: readonly NamedArray[];
}

export function softmax({ x, dy }: Inputs, shift: number): WorkedSoftmax {
  const [N = 0, T = 0] = x.shape;
  const row = [N, T];
  const xs = given("x", ["N", "T"], x, "any numbers", "x");
  const shifted = derived("z", ["N", "T"], row, "moved by the slider", [xs], (n, t) => {
    return plus(cell("x", n, t), constant(shift));
  });
  const max = derived("max", ["N"], [N], "the largest of the row", [shifted], (n) => {
    return maxOver(T, (t) => cell("z", n, t));
  });
  const e = derived(
    "e",
    ["N", "T"],
    row,
    "from 0 to 1, and 1 at the maximum",
    [shifted, max],
    (n, t) => {
      return exp(minus(cell("z", n, t), cell("max", n)));
    },
  );
  const sum = derived("sum", ["N"], [N], "at least 1, since e is 1 somewhere", [e], (n) => {
    return sumOver(T, (t) => cell("e", n, t));
  });
  const z = tensor(Float64Array.from(shifted.values), row, { device: x.device, dtype: "float64" });
  const layer = new Softmax();
  const y = layer.forward(z);
  const dx = layer.backward(dy);
  const forward = [
    xs,
    shifted,
    max,
    e,
    sum,
    made("y", ["N", "T"], y, "positive, and 1 in sum", (n, t) =>
      over(cell("e", n, t), cell("sum", n)),
    ),
  ];
  return { forward, backward: softmaxBackward(layer, forward, dy, dx), naive: naive(shifted) };
}

function softmaxBackward(
  layer: Softmax,
  forward: readonly NamedArray[],
  dy: Tensor,
  dx: Tensor,
): readonly NamedArray[] {
  const [N = 0, T = 0] = dy.shape;
  const dys = given("dy", ["N", "T"], dy, "how much the loss would grow with y", "dy");
  const dot = derived(
    "dot",
    ["N"],
    [N],
    "the mean of dy, by the weights y",
    [...forward, dys],
    (n) => {
      return sumOver(T, (t) => times(cell("y", n, t), cell("dy", n, t)));
    },
  );
  return [
    made("J", ["N", "T", "T′"], jacobian(layer, dy), "∂y[t] / ∂x[k], all of them", (n, t, k) => {
      return times(cell("y", n, t), minus(constant(t === k ? 1 : 0), cell("y", n, k)));
    }),
    dys,
    dot,
    made("dx", ["N", "T"], dx, "grows where dy is above its mean, and is 0 in sum", (n, t) => {
      return times(cell("y", n, t), minus(cell("dy", n, t), cell("dot", n)));
    }),
  ];
}

/** The layer's own jacobian (N, T, T′): its row t is what the backward pass makes of a gradient 1 at t alone. */
function jacobian(layer: Softmax, dy: Tensor): Tensor {
  const [N = 0, T = 0] = dy.shape;
  const options = { device: dy.device, dtype: "float64" } as const;
  const numbers = new Float64Array(N * T * T);
  for (let t = 0; t < T; t++) {
    const unit = Float64Array.from({ length: N * T }, (_, i) => (i % T === t ? 1 : 0));
    const { data } = layer.backward(tensor(unit, [N, T], options));
    for (let n = 0; n < N; n++) numbers.set(data.subarray(n * T, (n + 1) * T), (n * T + t) * T);
  }
  return tensor(numbers, [N, T, T], options);
}

function naive(z: NamedArray): readonly NamedArray[] {
  const [N = 0, T = 0] = z.shape;
  const top = (n: number, t: number): Expression => exp(cell("z", n, t));
  const powers = derived("raw", ["N", "T"], [N, T], "∞ from z = 710 on", [z], top);
  const why = "∞ / ∞ is not a number";
  const quotients = derived("naive", ["N", "T"], [N, T], why, [powers], (n, t) => {
    return over(
      cell("raw", n, t),
      sumOver(T, (k) => cell("raw", n, k)),
    );
  });
  return [powers, quotients];
}
