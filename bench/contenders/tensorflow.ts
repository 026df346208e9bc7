/**
 * TensorFlow.js on WebAssembly, gradients by its own differentiation or by hand. In Node its WebAssembly
 * has one thread.
 */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import type { Sizes } from "../shapes.ts";
import { type Inputs, needed, type Results, serve, type Way, type Ways } from "./serve.ts";

type Three = readonly [tf.Tensor, tf.Tensor, tf.Tensor];

/** Scores and context by batched matrix products. */
function forward(hsEnc: tf.Tensor3D, hsDec: tf.Tensor3D): tf.Tensor3D {
  return tf.matMul(tf.softmax(tf.matMul(hsDec, hsEnc, false, true)), hsEnc) as tf.Tensor3D;
}

/** The gradients of Σ out ⊙ dout, whose value is thrown away, and out besides. */
function gradientsOfSum(hsEnc: tf.Tensor3D, hsDec: tf.Tensor3D, dout: tf.Tensor3D): Three {
  let out: tf.Tensor | undefined;
  const loss = (enc: tf.Tensor, dec: tf.Tensor): tf.Tensor => {
    const context = forward(enc as tf.Tensor3D, dec as tf.Tensor3D);
    out = tf.keep(context);
    return tf.sum(tf.mul(context, dout));
  };
  const [dhsEnc, dhsDec] = tf.grads(loss)([hsEnc, hsDec]);
  return [out as tf.Tensor, dhsEnc as tf.Tensor, dhsDec as tf.Tensor];
}

/** tf.grads takes the gradient of the output: no sum is needed. Its forward pass is thrown away. */
function gradientsOfOutput(hsEnc: tf.Tensor3D, hsDec: tf.Tensor3D, dout: tf.Tensor3D): Three {
  let out: tf.Tensor | undefined;
  const context = (enc: tf.Tensor, dec: tf.Tensor): tf.Tensor => {
    out = tf.keep(forward(enc as tf.Tensor3D, dec as tf.Tensor3D));
    return out;
  };
  const [dhsEnc, dhsDec] = tf.grads(context)([hsEnc, hsDec], dout);
  return [out as tf.Tensor, dhsEnc as tf.Tensor, dhsDec as tf.Tensor];
}

function byHand(hsEnc: tf.Tensor3D, hsDec: tf.Tensor3D, dout: tf.Tensor3D): Three {
  const a = tf.softmax(tf.matMul(hsDec, hsEnc, false, true)) as tf.Tensor3D;
  const out = tf.matMul(a, hsEnc);
  const da = tf.matMul(dout, hsEnc, false, true);
  const ds = tf.mul(a, tf.sub(da, tf.sum(tf.mul(a, da), -1, true))) as tf.Tensor3D;
  const dhsEnc = tf.add(tf.matMul(a, dout, true), tf.matMul(ds, hsDec, true));
  return [out, dhsEnc, tf.matMul(ds, hsEnc)];
}

function ways([N, Td, Te, H]: Sizes, inputs: Inputs): Ways {
  const hsEnc = tf.tensor3d(inputs.hsEnc, [N, Te, H]);
  const hsDec = tf.tensor3d(inputs.hsDec, [N, Td, H]);
  const dout = tf.tensor3d(inputs.dout, [N, Td, H]);
  const way = (run: typeof byHand) => (): Way => {
    const once = (): Three => {
      const kept = tf.tidy(() => [...run(hsEnc, hsDec, dout)]);
      return kept as unknown as Three;
    };
    return {
      call: () => tf.dispose([...once()]),
      result(): Results {
        const tensors = once();
        const numbers = tensors.map((each) => each.dataSync<"float32">());
        tf.dispose([...tensors]);
        return numbers as unknown as Results;
      },
    };
  };
  return {
    "tf.grads of the output": way(gradientsOfOutput),
    "tf.grads of a sum": way(gradientsOfSum),
    "by hand": way(byHand),
  };
}

await tf.setBackend("wasm");
await tf.ready();
await serve({
  hello: { name: `TensorFlow.js ${tf.version["tfjs"]}, ${tf.getBackend()}` },
  attention: (sizes, inputs) => ways(sizes, needed(inputs)),
});
