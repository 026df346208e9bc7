import { describe, expect, test } from "vitest";
import { openWasmDevice } from "../../../src/devices/wasm/wasm-device.ts";
import {
  indices,
  normal,
  Parameters,
  Random,
  RotaryPositions,
  StateError,
  type Tensor,
  type TransformerBlockOptions,
  TransformerDecoderBlock,
  TransformerEncoderBlock,
  zeroGradients,
  zeros,
} from "../../../src/index.ts";
import { openDevices } from "../../support/devices.ts";
import { expectNear } from "../../support/near.ts";
import { stepsOf } from "../../support/steps.ts";

const some = (shape: readonly number[], seed: number, options = {}): Tensor =>
  normal(shape, new Random(seed), options);

const KINDS: Readonly<Record<string, TransformerBlockOptions>> = {
  pre: { size: 8, heads: 2, hidden: 12 },
  "post, gelu, grouped heads, rotary positions": {
    ...{ size: 8, heads: 4, keyHeads: 2, hidden: 12, norm: "post", activation: "gelu" },
    rotary: new RotaryPositions({ size: 2 }),
  },
};

describe("one step after the other with a cache is the whole causal pass", () => {
  for (const [kind, options] of Object.entries(KINDS)) {
    for (const { name, device, dtype } of openDevices(kind)) {
      const place = { device, dtype };
      const bound = dtype === "float64" ? 1e-13 : 1e-5;
      test(`of a decoder's block, ${kind}, on ${name}`, () => {
        const block = new TransformerDecoderBlock({ ...options, memorySize: 5, ...place });
        const [x, memory] = [some([2, 6, 8], 1, place), some([2, 4, 5], 2, place)];
        const memoryLengths = indices([4, 2], [2], { device });
        const whole = block.forward(x, memory, { memoryLengths });
        const cache = block.newCache(memory, { memoryLengths, capacity: 6 });
        for (let t = 0; t < 6; t++) {
          if (t === 3) {
            // A step that is taken back.
            block.forward(stepsOf(x, 0, 1), cache);
            cache.truncate(3);
          }
          expectNear(
            block.forward(stepsOf(x, t, t + 1), cache).data,
            stepsOf(whole, t, t + 1).data,
            bound,
          );
        }
        expect(cache.length).toBe(6);
      });
      test(`of an encoder's block that is causal, ${kind}, on ${name}`, () => {
        const block = new TransformerEncoderBlock({ ...options, causal: true, ...place });
        const x = some([2, 6, 8], 1, place);
        const whole = block.forward(x);
        const cache = block.newCache(2);
        for (let t = 0; t < 6; t++) {
          expectNear(
            block.forward(stepsOf(x, t, t + 1), { cache }).data,
            stepsOf(whole, t, t + 1).data,
            bound,
          );
        }
      });
    }
  }
});

describe("Transformer blocks", () => {
  test.each(["pre", "post"] as const)(
    "read nothing behind lengths, and give it no gradient: %s",
    (norm) => {
      const block = new TransformerDecoderBlock({ size: 4, heads: 2, norm });
      const lengths = { lengths: indices([3, 1]), memoryLengths: indices([0, 2]) };
      const run = (padding: number) => {
        const [x, memory, dy] = [some([2, 3, 4], 1), some([2, 2, 4], 2), some([2, 3, 4], 3)];
        x.data.fill(padding, 16);
        memory.data.fill(padding, 0, 8);
        zeroGradients(block.grads);
        const y = block.forward(x, memory, lengths);
        const [dx, dMemory] = block.backward(dy);
        expect(dx.data.slice(16)).toEqual(new Float32Array(8));
        expect(dMemory.data.slice(0, 8)).toEqual(new Float32Array(8));
        return [y, dx, dMemory, ...block.grads].map(({ data }) => data.slice());
      };
      const plain = run(1);
      expect(run(Number.NaN)).toEqual(plain);
      expect(run(Number.NEGATIVE_INFINITY)).toEqual(plain);
    },
  );

  test("drop while training, by a stream that is counted or named", () => {
    const options = { size: 4, heads: 1 };
    const make = () => new TransformerEncoderBlock({ ...options, dropout: { rate: 0.5, seed: 3 } });
    const block = make();
    const x = some([2, 3, 4], 1);
    const [first, second] = [block.forward(x).data, block.forward(x).data];
    expect(second).not.toEqual(first);
    expect(block.forward(x, { dropoutStream: 0 }).data).toEqual(first);
    expect(make().forward(x, { dropoutStream: 1 }).data).toEqual(second);
    const plain = new TransformerEncoderBlock(options).forward(x).data;
    expect(first).not.toEqual(plain);
    expect(block.forward(x, { training: false }).data).toEqual(plain);
    expectNear(block.forward(x, { cache: block.newCache(2) }).data, plain, 1e-6);
  });

  test("add what each layer finds through a dropout of its own", () => {
    const block = new TransformerDecoderBlock({
      size: 32,
      heads: 2,
      dropout: { rate: 0.5, seed: 0 },
    });
    for (const { data } of block.params) data.fill(0);
    block.parameters.value("layer.self.bo").data.fill(1);
    block.parameters.value("layer.cross.bo").data.fill(10);
    block.parameters.value("layer.feedForward.linear2.b").data.fill(100);
    const x = zeros([2, 4, 32]);
    const added = new Set(block.forward(x, x, { dropoutStream: 0 }).data);
    // Each of the three twice as large, or 0.
    expect([...added].sort((a, b) => a - b)).toEqual([0, 2, 20, 22, 200, 202, 220, 222]);
  });

  test.each([
    [0, 3, 2],
    [2, 0, 3],
    [2, 3, 0],
  ])("of %i sequences of %i steps and a memory of %i are of that shape", (N, T, Tm) => {
    const block = new TransformerDecoderBlock({ size: 4, heads: 2 });
    const y = block.forward(zeros([N, T, 4]), zeros([N, Tm, 4]));
    const [dx, dMemory] = block.backward(y);
    expect([y.shape, dx.shape, dMemory.shape]).toEqual([
      [N, T, 4],
      [N, T, 4],
      [N, Tm, 4],
    ]);
    expect(block.grads.every(({ data }) => data.every(Number.isFinite))).toBe(true);
  });

  test("share parameters by name, and begin as their own do", () => {
    const options = { size: 4, heads: 2, hidden: 3 };
    const specs = TransformerDecoderBlock.specs("decoder.0", options);
    const parameters = new Parameters(specs, { seed: 5 });
    const block = new TransformerDecoderBlock({ ...options, parameters, name: "decoder.0" });
    const own = new TransformerDecoderBlock({ ...options, seed: 5 });
    expect(block.params.map(({ data }) => data)).toEqual(own.params.map(({ data }) => data));
    expect(own.parameters.names).toContain("layer.cross.Wq");
    expect(parameters.names).toEqual(
      [
        ...["Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo"].map((each) => `self.${each}`),
        ...["selfNorm.gain", "selfNorm.bias"],
        ...["Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo"].map((each) => `cross.${each}`),
        ...["crossNorm.gain", "crossNorm.bias"],
        ...["linear1.W", "linear1.b", "linear2.W", "linear2.b"].map(
          (each) => `feedForward.${each}`,
        ),
        ...["feedForwardNorm.gain", "feedForwardNorm.bias"],
      ].map((each) => `decoder.0.${each}`),
    );
    expect(parameters.value("decoder.0.selfNorm.gain").toArray()).toEqual([1, 1, 1, 1]);
  });

  test("have no backward pass before a forward pass, after a cache, or after one was refused", () => {
    const block = new TransformerDecoderBlock({ size: 4, heads: 2 });
    const [x, memory] = [some([1, 1, 4], 1), some([1, 2, 4], 2)];
    expect(() => block.backward(x)).toThrow(StateError);
    block.forward(x, block.newCache(memory));
    const grads = block.grads.map(({ data }) => data.slice());
    expect(() => block.backward(x)).toThrow(/a cache, which has no backward pass/);
    expect(block.grads.map(({ data }) => data)).toEqual(grads);
    block.forward(x, memory);
    expect(() => block.forward(x, memory, { mask: indices([1, 1]) })).toThrow();
    expect(() => block.backward(x)).toThrow(StateError);
  });
});

test("forward, backward and decoding of blocks give every temporary back", () => {
  const device = openWasmDevice({ simd: "simd128" });
  const blocks = (["pre", "post"] as const).map((norm) => {
    const options = {
      size: 8,
      heads: 2,
      dropout: { rate: 0.2, seed: 1 },
      norm,
      activation: "gelu",
      device,
    } as const;
    return {
      encoder: new TransformerEncoderBlock(options),
      decoder: new TransformerDecoderBlock(options),
    };
  });
  const [x, memory] = [some([2, 5, 8], 1, { device }), some([2, 3, 8], 2, { device })];
  const lengths = indices([5, 4], [2], { device });
  const step = some([2, 1, 8], 3, { device });
  const before = device.memoryUse().live;
  for (let i = 0; i < 20; i++) {
    for (const { encoder, decoder } of blocks) {
      const held: { dispose(): void }[] = [
        encoder.forward(x, { lengths, dropoutStream: i, return: { weights: true } }),
        encoder.attentionWeights,
        encoder.backward(x),
        decoder.forward(x, memory, { lengths, dropoutStream: i }),
        ...decoder.backward(x),
        decoder.forward(x, memory),
      ];
      const cache = decoder.newCache(memory);
      held.push(cache);
      for (let t = 0; t < 4; t++) held.push(decoder.forward(step, cache));
      encoder.release();
      decoder.release();
      for (const each of held) each.dispose();
    }
    expect(device.memoryUse().live).toBe(before);
  }
});
