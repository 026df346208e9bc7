import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The example's own packages, which `npm ci --prefix examples/onnx --ignore-scripts` installs. */
const FOLDER = fileURLToPath(new URL("../../examples/onnx/", import.meta.url));

/** A runtime, as far as it is used here. */
export interface OnnxRuntime {
  /** Reads a graph, to be run on one thread. */
  readonly session: (bytes: Uint8Array) => Promise<OnnxSession>;
  readonly Tensor: Package["Tensor"];
}

/** What both packages of onnxruntime have in common. */
interface Package {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => OnnxTensor;
  readonly env: { readonly wasm: { numThreads?: number } };
}

/** A graph that was read. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

/** A value that goes in or comes out. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

/** Where graphs can be run: in the addon, and in WebAssembly. */
export const ONNX_RUNTIMES = ["onnxruntime-node", "onnxruntime-web"] as const;

/** Why graphs cannot be run here; undefined where they can. Under CI they must. */
export const NO_ONNX_RUNTIME: string | undefined =
  existsSync(`${FOLDER}node_modules`) || process.env["CI"] !== undefined
    ? undefined
    : "skipped: npm ci --prefix examples/onnx --ignore-scripts installs onnxruntime";

/** A runtime, as the example's package has it. */
export async function onnxRuntime(name: (typeof ONNX_RUNTIMES)[number]): Promise<OnnxRuntime> {
  const path = createRequire(FOLDER).resolve(name);
  const found = (await import(pathToFileURL(path).href)) as Package & { default?: Package };
  const { InferenceSession, Tensor, env } =
    found.InferenceSession === undefined ? found.default! : found;
  const isWeb = name === "onnxruntime-web";
  if (isWeb) env.wasm.numThreads = 1;
  const options = { executionProviders: [isWeb ? "wasm" : "cpu"], intraOpNumThreads: 1 };
  return { Tensor, session: (bytes) => InferenceSession.create(bytes, options) };
}
