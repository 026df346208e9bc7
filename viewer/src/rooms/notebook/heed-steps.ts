import { type Tensor, tensor, WeightSum } from "heed";

/** heed's arithmetic for the steps that the notebook writes out and heed's layers never hold. */

/** x ⊙ y of one shape: weighted sums of one step, x, with one weight each, y. */
export function multiplied(x: Tensor, y: Tensor): Tensor {
  const { size, shape } = x;
  const products = new WeightSum().forward(x.reshape([size, 1, 1]), y.reshape([size, 1]));
  return products.reshape(shape);
}

/** s[n, t] = Σ hs[n, t, h] · h[n, h]: what a weighted sum's backward pass does for its weights. */
export function dotProducts(hs: Tensor, h: Tensor): Tensor {
  const layer = new WeightSum();
  const [N = 0, T = 0] = hs.shape;
  layer.forward(hs, like(hs, new Float64Array(N * T), [N, T]));
  const [, s] = layer.backward(h);
  return s;
}

/** Copies of every number of x: `count` of them along a new axis. */
export function repeated(x: Tensor, axis: number, count: number): Tensor {
  const inner = x.shape.slice(axis).reduce((product, size) => product * size, 1);
  const { data } = x;
  const copies = Float64Array.from({ length: x.size * count }, (_, i) => {
    return data[Math.floor(i / (inner * count)) * inner + (i % inner)] ?? Number.NaN;
  });
  return like(x, copies, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis)]);
}

/** x[:, i] of an x (N, I, …). */
export function stepOf(x: Tensor, i: number): Tensor {
  const [N = 0, steps = 0, ...rest] = x.shape;
  const inner = rest.reduce((product, size) => product * size, 1);
  const { data } = x;
  const numbers = Float64Array.from({ length: N * inner }, (_, place) => {
    const n = Math.floor(place / inner);
    return data[(n * steps + i) * inner + (place % inner)] ?? Number.NaN;
  });
  return like(x, numbers, [N, ...rest]);
}

/** The x of which `stepOf` gives these: (N, …) each become (N, I, …). */
export function stacked(steps: readonly [Tensor, ...Tensor[]]): Tensor {
  const [first] = steps;
  const [N = 0, ...rest] = first.shape;
  const inner = first.size / N;
  const numbers = new Float64Array(first.size * steps.length);
  for (const [i, { data }] of steps.entries()) {
    for (let n = 0; n < N; n++) {
      numbers.set(data.subarray(n * inner, (n + 1) * inner), (n * steps.length + i) * inner);
    }
  }
  return like(first, numbers, [N, steps.length, ...rest]);
}

/** The sequence n of a batch, without the batch. */
export function sequenceOf(x: Tensor, n: number): Tensor {
  const [, ...rest] = x.shape;
  const inner = rest.reduce((product, size) => product * size, 1);
  const numbers = Float64Array.from(x.data.subarray(n * inner, (n + 1) * inner));
  return like(x, numbers, rest);
}

function like({ device }: Tensor, numbers: Float64Array, shape: readonly number[]): Tensor {
  return tensor(numbers, shape, { device, dtype: "float64" });
}
