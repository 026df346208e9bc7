import { describe, expect, test } from "vitest";
import { indices } from "../../src/devices/create.ts";
import { Gelu, Relu, Sigmoid, Tanh } from "../../src/layers/activations.ts";
import { FeedForward } from "../../src/layers/feed-forward.ts";
import { LayerNorm } from "../../src/layers/layer-norm.ts";
import { LearnedPositions, SinusoidalPositions } from "../../src/layers/positions.ts";
import {
  type RotaryCall,
  type RotaryOptions,
  RotaryPositions,
} from "../../src/layers/rotary-positions.ts";
import { complaintsOf, float64, type Subject } from "../support/layer-gradients.ts";

function rotary(options: RotaryOptions, shape: readonly number[], call: RotaryCall): Subject {
  const layer = new RotaryPositions(options);
  return {
    shapes: { x: shape },
    forward: ({ x }) => [layer.forward(x!, call)],
    backward: ([dy]) => ({ x: layer.backward(dy!) }),
  };
}

function feedForward(activation: "relu" | "gelu", stream: number | null): Subject {
  const layer = new FeedForward(3, 5, { ...float64, activation, dropout: 0.3 });
  return {
    shapes: { x: [2, 4, 3] },
    layer,
    forward: ({ x }) => [layer.forward(x!, stream)],
    backward: ([dy]) => ({ x: layer.backward(dy!) }),
  };
}

const subjects: Readonly<Record<string, () => Subject>> = {
  ...Object.fromEntries(
    [Tanh, Sigmoid, Relu, Gelu].map((Activation) => [
      Activation.name,
      (): Subject => {
        const layer = new Activation();
        return {
          shapes: { x: [3, 4, 5] },
          forward: ({ x }) => [layer.forward(x!)],
          backward: ([dy]) => ({ x: layer.backward(dy!) }),
        };
      },
    ]),
  ),
  LayerNorm: () => {
    const layer = new LayerNorm(5, float64);
    return {
      shapes: { x: [2, 3, 5] },
      layer,
      forward: ({ x }) => [layer.forward(x!)],
      backward: ([dy]) => ({ x: layer.backward(dy!) }),
    };
  },
  FeedForward: () => feedForward("relu", null),
  "FeedForward with gelu": () => feedForward("gelu", null),
  "FeedForward with dropout": () => feedForward("gelu", 7),
  SinusoidalPositions: () => {
    const layer = new SinusoidalPositions(5);
    return {
      shapes: { x: [2, 3, 5] },
      forward: ({ x }) => [layer.forward(x!, { offset: 4 })],
      backward: ([dy]) => ({ x: layer.backward(dy!) }),
    };
  },
  LearnedPositions: () => {
    const layer = new LearnedPositions(6, 5, float64);
    return {
      shapes: { x: [2, 3, 5] },
      layer,
      forward: ({ x }) => [layer.forward(x!, { offset: 2 })],
      backward: ([dy]) => ({ x: layer.backward(dy!) }),
    };
  },
  RotaryPositions: () => rotary({ size: 4 }, [2, 3, 8], {}),
  "RotaryPositions of heads first": () =>
    rotary({ size: 5, rotated: 4, interleaved: true }, [2, 3, 4, 5], { offset: 3 }),
  "RotaryPositions of steps first": () =>
    rotary({ size: 4, base: 10 }, [2, 3, 2, 4], { layout: "NTHD" }),
};

describe("every input's and parameter's gradient is that of central differences", () => {
  for (const [name, make] of Object.entries(subjects)) {
    test(name, () => expect(complaintsOf(make())).toEqual([]));
  }

  test("RotaryPositions of given positions", () => {
    const layer = new RotaryPositions({ size: 4 });
    const subject: Subject = {
      shapes: { x: [2, 3, 8] },
      forward: ({ x }) => {
        const positions = indices([5, 0, 70], [3], { device: x!.device });
        return [layer.forward(x!, { positions })];
      },
      backward: ([dy]) => ({ x: layer.backward(dy!) }),
    };
    expect(complaintsOf(subject)).toEqual([]);
  });
});
