/**
 * onnxruntime-web on WebAssembly, forward and backward as one graph:
 *
 *     node onnxruntime-web.ts THREADS
 */
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { onnxWays } from "./onnxruntime.ts";
import { needed, serve } from "./serve.ts";

env.wasm.numThreads = Number(process.argv[2] ?? 1);
await serve({
  hello: { name: `onnxruntime-web ${env.versions.web ?? env.versions.common}` },
  attention: (sizes, inputs) => {
    const options = { executionProviders: ["wasm"] };
    return onnxWays({ InferenceSession, Tensor }, options, sizes, needed(inputs), false);
  },
});
