import {
  BACKWARD,
  type FloatArray,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  largest,
  magnitude,
  output,
  scratch,
  type Tolerance,
} from "../case.ts";
import { numbersOf } from "./case-numbers.ts";
import { type AttendOptions, type AttendSetting, nameOf, settingOf } from "./case-options.ts";
import { type AttentionInputs, STAGES } from "./contract.ts";
import { broadcastSize, callOf, gradientOfRow } from "./rows.ts";

type Numbers = ReturnType<typeof numbersOf>;
type InputName = "query" | "keys" | "values" | "vector" | "bias" | "slopes";

function inputFloats(x: Numbers) {
  return {
    query: input(x.query),
    keys: input(x.keys),
    values: input(x.values),
    vector: input(x.vector),
    bias: input(x.bias),
    slopes: input(x.slopes),
  };
}

function inputIntsOf(x: Numbers) {
  return { lengths: inputInts(x.counts), mask: inputInts(x.mask) };
}

/** The inputs of the op, of a case's arrays. */
function inputsOf<F, I>(
  s: AttendSetting,
  f: Readonly<Record<InputName, F>>,
  i: Readonly<Record<"lengths" | "mask", I>>,
): AttentionInputs<F, I> {
  return {
    query: s.shared === "all" ? f.keys : f.query,
    keys: f.keys,
    values: s.shared === "none" ? f.values : f.keys,
    vector: s.score === "additive, v" ? f.vector : null,
    lengths: s.lengths === "null" ? null : i.lengths,
    mask: s.maskAxes < 0 ? null : i.mask,
    bias: s.biasAxes < 0 ? null : f.bias,
    slopes: s.slopes ? f.slopes : null,
  };
}

function rowsOf(s: AttendSetting): number {
  return s.batch * s.heads * s.queries;
}

/** The norm of `count` scores, about: of the terms that they are the sums of. */
function scoreTerms(s: AttendSetting, x: Numbers, count: number): number {
  const { query, keys } = x.inputs;
  const products = s.score === "dot" ? largest(query) * largest(keys) : largest(x.vector) + 1;
  const distance = s.slopes ? s.steps + s.queries + Math.abs(s.shift) : 0;
  const one = Math.abs(s.scale) * Math.sqrt(s.size) * products + largest(x.bias) + distance;
  return Math.sqrt(count) * one;
}

export function attendForwardCase(options: AttendOptions): KernelCase {
  const s = settingOf(options);
  const x = numbersOf(options);
  const rows = rowsOf(s);
  const soft = s.normalizer === "softmax";
  return kernelCase({
    name: nameOf("attendForward", options),
    floats: {
      ...inputFloats(x),
      context: output(rows * s.valueSize),
      maxima: soft ? output(rows) : scratch(rows),
      sums: soft ? output(rows) : scratch(rows),
      weights: output(s.keep ? rows * s.steps : 0),
      logSumExp: output(s.logSumExp ? rows : 0),
    },
    ints: inputIntsOf(x),
    tolerance: forwardTolerance(options, rows * s.valueSize),
    terms: {
      context: Math.sqrt(rows * s.valueSize) * largest(x.inputs.values) * x.plan.factor,
      maxima: scoreTerms(s, x, rows),
      weights: Math.sqrt(rows),
      logSumExp: scoreTerms(s, x, rows),
    },
    call: (kernels, f, i) =>
      kernels.attendForward(
        inputsOf(s, f, i),
        x.plan,
        f.context,
        { maxima: f.maxima, sums: f.sums },
        s.keep ? f.weights : null,
        s.logSumExp ? f.logSumExp : null,
      ),
  });
}

/** What a backward pass gets of the forward one. */
function forwardFloats(s: AttendSetting, x: Numbers) {
  // What another normaliser leaves in its rows is its own affair.
  const unspecified = new Float32Array(rowsOf(s)).fill(Number.NaN);
  const soft = s.normalizer === "softmax";
  return {
    maxima: input(soft ? x.maxima : unspecified),
    sums: input(soft ? x.sums : unspecified),
    weights: input(s.keep ? x.weights : new Float32Array(0)),
    dContext: input(x.dContext),
    dWeights: input(s.dWeights ? x.dWeights : new Float32Array(0)),
  };
}

/** The norm of the terms of all dWeight. */
function upstreamOf(s: AttendSetting, x: Numbers): number {
  const own = s.dWeights ? magnitude(x.dWeights) : 0;
  return magnitude(x.dContext) * largest(x.inputs.values) * x.plan.factor + own;
}

const ONE_KEY: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "where queries meet a single key, their gradient is 0: the difference of equal terms",
};

const FEW_OUTPUTS: Tolerance = {
  ...FORWARD,
  againstTerms: true,
  reason: "a handful of outputs may all be what is left of terms that cancel",
};

function forwardTolerance(options: AttendOptions, outputs: number): Tolerance {
  return options.tolerance ?? (outputs < 6 ? FEW_OUTPUTS : FORWARD);
}

function backwardTolerance(options: AttendOptions, x: Numbers): Tolerance {
  return options.tolerance ?? (x.thin ? ONE_KEY : BACKWARD);
}

export function attendBackwardCase(options: AttendOptions): KernelCase {
  const s = settingOf(options);
  const x = numbersOf(options);
  const rows = rowsOf(s);
  const { batch, keyHeads, size, valueSize } = s;
  const keyRows = batch * keyHeads * x.plan.capacity;
  const oneGradient = s.shared === "gradients" || s.shared === "all";
  const withVector = s.score === "additive, v";
  const upstream = upstreamOf(s, x) * Math.abs(s.scale);
  const [ofQuery, ofKeys] =
    s.score === "dot"
      ? [largest(x.inputs.keys), largest(x.inputs.query)]
      : [largest(x.vector) + 1, largest(x.vector) + 1];
  const ofValues = magnitude(x.dContext) * largest(x.weights) * x.plan.factor;
  return kernelCase({
    name: nameOf("attendBackward", options),
    floats: {
      ...inputFloats(x),
      context: input(x.context),
      ...forwardFloats(s, x),
      dots: output(rows),
      dQuery: output(rows * size),
      dKeys: output(keyRows * size),
      dValues: output(oneGradient ? 0 : keyRows * valueSize),
      dVectors: output(withVector ? keyRows * size : 0),
    },
    ints: inputIntsOf(x),
    tolerance: backwardTolerance(options, x),
    terms: {
      dots: upstreamOf(s, x),
      dQuery: upstream * ofQuery,
      dKeys: upstream * ofKeys + (oneGradient ? ofValues : 0),
      dValues: ofValues,
      dVectors: upstream,
    },
    call: (kernels, f, i) =>
      kernels.attendBackward(
        inputsOf(s, f, i),
        x.plan,
        f.context,
        { maxima: f.maxima, sums: f.sums },
        s.keep ? f.weights : null,
        f.dContext,
        s.dWeights ? f.dWeights : null,
        f.dots,
        f.dQuery,
        f.dKeys,
        oneGradient ? f.dKeys : f.dValues,
        withVector ? f.dVectors : null,
      ),
  });
}

/** The dots that the backward pass leaves for that of the bias. */
function dotsOf(s: AttendSetting, x: Numbers): FloatArray {
  const dots = new Float32Array(rowsOf(s));
  const call = callOf(x.inputs, x.plan);
  const upstream = {
    rows: x,
    weights: s.keep ? x.weights : null,
    dContext: x.dContext,
    dWeights: s.dWeights ? x.dWeights : null,
  };
  for (const { n, h, q, row } of call.layout.rows()) {
    dots[row] = gradientOfRow(call, upstream, n, h, q).dot;
  }
  return input(dots);
}

const NO_STEPS: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "a bias that all keys share moves no weight: its gradient is the sum of what cancels",
};

/** Needs a setting with a bias. */
export function attendBiasBackwardCase(options: AttendOptions): KernelCase {
  const s = settingOf(options);
  const x = numbersOf(options);
  const length = broadcastSize(s, s.biasAxes);
  const few = s.steps < 3 || (s.biasAxes & 8) === 0;
  const perElement = Math.sqrt((rowsOf(s) * s.steps) / Math.max(length, 1));
  return kernelCase({
    name: nameOf("attendBiasBackward", options),
    floats: {
      ...inputFloats(x),
      ...forwardFloats(s, x),
      dots: dotsOf(s, x),
      dBias: output(length),
    },
    ints: inputIntsOf(x),
    tolerance: few
      ? { ...NO_STEPS, ...options.tolerance, againstTerms: true }
      : backwardTolerance(options, x),
    terms: { dBias: upstreamOf(s, x) * perElement },
    call: (kernels, f, i) =>
      kernels.attendBiasBackward(
        inputsOf(s, f, i),
        x.plan,
        { maxima: f.maxima, sums: f.sums },
        s.keep ? f.weights : null,
        f.dContext,
        s.dWeights ? f.dWeights : null,
        f.dots,
        f.dBias,
      ),
  });
}

export function attentionScoresCase(
  options: AttendOptions,
  stage: keyof typeof STAGES,
): KernelCase {
  const s = settingOf(options);
  const x = numbersOf(options);
  const count = rowsOf(s) * s.steps;
  return kernelCase({
    name: `${nameOf("attentionScores", options)}, ${stage}`,
    floats: { ...inputFloats(x), scores: output(count) },
    ints: inputIntsOf(x),
    tolerance: forwardTolerance(options, count),
    terms: { scores: scoreTerms(s, x, count) },
    call: (kernels, f, i) =>
      kernels.attentionScores(inputsOf(s, f, i), x.plan, STAGES[stage], f.scores),
  });
}
