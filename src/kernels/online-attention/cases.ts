import { fusedBackward } from "../attention/case-builders.ts";
import { type AttentionOptions, nameOf, numbersOf } from "../attention/case-numbers.ts";
import { attentionSweep } from "../attention/case-sweep.ts";
import {
  BACKWARD,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  largest,
  output,
  type Tolerance,
} from "../case.ts";
import { onlineAttentionForward as forwardDefinition } from "./definition.ts";

export function onlineAttentionForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", shared } = options;
  const x = numbersOf(options);
  const oneInput = shared === "values" || shared === "both";
  const rows = batch * queries;
  return kernelCase({
    name: nameOf("onlineAttentionForward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      values: input(x.values),
      context: output(rows * size),
      maxima: output(rows),
      sums: output(rows),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: {
      context: Math.sqrt(rows * size) * largest(oneInput ? x.keys : x.values),
      maxima: Math.sqrt(rows) * size * largest(x.query) * largest(x.keys),
    },
    call: (kernels, f, i) =>
      kernels.onlineAttentionForward(
        f.query,
        f.keys,
        oneInput ? f.keys : f.values,
        lengths === "null" ? null : i.lengths,
        f.context,
        f.maxima,
        f.sums,
        batch,
        queries,
        steps,
        size,
      ),
  });
}

export function onlineAttentionBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false } = options;
  const x = numbersOf(options);
  const { oneInput, oneGradient, outputs, terms } = fusedBackward(options);
  const rows = batch * queries;
  const context = new Float32Array(rows * size);
  const [maxima, sums] = [new Float32Array(rows), new Float32Array(rows)];
  forwardDefinition(
    x.query,
    x.keys,
    oneInput ? x.keys : x.values,
    x.counts,
    context,
    maxima,
    sums,
    batch,
    queries,
    steps,
    size,
  );
  return kernelCase({
    name: nameOf("onlineAttentionBackward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      values: input(x.values),
      context: input(context),
      maxima: input(maxima),
      sums: input(sums),
      dContext: input(x.dContext),
      ...outputs,
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms,
    call: (kernels, f, i) =>
      kernels.onlineAttentionBackward(
        f.query,
        f.keys,
        oneInput ? f.keys : f.values,
        lengths === "null" ? null : i.lengths,
        f.context,
        f.maxima,
        f.sums,
        f.dContext,
        f.dQuery,
        f.dKeys,
        oneGradient ? f.dKeys : f.dValues,
        batch,
        queries,
        steps,
        size,
        accumulate,
      ),
  });
}

const LARGE_BACKWARD: Tolerance = {
  ...BACKWARD,
  times: 25,
  againstTerms: true,
  reason: "weights computed anew from logits of 400 are off by 2.4e-5, and all but one cancel",
};

function forwardCases(options: AttentionOptions): KernelCase[] {
  return [
    onlineAttentionForwardCase(options),
    onlineAttentionForwardCase({ ...options, shared: "values" }),
  ];
}

function backwardCases(options: AttentionOptions): KernelCase[] {
  return [
    onlineAttentionBackwardCase(options),
    onlineAttentionBackwardCase({ ...options, shared: "gradients" }),
    onlineAttentionBackwardCase({ ...options, shared: "both" }),
  ];
}

/** Numbers of keys (and of queries) about the borders of blocks. */
const BORDERS = [63, 64, 65, 127, 128, 129, 255, 256, 257, 300];

export function onlineAttentionCases(): KernelCase[] {
  const cases = attentionSweep({
    forward: forwardCases,
    backward: backwardCases,
    largeBackward: LARGE_BACKWARD,
  });
  const add = (options: AttentionOptions): void => {
    cases.push(...forwardCases(options), ...backwardCases(options));
  };
  for (const [i, steps] of BORDERS.entries()) {
    const lengths = i % 2 === 0 ? "null" : "mixed";
    add({ batch: 3, queries: 3, steps, size: 8, lengths, accumulate: i % 3 === 0 });
    add({ batch: 1, queries: steps, steps: BORDERS.at(-1 - i) ?? 0, size: 5 });
  }
  for (let size = 1; size <= 65; size++) {
    const steps = BORDERS[size % BORDERS.length] ?? 0;
    add({ batch: 1, queries: 1 + (size % 6), steps, size, special: ", every size" });
  }
  for (const steps of [65, 257]) add({ batch: 1, queries: 3, steps, size: 256 });
  return cases;
}
