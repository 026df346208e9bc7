import { expect, test } from "vitest";
import { Embedding, indices, Parameters, ShapeError, StateError, tensor } from "../../src/index.ts";
import { TiedLinear } from "../../src/layers/tied-linear.ts";
import { complaintsOf, float64 } from "../support/layer-gradients.ts";

const ROWS = 4;
const SYMBOLS = 3;
const SIZE = 2;

function tied() {
  const parameters = new Parameters(
    [...Embedding.specs("embed", ROWS, SIZE), ...TiedLinear.specs("out", SYMBOLS)],
    float64,
  );
  const layer = new TiedLinear(SYMBOLS, { parameters, name: "out", table: "embed.W" });
  return { parameters, layer };
}

test("a tied layer multiplies by the first rows of the embeddings, and adds a bias of its own", () => {
  const { parameters, layer } = tied();
  parameters.value("embed.W").storage.write([1, 2, 3, 4, 5, 6, 7, 8]);
  parameters.value("out.b").storage.write([0.5, 0, -1]);
  expect(layer.forward(tensor([[1, 10]], undefined, float64)).toArray()).toEqual([[21.5, 43, 64]]);
});

test("its gradients are those of central differences, and add to the embedding's", () => {
  const { parameters, layer } = tied();
  const embedding = new Embedding(ROWS, SIZE, { parameters, name: "embed" });
  const ids = indices([[2, 0, 3, 1]], undefined, { device: parameters.values.device });
  const both = complaintsOf({
    layer,
    shapes: {},
    forward: () => [layer.forward(embedding.forward(ids))],
    backward: ([dy]) => {
      embedding.backward(layer.backward(dy!)[0]);
      return {};
    },
  });
  const alone = complaintsOf({
    layer,
    shapes: { x: [2, 4, SIZE] },
    forward: ({ x }) => [layer.forward(x!)],
    backward: ([dy]) => ({ x: layer.backward(dy!)[0] }),
  });
  expect([both, alone]).toEqual([[], []]);
});

test("they add up over backward passes", () => {
  const { layer } = tied();
  const dy = layer.forward(tensor([[1, 2]], undefined, float64));
  dy.storage.write([1, 2, 3]);
  layer.backward(dy);
  layer.backward(dy);
  expect(layer.grads.map((grad) => grad.toArray())).toEqual([
    [
      [2, 4],
      [4, 8],
      [6, 12],
    ],
    [2, 4, 6],
  ]);
});

test("it refuses inputs, gradients and tables of other shapes, and a backward pass without a forward pass", () => {
  const { parameters, layer } = tied();
  const two = tensor([[1, 2]], undefined, float64);
  expect(() => layer.backward(two)).toThrow(StateError);
  expect(() => layer.forward(tensor([[1, 2, 3]], undefined, float64))).toThrow(ShapeError);
  layer.forward(two);
  expect(() => layer.backward(two)).toThrow(ShapeError);
  expect(() => new TiedLinear(SYMBOLS, { parameters, name: "out", table: "out.b" })).toThrow(
    ShapeError,
  );
  expect(() => new TiedLinear(5, { parameters, name: "out", table: "embed.W" })).toThrow(
    ShapeError,
  );
  expect(() => new TiedLinear(SYMBOLS, { parameters, name: "other", table: "embed.W" })).toThrow(
    StateError,
  );
});
