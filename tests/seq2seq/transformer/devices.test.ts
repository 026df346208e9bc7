import { expect, test } from "vitest";
import { openNativeDevice } from "../../../src/devices/native/native-device.ts";
import { openWasmDevice } from "../../../src/devices/wasm/wasm-device.ts";
import {
  type Device,
  DeviceError,
  Scope,
  SoftmaxCrossEntropy,
  zeroGradients,
} from "../../../src/index.ts";
import type { ModelConfig } from "../../../src/seq2seq/model-config.ts";
import type { DecoderState } from "../../../src/seq2seq/network.ts";
import { TARGETS, tinyInputs, tinyNetwork, tinySources } from "./tiny-network.ts";

const CHANGES: Partial<ModelConfig> = {
  ...{ embeddingDropout: 0.2, layerDropout: 0.2, outputDropout: 0.2 },
  ...{ embeddingSize: 16, hiddenSize: 16, feedForwardSize: 20, tiedEmbeddings: "target" },
};

/** A network with what a step of training and one of use make of it. */
function worker(device: Device) {
  const place = { device, dtype: "float32" } as const;
  const { network, parameters } = tinyNetwork(place, CHANGES);
  const loss = new SoftmaxCrossEntropy();
  return {
    train(step: number): Float32Array {
      const scope = new Scope();
      zeroGradients([parameters.grads]);
      const batch = tinySources(place, {});
      const inputs = scope.keep(tinyInputs(place));
      scope.keep(batch.sources);
      scope.keep(batch.lengths!);
      const { logits } = network.decode(inputs, network.encode(batch, step, scope), step, scope);
      scope.keep(loss.forward(logits, inputs));
      const dLogits = scope.keep(loss.backward());
      network.backward({ dLogits, dWeights: null, dGate: null }, scope);
      loss.release();
      scope.dispose();
      return parameters.grads.data.slice() as Float32Array;
    },
    predict(): number[] {
      const scope = new Scope();
      const batch = tinySources(place, {});
      scope.keep(batch.sources);
      scope.keep(batch.lengths!);
      const source = network.encode(batch, null, scope);
      const said: number[] = [];
      let state = network.begin(source);
      for (let t = 0; t < TARGETS[0]!.length; t++) {
        const next = network.advance(scope.keep(tinyInputs(place, t, t + 1)), source, state, scope);
        said.push(...next.logits.data, ...next.weights!.data);
        drop(state);
        state = next.state;
      }
      drop(state);
      scope.dispose();
      return said;
    },
  };
}

function drop(state: DecoderState): void {
  for (const tensor of Object.values(state.tensors)) tensor.dispose();
}

const opened: [string, (threads: number) => Device][] = [
  ["wasm", (threads) => openWasmDevice({ simd: "simd128", threads, cutAll: threads > 1 })],
  ["native", (threads) => openNativeDevice({ threads, cutAll: threads > 1 })],
];

for (const [name, open] of opened) {
  test(`a Transformer has the same bits on one and on three threads: ${name}`, (context) => {
    let devices: Device[];
    try {
      devices = [open(1), open(3)];
    } catch (error) {
      if (!(error instanceof DeviceError) || process.env["CI"] !== undefined) throw error;
      context.skip(error.message);
      return;
    }
    const [one, three] = devices.map((device) => {
      const { train, predict } = worker(device);
      return { gradients: train(5), said: predict() };
    });
    expect(three).toEqual(one);
    expect(one!.gradients.some((gradient) => gradient !== 0)).toBe(true);
  });
}

test("a Transformer that trains and predicts gives every tensor back: memory in use stands still", () => {
  const device = openWasmDevice({ simd: "simd128", threads: 1 });
  const { train, predict } = worker(device);
  const use: { live: number; reserved: number }[] = [];
  for (let step = 0; step < 60; step++) {
    train(step);
    predict();
    use.push(device.memoryUse());
  }
  const warm = use[10];
  expect(use.slice(10).every(({ live }) => live === warm?.live)).toBe(true);
  expect(use.at(-1)?.reserved).toBe(warm?.reserved);
});

test("a step drops other numbers than the step before, and the same ones when it is taken again", () => {
  const { train } = worker(openWasmDevice({ simd: "simd128", threads: 1 }));
  const [first, second, again] = [train(1), train(2), train(1)];
  expect(again).toEqual(first);
  expect(second).not.toEqual(first);
});
