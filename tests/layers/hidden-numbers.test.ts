/** Layers on a device whose numbers the host does not see, as on a GPU: the same bits, without a look. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { familyDevice } from "../../src/devices/family.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import {
  attention,
  CoverageAttention,
  type Device,
  DeviceError,
  indices,
  LocalAttention,
  MultiHeadAttention,
  normal,
  onnxAttention,
  Random,
  RotaryPositions,
  type Tensor,
  TransformerDecoderBlock,
  TransformerEncoderBlock,
  tensor,
} from "../../src/index.ts";
import { argumentsOf, attentionCases, numbersOf } from "../support/attention-cases.ts";
import { gradientsByName } from "../support/attention-gradients.ts";
import { HiddenDevice } from "../support/hidden-device.ts";

const hidden = new HiddenDevice();
const reference = familyDevice({ device: new ReferenceDevice() });

/** What a program gives on a device. */
type Program = (device: Device) => readonly (Tensor | undefined)[];

async function read(tensors: readonly (Tensor | undefined)[]): Promise<unknown[]> {
  return Promise.all(tensors.map(async (x) => x && { shape: x.shape, numbers: await x.read() }));
}

/** Runs it on both, the hidden one without anybody having waited for a number. */
async function onBoth(program: Program): Promise<void> {
  const { reads } = hidden;
  const made = program(hidden);
  expect(hidden.reads).toBe(reads);
  expect(await read(made)).toEqual(await read(program(reference)));
}

test("the device hides what it says: floats, and what a kernel wrote of whole numbers", async () => {
  const [x, ids] = [
    tensor([[1, 3, 2]], undefined, { device: hidden }),
    indices([5], [1], { device: hidden }),
  ];
  expect(() => x.data).toThrow(DeviceError);
  expect(() => x.toArray()).toThrow(/await read\(\)/);
  expect(await x.read()).toEqual(Float32Array.of(1, 3, 2));
  expect([...ids.data]).toEqual([5]);
  hidden.kernels.argmax(x.storage, ids.storage, 1, 3);
  expect(() => ids.data).toThrow(DeviceError);
  expect([...(await ids.read())]).toEqual([1]);
});

it("attention of every score, and its gradients", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(attentionCases, async (each) => {
      await onBoth((device) => {
        const { tensors, options } = argumentsOf(each, numbersOf(each), device, "float32");
        const { query, keys, values } = tensors;
        const wanted = { weights: true, scores: "masked" } as const;
        const result = attention(query!, keys!, values!, { ...options, return: wanted });
        const { context } = result;
        const upstream = Float64Array.from({ length: context.size }, (_, i) => Math.sin(i + 1));
        const gradients = result.backward(tensor(upstream, context.shape, { device }));
        const byName = Object.values(gradientsByName(gradients));
        return [context, result.weights, result.scores, ...byName];
      });
    }),
    { numRuns: 60 },
  );
});

describe("what no query meets may hold anything", () => {
  const [N, T, D] = [2, 5, 4];
  const numbers = (filler: number, behind: readonly number[]): Float32Array => {
    const x = Float32Array.from({ length: N * T * D }, (_, i) => Math.sin(i));
    for (const [n, length] of behind.entries())
      x.fill(filler, (n * T + length) * D, (n + 1) * T * D);
    return x;
  };
  const fillers = [Number.NaN, Number.POSITIVE_INFINITY];

  it.each(fillers)("in attention with learned scores: %d", async (filler) => {
    const random = new Random(3);
    const W = normal([D, D], random, { device: reference }).data as Float32Array;
    for (const score of ["multiplicative", "additive"] as const) {
      const program = (device: Device, fill: number): (Tensor | undefined)[] => {
        const on = { device };
        const keys = tensor(numbers(fill, [3, 5]), [N, T, D], on);
        const query = tensor(numbers(0, [T, T]), [N, T, D], on);
        const matrix = tensor(W, [D, D], on);
        const learned =
          score === "additive"
            ? ({ kind: score, Wk: matrix } as const)
            : ({ kind: score, W: matrix } as const);
        const lengths = indices([3, 5], [N], on);
        const result = attention(query, keys, keys, { score: learned, lengths });
        const { dQuery, dKeys, dScore } = result.backward(query);
        return [result.context, dQuery, dKeys, dScore?.dW, dScore?.dWk];
      };
      await onBoth((device) => program(device, filler));
      expect(await read(program(hidden, filler))).toEqual(await read(program(hidden, 0)));
    }
  });

  it.each(fillers)("in MultiHeadAttention and transformer blocks: %d", async (filler) => {
    const program = (device: Device, fill: number): (Tensor | undefined)[] => {
      const on = { device };
      const memory = tensor(numbers(fill, [3, 5]), [N, T, D], on);
      const x = tensor(numbers(fill, [2, 4]), [N, T, D], on);
      const [lengths, own] = [indices([3, 5], [N], on), indices([2, 4], [N], on)];
      const d = tensor(numbers(0, [2, 4]), [N, T, D], on);
      const mine = { ...on, seed: 4 };
      const layer = new MultiHeadAttention({ size: D, heads: 2, ...mine });
      const encoder = new TransformerEncoderBlock({ size: D, heads: 2, hidden: 8, ...mine });
      const decoder = new TransformerDecoderBlock({ size: D, heads: 2, hidden: 8, ...mine });
      const out = layer.forward(d, memory, memory, { lengths });
      const dOut = layer.backward(d);
      const y = encoder.forward(x, { lengths: own });
      const dx = encoder.backward(d);
      const z = decoder.forward(d, memory, { memoryLengths: lengths });
      const dz = decoder.backward(d);
      const grads = [layer, encoder, decoder].flatMap((each) => each.grads);
      return [out, ...dOut, y, dx, z, ...dz, ...grads].filter((each) => each !== y);
    };
    await onBoth((device) => program(device, filler));
    const [actual, expected] = [
      await read(program(hidden, filler)),
      await read(program(hidden, 0)),
    ];
    expect(actual).toEqual(expected);
  });
});

test("coverage, local attention around given centres, and rotary positions", async () => {
  await onBoth((device) => {
    const on = { device, seed: 2 };
    const random = new Random(1);
    const [query, keys] = [
      normal([2, 4, 3], random, { device }),
      normal([2, 6, 3], random, { device }),
    ];
    const lengths = indices([4, 6], [2], { device });
    const coverage = new CoverageAttention(3, 3, 5, on);
    const context = coverage.forward(query, keys, keys, { lengths });
    const d = coverage.backward(context, { dCoverageLoss: 0.1 });
    const local = new LocalAttention(3, 3, 1, { ...on, alignment: "monotonic", score: "general" });
    const near = local.forward(query, keys, keys, { lengths });
    const dNear = local.backward(near);
    const rotary = new RotaryPositions({ size: 2 });
    const turned = rotary.forward(normal([1, 3, 2], random, { device }));
    const { attentionWeights } = coverage;
    const own = [context, attentionWeights, coverage.coverageLoss, ...d, ...coverage.grads];
    return [...own, near, local.attentionWeights, ...dNear, ...local.grads, turned];
  });
});

test("ONNX's operator, with a mask that has to be lengthened", async () => {
  await onBoth((device) => {
    const random = new Random(5);
    const [Q, K, V] = [
      normal([1, 2, 3, 4], random, { device }),
      normal([1, 2, 5, 4], random, { device }),
      normal([1, 2, 5, 4], random, { device }),
    ];
    const attn_mask = normal([2, 3, 4], random, { device });
    const outputs = ["qk_matmul_output", "present_key"] as const;
    const { Y, qk_matmul_output } = onnxAttention(
      { Q, K, V, attn_mask },
      {},
      { outputs: outputs.slice(0, 1) },
    );
    return [Y, qk_matmul_output];
  });
});
