/** Loads a test file. */
type Load = () => Promise<unknown>;

/** The test files that run in Chromium too: those that run on what `openDevices` gives. */
export const SUITES: Readonly<Record<string, Load>> = {
  "tests/kernels/sparse-softmax.test.ts": () => import("../kernels/sparse-softmax.test.ts"),
  "tests/layers/attend/layers.test.ts": () => import("../layers/attend/layers.test.ts"),
  "tests/layers/attend/nothing.test.ts": () => import("../layers/attend/nothing.test.ts"),
  "tests/layers/attend/weights-gradient.test.ts": () =>
    import("../layers/attend/weights-gradient.test.ts"),
  "tests/layers/coverage-attention.test.ts": () => import("../layers/coverage-attention.test.ts"),
  "tests/layers/golden.test.ts": () => import("../layers/golden.test.ts"),
  "tests/layers/layers.test.ts": () => import("../layers/layers.test.ts"),
  "tests/layers/local-attention.test.ts": () => import("../layers/local-attention.test.ts"),
  "tests/layers/long-attention.test.ts": () => import("../layers/long-attention.test.ts"),
  "tests/layers/losses.test.ts": () => import("../layers/losses.test.ts"),
  "tests/layers/lstm-states.test.ts": () => import("../layers/lstm-states.test.ts"),
  "tests/layers/multi-head/multi-head-attention.test.ts": () =>
    import("../layers/multi-head/multi-head-attention.test.ts"),
  "tests/layers/multi-head/torch-attention.test.ts": () =>
    import("../layers/multi-head/torch-attention.test.ts"),
  "tests/layers/recurrent.test.ts": () => import("../layers/recurrent.test.ts"),
  "tests/layers/sparse-softmax.test.ts": () => import("../layers/sparse-softmax.test.ts"),
  "tests/layers/transformer-layers.test.ts": () => import("../layers/transformer-layers.test.ts"),
  "tests/layers/transformer/blocks.test.ts": () => import("../layers/transformer/blocks.test.ts"),
  "tests/layers/transformer/torch-layer.test.ts": () =>
    import("../layers/transformer/torch-layer.test.ts"),
  "tests/onnx/attention-operator.test.ts": () => import("../onnx/attention-operator.test.ts"),
  "tests/seq2seq/decoding/steering.test.ts": () => import("../seq2seq/decoding/steering.test.ts"),
  "tests/seq2seq/decoding/transduce.test.ts": () => import("../seq2seq/decoding/transduce.test.ts"),
  "tests/seq2seq/recurrent/decoding.test.ts": () => import("../seq2seq/recurrent/decoding.test.ts"),
  "tests/seq2seq/transformer/decoding.test.ts": () =>
    import("../seq2seq/transformer/decoding.test.ts"),
};

/** Those that take a GPU in software longest, and one that trains on it. */
export const IN_FULL_RUNS: Readonly<Record<string, Load>> = {
  "tests/kernels/attend-property.test.ts": () => import("../kernels/attend-property.test.ts"),
  "tests/layers/attend/cache.test.ts": () => import("../layers/attend/cache.test.ts"),
  "tests/layers/attend/formulas.test.ts": () => import("../layers/attend/formulas.test.ts"),
  "tests/layers/attend/padding.test.ts": () => import("../layers/attend/padding.test.ts"),
  "tests/seq2seq/webgpu-training.test.ts": () => import("../seq2seq/webgpu-training.test.ts"),
};

/** Those that do not run there, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "tests/seq2seq/book-model.test.ts":
    "it takes minutes, for what the decoding of smaller models shows as well",
};
