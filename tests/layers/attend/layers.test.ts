import { describe, expect, it, test } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import {
  AdditiveAttention,
  attention,
  DataError,
  DotProductAttention,
  type HeedError,
  MultiplicativeAttention,
  normal,
  Parameters,
  Random,
  ShapeError,
  StateError,
  tensor,
  zeros,
} from "../../../src/index.ts";
import type { AttentionLayer } from "../../../src/layers/attend/attention-layer.ts";
import { openDevices } from "../../support/devices.ts";
import { complaintsOf, float64, type Subject } from "../../support/layer-gradients.ts";

const on = { device: new ReferenceDevice(), dtype: "float64" } as const;
const weights = { return: { weights: true } } as const;

describe("Keras's numbers", () => {
  const plain = { projections: false, vector: false } as const;
  for (const { name, device, dtype } of openDevices()) {
    const here = { device, dtype };
    const layers: [string, AttentionLayer, number[], number[]][] = [
      [
        "Attention",
        new DotProductAttention({ ...here, ...weights }),
        [2.462, 3.462, 1.538, 2.538],
        [0.269, 0.731, 0.731, 0.269],
      ],
      [
        "AdditiveAttention",
        new AdditiveAttention(2, 2, 2, { ...here, ...weights, ...plain }),
        [1.7275, 2.7275, 2.2725, 3.2725],
        [0.6363, 0.3637, 0.3637, 0.6363],
      ],
    ];
    test.each(layers)(`of %s, on ${name}`, (_, layer, context, expected) => {
      const query = tensor([1, 0, 0, 1], [1, 2, 2], here);
      const keys = tensor([0, 1, 1, 0], [1, 2, 2], here);
      const values = tensor([1, 2, 3, 4], [1, 2, 2], here);
      const actual = layer.forward(query, keys, values).data;
      for (const [i, x] of context.entries()) expect(actual[i]).toBeCloseTo(x, 3);
      for (const [i, x] of expected.entries()) {
        expect(layer.attentionWeights.data[i]).toBeCloseTo(x, 3);
      }
    });
  }
});

describe("every gradient of a layer is that of central differences", () => {
  const layers: Readonly<Record<string, [AttentionLayer, number, number]>> = {
    DotProductAttention: [new DotProductAttention({ scaled: true, causal: true }), 3, 3],
    "DotProductAttention with heads": [
      new DotProductAttention({ scale: 2, heads: 3, keyHeads: 1 }),
      3,
      1,
    ],
    MultiplicativeAttention: [new MultiplicativeAttention(3, 2, { ...float64, window: 2 }), 3, 2],
    AdditiveAttention: [
      new AdditiveAttention(3, 2, 4, { ...float64, dropout: { rate: 0.3, seed: 1 } }),
      3,
      2,
    ],
    "AdditiveAttention with a bias": [
      new AdditiveAttention(3, 2, 4, { ...float64, bias: true, scale: 0.5 }),
      3,
      2,
    ],
    "AdditiveAttention with b and v alone": [
      new AdditiveAttention(3, 3, 3, { ...float64, bias: true, projections: false }),
      3,
      3,
    ],
  };
  it.each(Object.entries(layers))("%s", (_, [layer, queryWidth, keyWidth]) => {
    const subject: Subject = {
      shapes: { query: [2, 3, queryWidth], keys: [2, 4, keyWidth], values: [2, 4, keyWidth] },
      layer,
      forward: ({ query, keys, values }) => [
        layer.forward(query!, keys!, values!, { dropoutStream: 7 }),
      ],
      backward: ([dContext]) => {
        const [query, keys, values] = layer.backward(dContext!);
        return { query, keys, values };
      },
    };
    expect(complaintsOf(subject)).toEqual([]);
  });
});

describe("a layer", () => {
  const x = normal([2, 3, 4], new Random(1), on);

  it("has keys for values, and adds gradients up until they are zeroed", () => {
    const layer = new MultiplicativeAttention(4, 4, on);
    const context = layer.forward(x, x);
    expect(context.toArray()).toEqual(layer.forward(x, x, x).toArray());
    layer.backward(x);
    const once = layer.grads[0]!.data.slice();
    layer.backward(x);
    expect(Array.from(layer.grads[0]!.data)).toEqual(Array.from(once, (d) => 2 * d));
  });

  it("drops weights otherwise with every pass, and none outside of training", () => {
    const layer = new DotProductAttention({ dropout: { rate: 0.5, seed: 1 } });
    const [first, second] = [layer.forward(x, x), layer.forward(x, x)];
    expect(first.toArray()).not.toEqual(second.toArray());
    expect(layer.forward(x, x, x, { dropoutStream: 0 }).toArray()).toEqual(first.toArray());
    const plain = layer.forward(x, x, x, { training: false });
    expect(plain.toArray()).toEqual(attention(x, x, x).context.toArray());
  });

  it("takes what one call says before what all calls are told", () => {
    const layer = new DotProductAttention({ causal: true, ...weights });
    const met = (call: object) => {
      layer.forward(x, x, x, call);
      return Array.from(layer.attentionWeights.data.subarray(0, 3), (w) => w > 0);
    };
    expect(met({})).toEqual([true, false, false]);
    expect(met({ causal: false })).toEqual([true, true, true]);
    expect(met({ mask: [false, true, true] })).toEqual([false, false, false]);
  });

  it("shows the gradients of a bias and of a past", () => {
    const layer = new DotProductAttention();
    const bias = zeros([3], on);
    layer.forward(x, x, x, { bias });
    expect(() => layer.gradients).toThrow(StateError);
    layer.backward(x);
    expect(layer.gradients.dBias?.shape).toEqual([3]);
    layer.forward(x, x, x, { past: { keys: x, values: x } });
    expect(layer.result.present?.keys.shape).toEqual([2, 6, 4]);
    layer.backward(x);
    expect(layer.gradients.dPast?.dKeys.shape).toEqual([2, 3, 4]);
  });

  it("shows no gradients of parameters beside its grads", () => {
    const layer = new MultiplicativeAttention(4, 4, on);
    layer.backward(layer.forward(x, x));
    expect(Object.keys(layer.gradients).sort()).toEqual(["dKeys", "dQuery", "dValues"]);
  });

  it("takes its parameters from shared ones", () => {
    const specs = AdditiveAttention.specs("decoder.attention", 4, 4, 5, { bias: true });
    const parameters = new Parameters(specs, on);
    expect(parameters.names.map((name) => name.split(".").at(-1))).toEqual(["Wq", "Wk", "b", "v"]);
    const name = "decoder.attention";
    const layer = new AdditiveAttention(4, 4, 5, { parameters, name, bias: true });
    expect(layer.params[0]).toBe(parameters.value("decoder.attention.Wq"));
  });

  const wrong: [string, new (...facts: never[]) => HeedError, RegExp, () => unknown][] = [
    [
      "weights that were not asked for",
      StateError,
      /weights: true/,
      () => {
        const layer = new DotProductAttention();
        layer.forward(x, x);
        return layer.attentionWeights;
      },
    ],
    [
      "weights of nothing",
      StateError,
      /forward to have been called/,
      () => new DotProductAttention().attentionWeights,
    ],
    [
      "backward of nothing",
      StateError,
      /DotProductAttention\.backward.*no forward pass/,
      () => new DotProductAttention().backward(x),
    ],
    [
      "a shape of backward",
      ShapeError,
      /DotProductAttention\.backward/,
      () => {
        const layer = new DotProductAttention();
        layer.forward(x, x);
        return layer.backward(zeros([1, 2], on));
      },
    ],
    ["an option", DataError, /"scled"/, () => new DotProductAttention({ scled: 1 } as object)],
    [
      "a scale twice",
      DataError,
      /not both/,
      () => new DotProductAttention({ scaled: true, scale: 2 }),
    ],
    ["a window at once", DataError, /window.*-1/, () => new DotProductAttention({ window: -1 })],
    [
      "a rate at once",
      DataError,
      /rate/,
      () => new DotProductAttention({ dropout: { rate: 2, seed: 1 } }),
    ],
    [
      "a stream for every call",
      DataError,
      /dropout.*rate, seed.*"stream"/,
      () =>
        new DotProductAttention({ dropout: { rate: 0.5, seed: 1, stream: 3 } as object as never }),
    ],
    [
      "a stream of a layer without dropout",
      DataError,
      /stream.*"no"/,
      () => new DotProductAttention().forward(x, x, x, { dropoutStream: "no" } as object),
    ],
    [
      "an option of a call",
      DataError,
      /"score"/,
      () => new DotProductAttention().forward(x, x, x, { score: "dot" } as object),
    ],
    [
      "a call's training",
      DataError,
      /training/,
      () => new DotProductAttention().forward(x, x, x, { training: 1 } as object),
    ],
    ["a size", ShapeError, /keySize.*1\.5/, () => new MultiplicativeAttention(2, 1.5)],
    [
      "sizes without projections",
      ShapeError,
      /the same/,
      () => new AdditiveAttention(2, 3, 3, { projections: false }),
    ],
    ["a flag", DataError, /vector/, () => new AdditiveAttention(2, 2, 2, { vector: 1 } as object)],
    [
      "a query's size",
      ShapeError,
      /MultiplicativeAttention\.forward.*score\.W/,
      () => new MultiplicativeAttention(2, 4, on).forward(x, x),
    ],
  ];
  it.each(wrong)("refuses %s", (_, type, message, call) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
