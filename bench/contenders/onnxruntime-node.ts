/**
 * onnxruntime-node on the CPU, forward and backward as one graph:
 *
 *     node onnxruntime-node.ts THREADS
 */
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { onnxFamilyWays, onnxWays } from "./onnxruntime.ts";
import { needed, serve } from "./serve.ts";

const threads = Number(process.argv[2] ?? 1);
const options = {
  executionProviders: ["cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
};
await serve({
  hello: { name: `onnxruntime-node ${env.versions.node ?? env.versions.common}` },
  attention: (sizes, inputs) =>
    onnxWays({ InferenceSession, Tensor }, options, sizes, needed(inputs), true),
  family: (call, inputs) =>
    onnxFamilyWays({ InferenceSession, Tensor }, options, call, needed(inputs), true),
});
