import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import type { Device } from "../../src/index.ts";
import {
  Attention,
  AttentionWeight,
  attention,
  Softmax,
  type Tensor,
  TimeAttention,
  tensor,
  WeightSum,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";
import { missing, sharedPath } from "../support/shared-files.ts";

interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

type Golden = Readonly<Record<string, GoldenArray>>;

/** Per kind of file: the arrays that go in, those that must come out, and the calls between. */
interface Run {
  readonly inputs: readonly string[];
  readonly upstream: string;
  readonly run: (t: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>;
}

/** With the weights kept, and without them. */
function timeAttention(keepWeights: boolean): Run {
  return {
    inputs: ["hs_enc", "hs_dec"],
    upstream: "dout",
    run: (t) => {
      const layer = new TimeAttention({ keepWeights });
      const out = layer.forward(t["hs_enc"]!, t["hs_dec"]!);
      const [dhs_enc, dhs_dec] = layer.backward(t["dout"]!);
      return { out, a: layer.attentionWeights, dhs_enc, dhs_dec };
    },
  };
}

/** The same, as the general attention has it. */
const generalAttention: Run = {
  inputs: ["hs_enc", "hs_dec"],
  upstream: "dout",
  run: (t) => {
    const [hsEnc, hsDec] = [t["hs_enc"]!, t["hs_dec"]!];
    const result = attention(hsDec, hsEnc, hsEnc, { return: { weights: true } });
    const { dQuery, dKeys, dValues } = result.backward(t["dout"]!);
    // What comes through keys and through values: hs_enc is both.
    const { kernels } = hsEnc.device as Device;
    kernels.add(dKeys.storage, dValues.storage, dKeys.storage, dKeys.size);
    return { out: result.context, a: result.weights!, dhs_enc: dKeys, dhs_dec: dQuery };
  },
};

const RUNS: Readonly<Record<string, Run>> = {
  softmax: {
    inputs: ["x"],
    upstream: "dy",
    run: (t) => {
      const layer = new Softmax();
      return { y: layer.forward(t["x"]!), dx: layer.backward(t["dy"]!) };
    },
  },
  "weight-sum": {
    inputs: ["hs", "a"],
    upstream: "dc",
    run: (t) => {
      const layer = new WeightSum();
      const c = layer.forward(t["hs"]!, t["a"]!);
      const [dhs, da] = layer.backward(t["dc"]!);
      return { c, dhs, da };
    },
  },
  "attention-weight": {
    inputs: ["hs", "h"],
    upstream: "da",
    run: (t) => {
      const layer = new AttentionWeight();
      const a = layer.forward(t["hs"]!, t["h"]!);
      const [dhs, dh] = layer.backward(t["da"]!);
      return { a, dhs, dh };
    },
  },
  attention: {
    inputs: ["hs", "h"],
    upstream: "dout",
    run: (t) => {
      const layer = new Attention();
      const out = layer.forward(t["hs"]!, t["h"]!);
      const [dhs, dh] = layer.backward(t["dout"]!);
      return { out, a: layer.attentionWeight, dhs, dh };
    },
  },
  "time-attention": timeAttention(true),
};

const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** ‖actual − expected‖, against ‖expected‖ or, for gradients, the scale that rounding works at. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[], scale = 0): number {
  const difference = expected.map((value, i) => (actual[i] ?? Number.NaN) - value);
  return length(difference) / Math.max(length(expected), scale, Number.MIN_VALUE);
}

/** The largest |score| of a case: what float32 loses digits to before any kernel starts. */
function largestLogit(kind: string, golden: Golden): number {
  if (kind === "softmax") return largest(golden["x"]!.data);
  const keys = golden["hs"] ?? golden["hs_enc"];
  const queries = golden["h"] ?? golden["hs_dec"];
  if (kind === "weight-sum" || keys === undefined || queries === undefined) return 0;
  const [N = 0, T = 0, H = 0] = keys.shape;
  const Td = queries.shape.length === 3 ? queries.shape[1]! : 1;
  let most = 0;
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < Td; d++) {
      for (let t = 0; t < T; t++) {
        let score = 0;
        for (let h = 0; h < H; h++) {
          score += keys.data[(n * T + t) * H + h]! * queries.data[(n * Td + d) * H + h]!;
        }
        most = Math.max(most, Math.abs(score));
      }
    }
  }
  return most;
}

function check(
  kind: string,
  golden: Golden,
  device: Device,
  dtype: "float32" | "float64",
  run = RUNS[kind]!,
): void {
  const tensors = Object.fromEntries(
    [...run.inputs, run.upstream].map((name) => {
      const { shape, data } = golden[name]!;
      return [name, tensor(data, shape, { device, dtype })];
    }),
  );
  const results = run.run(tensors);
  const upstream = length(golden[run.upstream]!.data);
  const inputs = Math.max(...run.inputs.map((name) => largest(golden[name]!.data)));
  const logit = largestLogit(kind, golden);
  for (const [name, result] of Object.entries(results)) {
    const expected = golden[name]!;
    expect(result.shape, name).toEqual(expected.shape);
    expect(result.dtype).toBe(dtype);
    const isGradient = name.startsWith("d");
    const error = relativeError(result.data, expected.data, isGradient ? upstream * inputs : 0);
    // float32: 1e-6 forward and 2e-6 backward. A logit of size L is rounded by L · 6e-8 on the way in
    // and again when it is summed, and exp turns an absolute error of a logit into a relative one.
    const rounding = Math.max(1e-6, 2 ** -24 * logit * 2);
    const bound = dtype === "float64" ? 1e-12 : isGradient ? 2 * rounding : rounding;
    expect(error, `${name}: relative error`).toBeLessThanOrEqual(bound);
  }
}

describe.skipIf(missing("golden"))("the notebook's numbers", () => {
  const files = missing("golden") === undefined ? readdirSync(sharedPath("golden")) : [];
  const names = files
    .filter((file) => file.endsWith(".json"))
    .map((file) => basename(file, ".json"));
  for (const name of names) {
    const golden = JSON.parse(readFileSync(sharedPath(`golden/${name}.json`), "utf8")) as Golden;
    const kind = name.replace(/-n\d+-.*$/, "");
    if (name === "weighted-sum-one-sequence") continue;
    for (const { name: label, device, dtype } of openDevices(name)) {
      test(`${name} holds on ${label}`, () => check(kind, golden, device, dtype));
      if (kind !== "time-attention") continue;
      test(`${name} holds on ${label} without kept weights`, () =>
        check(kind, golden, device, dtype, timeAttention(false)));
      test(`${name} holds on ${label} by attention()`, () =>
        check(kind, golden, device, dtype, generalAttention));
    }
  }

  test("weighted-sum-one-sequence holds as a batch of one", () => {
    const file = sharedPath("golden/weighted-sum-one-sequence.json");
    const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
    const { hs, a, c } = golden as { hs: GoldenArray; a: GoldenArray; c: GoldenArray };
    const options = { dtype: "float64" } as const;
    const result = new WeightSum().forward(
      tensor(hs.data, [1, ...hs.shape], options),
      tensor(a.data, [1, ...a.shape], options),
    );
    expect(relativeError(result.data, c.data)).toBeLessThanOrEqual(1e-12);
  });
});
