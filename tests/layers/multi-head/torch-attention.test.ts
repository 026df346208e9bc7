import { describe, expect, test } from "vitest";
import type { Dtype } from "../../../src/core/storage.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import {
  type Device,
  fromTorchAttention,
  indices,
  loadParameters,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type MultiHeadCall,
  type NamedNumbers,
  tensor,
  toTorchAttention,
} from "../../../src/index.ts";
import { distance } from "../../support/compare.ts";
import { openDevices } from "../../support/devices.ts";
import { padded, torchCases, torchNumbers, torchState } from "./torch-numbers.ts";

interface Run {
  readonly options: MultiHeadAttentionOptions;
  readonly call?: MultiHeadCall;
  readonly lengths?: readonly number[];
  /** Sizes of keys and values, of three steps. */
  readonly sizes?: readonly [number, number];
}

const RUNS: Readonly<Record<string, Run>> = {
  "self-attention": { options: { size: 4, heads: 2 } },
  "self-attention with padding": { options: { size: 4, heads: 2 }, lengths: [3, 1] },
  "causal self-attention without biases": {
    options: { size: 4, heads: 4, bias: false, causal: true },
  },
  "self-attention with a bias of the scores": { options: { size: 4, heads: 2 } },
  "cross-attention": {
    options: { size: 4, heads: 2, keySize: 3, valueSize: 5 },
    lengths: [1, 3],
    sizes: [3, 5],
  },
};

/** Holds outputs and gradients against PyTorch's; padding is NaN, which PyTorch was given as zeros. */
function check(name: string, run: Run, device: Device, dtype: Dtype): void {
  const torch = torchCases.get(name)!;
  const place = { device, dtype };
  const layer = new MultiHeadAttention({ ...run.options, ...place });
  loadParameters(layer.parameters, fromTorchAttention(torchState(torch)));
  const { lengths, sizes } = run;
  const shape = [2, sizes === undefined ? 3 : 2, 4] as const;
  const make = (index: number, of: readonly [number, number, number], padding?: number): Tensor => {
    const numbers = torchNumbers(index, of[0] * of[1] * of[2]);
    const given = padding === undefined ? numbers : padded(numbers, of, lengths!, padding);
    return tensor(given, of, place);
  };
  const padding = lengths === undefined ? undefined : Number.NaN;
  const query = make(1, shape, sizes === undefined ? padding : undefined);
  const others = (sizes ?? []).map((size, i) => make(2 + i, [2, 3, size], padding));
  const bias = name.endsWith("scores")
    ? tensor(torchNumbers(4, 36), [2, 2, 3, 3], place)
    : undefined;
  const call: MultiHeadCall = {
    return: { weights: true },
    bias,
    lengths: lengths === undefined ? undefined : indices([...lengths], [2], { device }),
  };
  const out = layer.forward(query, others[0], others[1], call);
  const upstream = make(9, shape, sizes === undefined && lengths !== undefined ? 0 : undefined);
  const [dQuery, dKeys, dValues] = layer.backward(upstream);
  const gradients = new Map(
    [...layer.parameters.names].map((each) => {
      const { shape: of, data } = layer.parameters.grad(each);
      return [each, { shape: of, data }];
    }),
  );
  const found: Record<string, ArrayLike<number> | undefined> = {
    output: out.data,
    weights: layer.attentionWeights.data,
    "d query": dQuery.data,
    "d keys": dKeys?.data,
    "d values": dValues?.data,
    "d bias": bias === undefined ? undefined : layer.dBias.data,
  };
  for (const [each, { data }] of toTorchAttention(gradients as NamedNumbers))
    found[`d ${each}`] = data;
  const bound = dtype === "float64" ? 1e-8 : 2e-5;
  for (const [each, expected] of Object.entries(torch.arrays)) {
    const actual = found[each];
    expect(actual, `${each} is there`).toHaveLength(expected.length);
    const { error, norm } = distance(expected, actual!);
    expect(error / Math.max(norm, 1), each).toBeLessThanOrEqual(bound);
  }
}

describe("PyTorch's nn.MultiheadAttention", () => {
  for (const [name, run] of Object.entries(RUNS)) {
    for (const { name: label, device, dtype } of openDevices(name)) {
      test(`${name} holds on ${label}`, () => check(name, run, device, dtype));
    }
  }
});
