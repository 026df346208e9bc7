/** Scaled dot-product attention of heads in jax-js: its own function, or products; grad, vjp, by hand. */
import { blockUntilReady, jit, nn, numpy as np, valueAndGrad, vjp } from "@jax-js/jax";
import type { FamilyCall, FamilyInputs } from "../family/calls.ts";
import { type Layout, sideBySide } from "../family/layout.ts";
import type { Results, Way, Ways } from "./serve.ts";

type Forward = (query: np.Array, keys: np.Array, values: np.Array) => np.Array;
type Run = (...given: np.Array[]) => np.Array[];

// A function owns what it is given: every use but the last takes a reference of its own.

/** Of (N, T, H, D), the one layout that it takes. */
function itsOwn(isCausal: boolean): Forward {
  return (query, keys, values) => nn.dotProductAttention(query, keys, values, { isCausal });
}

function weightsOf(query: np.Array, keys: np.Array, isCausal: boolean): np.Array {
  const [, , steps = 0, size = 1] = query.shape;
  const product = np.matmul(query, np.transpose(keys, [0, 1, 3, 2])).mul(1 / Math.sqrt(size));
  if (!isCausal) return nn.softmax(product, -1);
  const seen = np.tri(steps, steps, 0, { dtype: np.bool });
  return nn.softmax(np.where(seen, product, Number.NEGATIVE_INFINITY), -1);
}

/** Of (N, H, T, D). */
function products(isCausal: boolean): Forward {
  return (query, keys, values) => np.matmul(weightsOf(query, keys, isCausal), values);
}

/** Context and the gradients of Σ context ⊙ dContext. */
function gradientsOfSum(forward: Forward): Run {
  const loss = (...given: np.Array[]): [np.Array, np.Array] => {
    const [query, keys, values, dContext] = given as [np.Array, np.Array, np.Array, np.Array];
    const context = forward(query, keys, values);
    return [np.sum(context.ref.mul(dContext)), context];
  };
  const both = valueAndGrad(loss, { argnums: [0, 1, 2], hasAux: true });
  return (...given) => {
    const [[value, context], gradients] = both(...given) as [[np.Array, np.Array], np.Array[]];
    value.dispose();
    return [context, ...gradients];
  };
}

/** The same by a vector-Jacobian product. */
function pulledBack(forward: Forward): Run {
  return (...given) => {
    const [query, keys, values, dContext] = given as [np.Array, np.Array, np.Array, np.Array];
    const [context, back] = vjp(forward, [query, keys, values]);
    const gradients = back(dContext) as np.Array[];
    back.dispose();
    return [context, ...gradients];
  };
}

function byHand(isCausal: boolean): Run {
  return (...given) => {
    const [query, keys, values, dContext] = given as [np.Array, np.Array, np.Array, np.Array];
    const scale = 1 / Math.sqrt(query.shape[3] ?? 1);
    const turned = (x: np.Array): np.Array => np.transpose(x, [0, 1, 3, 2]);
    const a = weightsOf(query.ref, keys.ref, isCausal);
    const context = np.matmul(a.ref, values.ref);
    const da = np.matmul(dContext.ref, turned(values));
    const sums = np.sum(a.ref.mul(da.ref), -1, { keepdims: true });
    const ds = a.ref.mul(da.sub(sums)).mul(scale);
    const dQuery = np.matmul(ds.ref, keys);
    const dKeys = np.matmul(turned(ds), query);
    return [context, dQuery, dKeys, np.matmul(turned(a), dContext)];
  };
}

/** Every way that computes a call: forward alone, or with its three gradients. */
export function jaxFamilyWays(call: FamilyCall, inputs: FamilyInputs): Ways {
  const { batch, heads, steps, size, backward, causal = false } = call;
  const way = (run: Run, layout: Layout) => (): Way => {
    const beside = layout === "side by side";
    const shape = beside ? [batch, steps, heads, size] : [batch, heads, steps, size];
    const { query, keys, values, dContext } = inputs;
    const given = [query, keys, values, ...(backward ? [dContext] : [])].map((data) => {
      const placed = beside ? sideBySide(data, call, true) : data;
      return np.array(placed as Float32Array<ArrayBuffer>).reshape(shape);
    });
    const once = async (): Promise<np.Array[]> => {
      const arrays = run(...given.map((each) => each.ref));
      await blockUntilReady(arrays);
      return arrays;
    };
    return {
      async call() {
        for (const each of await once()) each.dispose();
      },
      async result(): Promise<Results> {
        const found: Float32Array[] = [];
        for (const each of await once()) found.push((await each.data()) as Float32Array);
        return beside ? found.map((each) => sideBySide(each, call, false)) : found;
      },
      release() {
        for (const each of given) each.dispose();
      },
    };
  };
  const alone =
    (forward: Forward): Run =>
    (...given) => [forward(...(given as [np.Array, np.Array, np.Array]))];
  const compiled = (run: Run): Run => jit(run) as Run;
  const [own, multiplied] = [itsOwn(causal), products(causal)];
  if (!backward) {
    return {
      dotProductAttention: way(alone(own), "side by side"),
      "jit of dotProductAttention": way(compiled(alone(own)), "side by side"),
      matmul: way(alone(multiplied), "heads first"),
      "jit of matmul": way(compiled(alone(multiplied)), "heads first"),
    };
  }
  return {
    "grad of dotProductAttention": way(gradientsOfSum(own), "side by side"),
    "jit of grad of dotProductAttention": way(compiled(gradientsOfSum(own)), "side by side"),
    "grad, matmul": way(gradientsOfSum(multiplied), "heads first"),
    "jit of grad, matmul": way(compiled(gradientsOfSum(multiplied)), "heads first"),
    "vjp, matmul": way(pulledBack(multiplied), "heads first"),
    "by hand": way(byHand(causal), "heads first"),
    "jit by hand": way(compiled(byHand(causal)), "heads first"),
  };
}
