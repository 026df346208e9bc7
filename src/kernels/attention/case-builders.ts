import {
  accumulator,
  BACKWARD,
  changed,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  largest,
  magnitude,
  output,
} from "../case.ts";
import { type AttentionOptions, nameOf, numbersOf } from "./case-numbers.ts";

export function attentionWeightForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null" } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("attentionWeightForward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      weights: output(batch * queries * steps),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    call: (kernels, f, i) => {
      const counts = lengths === "null" ? null : i.lengths;
      kernels.attentionWeightForward(
        f.query,
        f.keys,
        counts,
        f.weights,
        batch,
        queries,
        steps,
        size,
      );
    },
  });
}

/** `shared: "gradients"` here means that dScores is dWeights. */
export function attentionWeightBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false } = options;
  const x = numbersOf(options);
  const inPlace = options.shared === "gradients";
  const upstream = magnitude(x.dWeights);
  return kernelCase({
    name: nameOf("attentionWeightBackward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      weights: input(x.paddedWeights),
      dWeights: inPlace ? changed(x.dWeights) : input(x.dWeights),
      dScores: output(inPlace ? 0 : batch * queries * steps),
      dQuery: output(batch * queries * size),
      dKeys: accumulator(accumulate, x.dKeys),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: {
      dScores: upstream,
      dWeights: upstream,
      dQuery: upstream * largest(x.keys),
      dKeys: upstream * largest(x.query) + (accumulate ? magnitude(x.dKeys) : 0),
    },
    call: (kernels, f, i) =>
      kernels.attentionWeightBackward(
        f.query,
        f.keys,
        lengths === "null" ? null : i.lengths,
        f.weights,
        f.dWeights,
        inPlace ? f.dWeights : f.dScores,
        f.dQuery,
        f.dKeys,
        batch,
        queries,
        steps,
        size,
        accumulate,
      ),
  });
}

export function weightSumForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null" } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("weightSumForward", options),
    floats: {
      values: input(x.values),
      weights: input(x.paddedWeights),
      context: output(batch * queries * size),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { context: Math.sqrt(batch * queries * size) * largest(x.values) },
    call: (kernels, f, i) => {
      const counts = lengths === "null" ? null : i.lengths;
      kernels.weightSumForward(f.values, f.weights, counts, f.context, batch, queries, steps, size);
    },
  });
}

export function weightSumBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false } = options;
  const x = numbersOf(options);
  const upstream = magnitude(x.dContext);
  return kernelCase({
    name: nameOf("weightSumBackward", options),
    floats: {
      values: input(x.values),
      weights: input(x.paddedWeights),
      dContext: input(x.dContext),
      dWeights: output(batch * queries * steps),
      dValues: accumulator(accumulate, x.dValues),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: {
      dWeights: upstream * largest(x.values),
      dValues: upstream * largest(x.weights) + (accumulate ? magnitude(x.dValues) : 0),
    },
    call: (kernels, f, i) =>
      kernels.weightSumBackward(
        f.values,
        f.weights,
        lengths === "null" ? null : i.lengths,
        f.dContext,
        f.dWeights,
        f.dValues,
        batch,
        queries,
        steps,
        size,
        accumulate,
      ),
  });
}

export function attentionForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", shared } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("attentionForward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      values: input(x.values),
      weights: output(batch * queries * steps),
      context: output(batch * queries * size),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { context: Math.sqrt(batch * queries * size) * largest(x.values) },
    call: (kernels, f, i) =>
      kernels.attentionForward(
        // With one array for all three (Tq = Tk), this is self-attention.
        shared === "both" ? f.keys : f.query,
        f.keys,
        shared === undefined ? f.values : f.keys,
        lengths === "null" ? null : i.lengths,
        f.weights,
        f.context,
        batch,
        queries,
        steps,
        size,
      ),
  });
}

export function attentionBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false, shared } = options;
  const x = numbersOf(options);
  const oneInput = shared === "values" || shared === "both";
  const oneGradient = shared === "gradients" || shared === "both";
  const upstream = magnitude(x.dContext) * largest(oneInput ? x.keys : x.values);
  const ofValues = magnitude(x.dContext) * largest(x.weights);
  const ofKeys = upstream * largest(x.query);
  const start = accumulate ? magnitude(x.dKeys) : 0;
  return kernelCase({
    name: nameOf("attentionBackward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      values: input(x.values),
      weights: input(x.paddedWeights),
      context: input(oneInput ? x.contextOfKeys : x.context),
      dContext: input(x.dContext),
      dQuery: output(batch * queries * size),
      dKeys: accumulator(accumulate, x.dKeys),
      dValues: oneGradient ? output(0) : accumulator(accumulate, x.dValues),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: {
      dQuery: upstream * largest(x.keys),
      dKeys: start + ofKeys + (oneGradient ? ofValues : 0),
      dValues: start + ofValues,
    },
    call: (kernels, f, i) =>
      kernels.attentionBackward(
        f.query,
        f.keys,
        oneInput ? f.keys : f.values,
        lengths === "null" ? null : i.lengths,
        f.weights,
        f.context,
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
