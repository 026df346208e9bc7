/**
 * jax-js on WebAssembly, gradients by its own differentiation or by hand. In Node its WebAssembly has
 * one thread: others are workers of a browser.
 */
import { readFileSync } from "node:fs";
import {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  nn,
  numpy as np,
  valueAndGrad,
  vjp,
} from "@jax-js/jax";
import type { Sizes } from "../shapes.ts";
import { jaxFamilyWays } from "./jax-family.ts";
import { type Inputs, needed, type Results, serve, type Way, type Ways } from "./serve.ts";

type Arrays = [np.Array, np.Array, np.Array];

// A function owns what it is given: every use but the last takes a reference of its own.

function transposed(x: np.Array): np.Array {
  return np.transpose(x, [0, 2, 1]);
}

/** Scores and context by batched matrix products. */
function withMatmul(hsEnc: np.Array, hsDec: np.Array): np.Array {
  const scores = np.matmul(hsDec, transposed(hsEnc.ref));
  return np.matmul(nn.softmax(scores, -1), hsEnc);
}

function withEinsum(hsEnc: np.Array, hsDec: np.Array): np.Array {
  const scores = np.einsum("ndh,neh->nde", hsDec, hsEnc.ref);
  return np.einsum("nde,neh->ndh", nn.softmax(scores, -1), hsEnc);
}

type Forward = typeof withMatmul;

/** out and the gradients of Σ out ⊙ dout. */
function gradientsOfSum(forward: Forward) {
  return (hsEnc: np.Array, hsDec: np.Array, dout: np.Array): Arrays => {
    const loss = (enc: np.Array, dec: np.Array, upstream: np.Array): [np.Array, np.Array] => {
      const out = forward(enc, dec);
      return [np.sum(out.ref.mul(upstream)), out];
    };
    const both = valueAndGrad(loss, { argnums: [0, 1], hasAux: true });
    const [[value, out], [dhsEnc, dhsDec]] = both(hsEnc, hsDec, dout) as [
      [np.Array, np.Array],
      [np.Array, np.Array],
    ];
    value.dispose();
    return [out, dhsEnc, dhsDec];
  };
}

/** The same by a vector-Jacobian product. */
function pulledBack(forward: Forward) {
  return (hsEnc: np.Array, hsDec: np.Array, dout: np.Array): Arrays => {
    const [out, back] = vjp(forward, [hsEnc, hsDec]);
    const [dhsEnc, dhsDec] = back(dout) as [np.Array, np.Array];
    back.dispose();
    return [out, dhsEnc, dhsDec];
  };
}

function byHand(hsEnc: np.Array, hsDec: np.Array, dout: np.Array): Arrays {
  const encT = transposed(hsEnc.ref);
  const a = nn.softmax(np.matmul(hsDec.ref, encT.ref), -1);
  const out = np.matmul(a.ref, hsEnc.ref);
  const da = np.matmul(dout.ref, encT);
  const sums = np.sum(a.ref.mul(da.ref), -1, { keepdims: true });
  const ds = a.ref.mul(da.sub(sums));
  const dhsDec = np.matmul(ds.ref, hsEnc);
  const dhsEnc = np.matmul(transposed(a), dout).add(np.matmul(transposed(ds), hsDec));
  return [out, dhsEnc, dhsDec];
}

function ways([N, Td, Te, H]: Sizes, inputs: Inputs): Ways {
  const array = (data: Float32Array, T: number): np.Array =>
    np.array(data as Float32Array<ArrayBuffer>).reshape([N, T, H]);
  const given = [array(inputs.hsEnc, Te), array(inputs.hsDec, Td), array(inputs.dout, Td)] as const;
  const way = (run: typeof byHand) => (): Way => {
    const once = async (): Promise<Arrays> => {
      const [hsEnc, hsDec, dout] = given;
      const arrays = run(hsEnc.ref, hsDec.ref, dout.ref);
      await blockUntilReady(arrays);
      return arrays;
    };
    return {
      async call() {
        for (const each of await once()) each.dispose();
      },
      async result(): Promise<Results> {
        const [out, dhsEnc, dhsDec] = await once();
        const read = async (each: np.Array): Promise<Float32Array> =>
          (await each.data()) as Float32Array;
        return [await read(out), await read(dhsEnc), await read(dhsDec)];
      },
    };
  };
  return {
    "grad of a sum, matmul": way(gradientsOfSum(withMatmul)),
    "jit of that": way(jit(gradientsOfSum(withMatmul)) as typeof byHand),
    "vjp, matmul": way(pulledBack(withMatmul)),
    "vjp, einsum": way(pulledBack(withEinsum)),
    "by hand": way(byHand),
    "jit by hand": way(jit(byHand) as typeof byHand),
  };
}

// Its package.json is not among what the package exports.
const description = new URL("../package.json", import.meta.resolve("@jax-js/jax"));
const { version } = JSON.parse(readFileSync(description, "utf8")) as { version: string };
await init("wasm");
defaultDevice("wasm");
await serve({
  hello: { name: `jax-js ${version}`, details: defaultDevice() },
  attention: (sizes, inputs) => ways(sizes, needed(inputs)),
  family: (call, inputs) => jaxFamilyWays(call, needed(inputs)),
});
