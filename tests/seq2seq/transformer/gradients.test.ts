import { expect, test } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import { indices, Scope, SoftmaxCrossEntropy, zeroGradients } from "../../../src/index.ts";
import type { ModelConfig } from "../../../src/seq2seq/model-config.ts";
import { type Differentiable, gradientComplaints } from "../../support/gradient-check.ts";
import { tinyInputs, tinyNetwork, tinySources } from "./tiny-network.ts";

const place = { device: new ReferenceDevice(), dtype: "float64" } as const;
const ANSWERS = [
  [3, 1, 4, 2, -1],
  [1, 1, 0, 3, 2],
  [4, 4, -1, -1, -1],
];
const DROPOUT = { embeddingDropout: 0.2, layerDropout: 0.2, outputDropout: 0.2 };
const STEP = 3;

function complaints(changes: Partial<ModelConfig>, lengths: boolean): string[] {
  const { parameters, network } = tinyNetwork(place, changes);
  const loss = new SoftmaxCrossEntropy();
  const batch = tinySources(place, { lengths });
  const inputs = tinyInputs(place);
  const answers = indices(ANSWERS, undefined, place);
  const views = parameters.names.map((name) => [name, parameters.value(name)] as const);
  const scope = new Scope();
  const subject: Differentiable = {
    inputs: Object.fromEntries(views.map(([name, { data }]) => [name, Float64Array.from(data)])),
    forward: (numbers) => {
      scope.dispose();
      for (const [name, view] of views) view.storage.write(numbers[name]!);
      const source = network.encode(batch, STEP, scope);
      const { logits } = network.decode(inputs, source, STEP, scope);
      return [Float64Array.from(scope.keep(loss.forward(logits, answers)).data)];
    },
    backward: (_, [dLoss]) => {
      zeroGradients([parameters.grads]);
      const dLogits = scope.keep(loss.backward(dLoss![0]!));
      network.backward({ dLogits, dWeights: null, dGate: null }, scope);
      return Object.fromEntries(
        views.map(([name]) => [name, Float64Array.from(parameters.grad(name).data)]),
      );
    },
  };
  // Norms of four numbers of which some were dropped bend so much that steps have to be short.
  return gradientComplaints(subject, { step: 2e-6 });
}

const FLAT = { encoderLayers: 1, decoderLayers: 1 };

test.each([
  ["of two layers with lengths and dropout", DROPOUT, true],
  ["without lengths", { ...FLAT, maskPadding: false, sourceLength: 4 }, false],
  ["with the target's embeddings tied", { ...FLAT, ...DROPOUT, tiedEmbeddings: "target" }, true],
  ["with all embeddings tied", { ...FLAT, tiedEmbeddings: "all" }, true],
] as const)(
  "gradients of all parameters are those of central differences, %s",
  {
    timeout: 60_000,
  },
  (_, changes, lengths) => {
    expect(complaints(changes, lengths)).toEqual([]);
  },
);
