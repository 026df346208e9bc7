/**
 * onnxruntime-web on WebAssembly, forward and backward as one graph:
 *
 *     node onnxruntime-web.ts THREADS
 */
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { onnxFamilyWays, onnxWays } from "./onnxruntime.ts";
import { needed, serve } from "./serve.ts";

env.wasm.numThreads = Number(process.argv[2] ?? 1);
const options = { executionProviders: ["wasm"] };
await serve({
  hello: { name: `onnxruntime-web ${env.versions.web ?? env.versions.common}` },
  attention: (sizes, inputs) =>
    onnxWays({ InferenceSession, Tensor }, options, sizes, needed(inputs), false),
  family: (call, inputs) =>
    onnxFamilyWays({ InferenceSession, Tensor }, options, call, needed(inputs), false),
});
