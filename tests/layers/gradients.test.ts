import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/core/tensor.ts";
import { indices, zeros } from "../../src/devices/create.ts";
import { Attention } from "../../src/layers/attention.ts";
import { AttentionWeight } from "../../src/layers/attention-weight.ts";
import { CopyMixture } from "../../src/layers/copy-mixture.ts";
import { Dropout } from "../../src/layers/dropout.ts";
import { Embedding } from "../../src/layers/embedding.ts";
import { GRU } from "../../src/layers/gru.ts";
import { Linear } from "../../src/layers/linear.ts";
import type { LossCall } from "../../src/layers/loss.ts";
import { LSTM } from "../../src/layers/lstm.ts";
import { NegativeLogLikelihood } from "../../src/layers/negative-log-likelihood.ts";
import { Softmax } from "../../src/layers/softmax.ts";
import { SoftmaxCrossEntropy } from "../../src/layers/softmax-cross-entropy.ts";
import { Entmax15, Sparsemax } from "../../src/layers/sparse-softmax.ts";
import { TimeAttention } from "../../src/layers/time-attention.ts";
import { WeightSum } from "../../src/layers/weight-sum.ts";
import { complaintsOf, float64, type Shapes, type Subject } from "../support/layer-gradients.ts";

function lstmSubject(lengths: number[] | null, withState: boolean, reverse = false): Subject {
  const layer = new LSTM(3, 4, float64);
  const shapes: Shapes = withState ? { xs: [2, 5, 3], h: [2, 4], c: [2, 4] } : { xs: [2, 5, 3] };
  return {
    shapes,
    layer,
    forward: ({ xs, h, c }) => {
      const real =
        lengths === null ? {} : { lengths: indices(lengths, [2], { device: xs!.device }) };
      const state = withState ? { h: h!, c: c! } : {};
      const hs = layer.forward(xs!, { ...state, ...real, reverse });
      return [hs, layer.state.h, layer.state.c];
    },
    backward: ([dhs, dhLast, dcLast]) => {
      const [xs, h, c] = layer.backward(dhs!, { h: dhLast!, c: dcLast! });
      return withState ? { xs, h, c } : { xs };
    },
  };
}

function gruSubject(lengths: number[] | null, withState: boolean, reverse: boolean): Subject {
  const layer = new GRU(3, 4, float64);
  const shapes: Shapes = withState ? { xs: [2, 5, 3], h: [2, 4] } : { xs: [2, 5, 3] };
  return {
    shapes,
    layer,
    forward: ({ xs, h }) => {
      const real =
        lengths === null ? {} : { lengths: indices(lengths, [2], { device: xs!.device }) };
      const hs = layer.forward(xs!, { ...(withState ? { h: h! } : {}), ...real, reverse });
      return [hs, layer.state.h];
    },
    backward: ([dhs, dhLast]) => {
      const [xs, h] = layer.backward(dhs!, { h: dhLast! });
      return withState ? { xs, h } : { xs };
    },
  };
}

function timeAttentionSubject(keepWeights: boolean, lengths: number[] | null): Subject {
  const layer = new TimeAttention({ keepWeights });
  return {
    shapes: { hsEnc: [3, 5, 3], hsDec: [3, 4, 3] },
    forward: ({ hsEnc, hsDec }) => {
      const { device } = hsEnc!;
      const real = lengths === null ? undefined : indices(lengths, [3], { device });
      return [layer.forward(hsEnc!, hsDec!, real)];
    },
    backward: ([dout]) => {
      const [hsEnc, hsDec] = layer.backward(dout!);
      return { hsEnc, hsDec };
    },
  };
}

/** Behind a softmax, so that what it gets is above 0. */
function likelihoodSubject(layer: NegativeLogLikelihood, call: LossCall): Subject {
  const softmax = new Softmax();
  return {
    shapes: { x: [2, 3, 5] },
    forward: ({ x }) => {
      const targets = indices([0, 4, -1, 2, 2, -1], [2, 3], { device: x!.device });
      return [layer.forward(softmax.forward(x!), targets, call)];
    },
    backward: ([dLoss]) => ({ x: softmax.backward(layer.backward(dLoss!.data[0]!)) }),
  };
}

function rowSubject(layer: Softmax | Sparsemax | Entmax15): Subject {
  return {
    shapes: { x: [2, 3, 5] },
    forward: ({ x }) => [layer.forward(x!)],
    backward: ([dy]) => ({ x: layer.backward(dy!) }),
  };
}

const subjects: Readonly<Record<string, () => Subject>> = {
  Softmax: () => rowSubject(new Softmax()),
  Sparsemax: () => rowSubject(new Sparsemax()),
  Entmax15: () => rowSubject(new Entmax15()),
  WeightSum: () => {
    const layer = new WeightSum();
    return {
      shapes: { hs: [2, 5, 3], a: [2, 5] },
      forward: ({ hs, a }) => [layer.forward(hs!, a!)],
      backward: ([dc]) => {
        const [hs, a] = layer.backward(dc!);
        return { hs, a };
      },
    };
  },
  AttentionWeight: () => {
    const layer = new AttentionWeight();
    return {
      shapes: { hs: [2, 5, 3], h: [2, 3] },
      forward: ({ hs, h }) => [layer.forward(hs!, h!)],
      backward: ([da]) => {
        const [hs, h] = layer.backward(da!);
        return { hs, h };
      },
    };
  },
  Attention: () => {
    const layer = new Attention();
    return {
      shapes: { hs: [2, 5, 3], h: [2, 3] },
      forward: ({ hs, h }) => [layer.forward(hs!, h!)],
      backward: ([dout]) => {
        const [hs, h] = layer.backward(dout!);
        return { hs, h };
      },
    };
  },
  TimeAttention: () => timeAttentionSubject(true, null),
  "TimeAttention with lengths": () => timeAttentionSubject(true, [5, 2, 0]),
  "TimeAttention without kept weights": () => timeAttentionSubject(false, null),
  "TimeAttention without kept weights, with lengths": () => timeAttentionSubject(false, [5, 2, 0]),
  Embedding: () => {
    const layer = new Embedding(5, 3, float64);
    return {
      shapes: {},
      layer,
      forward: () => [
        layer.forward(
          indices(
            [
              [4, 1],
              [1, 0],
            ],
            undefined,
            { device: layer.params[0]!.device },
          ),
        ),
      ],
      backward: ([dy]) => {
        layer.backward(dy!);
        return {};
      },
    };
  },
  Linear: () => {
    const layer = new Linear(3, 4, float64);
    return {
      shapes: { x: [2, 5, 3] },
      layer,
      forward: ({ x }) => [layer.forward(x!)],
      backward: ([dy]) => ({ x: layer.backward(dy!)[0]! }),
    };
  },
  "Linear of two inputs": () => {
    const layer = new Linear([3, 2], 4, float64);
    return {
      shapes: { x1: [5, 3], x2: [5, 2] },
      layer,
      forward: ({ x1, x2 }) => [layer.forward(x1!, x2!)],
      backward: ([dy]) => {
        const [x1, x2] = layer.backward(dy!) as [Tensor, Tensor];
        return { x1, x2 };
      },
    };
  },
  LSTM: () => lstmSubject(null, false),
  "LSTM from a state": () => lstmSubject(null, true),
  "LSTM from a state, with lengths": () => lstmSubject([2, 5], true),
  "LSTM with a sequence of no steps": () => lstmSubject([0, 3], true),
  "LSTM reversed": () => lstmSubject(null, false, true),
  "LSTM reversed, from a state, with lengths": () => lstmSubject([2, 5], true, true),
  GRU: () => gruSubject(null, false, false),
  "GRU from a state, with lengths": () => gruSubject([2, 5], true, false),
  "GRU with a sequence of no steps": () => gruSubject([0, 3], true, false),
  "GRU reversed": () => gruSubject(null, false, true),
  "GRU reversed, from a state, with lengths": () => gruSubject([2, 5], true, true),
  SoftmaxCrossEntropy: () => {
    const layer = new SoftmaxCrossEntropy();
    return {
      shapes: { logits: [2, 3, 5] },
      forward: ({ logits }) => {
        const targets = indices([0, 4, -1, 2, 2, -1], [2, 3], { device: logits!.device });
        return [layer.forward(logits!, targets)];
      },
      backward: ([dLoss]) => ({ logits: layer.backward(dLoss!.data[0]!) }),
    };
  },
  "SoftmaxCrossEntropy as a sum": () => {
    const layer = new SoftmaxCrossEntropy({ reduction: "sum", ignoredIndex: 0 });
    return {
      shapes: { logits: [4, 5] },
      forward: ({ logits }) => [
        layer.forward(logits!, indices([0, 4, 1, 2], [4], { device: logits!.device })),
      ],
      backward: ([dLoss]) => ({ logits: layer.backward(dLoss!.data[0]!) }),
    };
  },
  "SoftmaxCrossEntropy with smoothing": () => {
    const layer = new SoftmaxCrossEntropy({ smoothing: 0.2 });
    return {
      shapes: { logits: [4, 5] },
      forward: ({ logits }) => [
        layer.forward(logits!, indices([0, 4, -1, 2], [4], { device: logits!.device })),
      ],
      backward: ([dLoss]) => ({ logits: layer.backward(dLoss!.data[0]!) }),
    };
  },
  "NegativeLogLikelihood of a Softmax": () => likelihoodSubject(new NegativeLogLikelihood(), {}),
  "NegativeLogLikelihood with smoothing, as a sum": () =>
    likelihoodSubject(new NegativeLogLikelihood({ reduction: "sum", smoothedSymbols: 3 }), {
      smoothing: 0.3,
    }),
  CopyMixture: () => {
    const layer = new CopyMixture();
    return {
      shapes: { p: [2, 3, 5], gate: [2, 3], weights: [2, 3, 4] },
      forward: ({ p, gate, weights }) => {
        const ids = indices([1, 6, 1, -1, 5, 0, 4, 2], [2, 4], { device: p!.device });
        return [layer.forward(p!, gate!, weights!, ids, 7)];
      },
      backward: ([dy]) => {
        const { dProbabilities, dGate, dWeights } = layer.backward(dy!);
        return { p: dProbabilities, gate: dGate, weights: dWeights };
      },
    };
  },
  Dropout: () => {
    const layer = new Dropout(0.4, 5);
    return {
      shapes: { x: [4, 5] },
      forward: ({ x }) => [layer.forward(x!, 9)],
      backward: ([dy]) => ({ x: layer.backward(dy!) }),
    };
  },
};

describe("every input's and parameter's gradient is that of central differences", () => {
  for (const [name, make] of Object.entries(subjects)) {
    test(name, () => expect(complaintsOf(make())).toEqual([]));
  }

  test("a wrong backward pass is found", () => {
    const layer = new Softmax();
    const complaints = complaintsOf({
      shapes: { x: [2, 3] },
      forward: ({ x }) => [layer.forward(x!)],
      backward: ([dy]) => ({ x: dy ?? zeros([0]) }),
    });
    expect(complaints).toHaveLength(1);
  });
});
