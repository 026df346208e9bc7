import { expect, test } from "vitest";
import type { Dtype } from "../../../src/core/storage.ts";
import {
  Adam,
  currentDevice,
  type Device,
  Embedding,
  indices,
  Linear,
  Parameters,
  Random,
  SinusoidalPositions,
  SoftmaxCrossEntropy,
  TransformerDecoderBlock,
  TransformerEncoderBlock,
  zeroGradients,
} from "../../../src/index.ts";

const [SYMBOLS, START, LENGTH, SIZE] = [6, 6, 5, 16] as const;

/** An encoder and a decoder of one block each, which are to learn to write a sequence backwards. */
function reverser(place: { device: Device; dtype: Dtype }, seed: number) {
  const options = { size: SIZE, heads: 2, hidden: 32 };
  const parameters = new Parameters(
    [
      ...Embedding.specs("source", SYMBOLS, SIZE),
      ...Embedding.specs("target", SYMBOLS + 1, SIZE),
      ...TransformerEncoderBlock.specs("encoder", options),
      ...TransformerDecoderBlock.specs("decoder", options),
      ...Linear.specs("out", [SIZE], SYMBOLS),
    ],
    { ...place, seed },
  );
  const named = (name: string) => ({ parameters, name });
  const source = new Embedding(SYMBOLS, SIZE, named("source"));
  const target = new Embedding(SYMBOLS + 1, SIZE, named("target"));
  const encoder = new TransformerEncoderBlock({ ...options, ...named("encoder") });
  const decoder = new TransformerDecoderBlock({ ...options, ...named("decoder") });
  const out = new Linear(SIZE, SYMBOLS, named("out"));
  const loss = new SoftmaxCrossEntropy();
  const positions = new SinusoidalPositions(SIZE);
  const ids = (rows: readonly (readonly number[])[]) => indices(rows, undefined, place);
  return {
    parameters,
    /** The loss of a batch, and its gradients. */
    step(batch: readonly (readonly number[])[]): number {
      zeroGradients([parameters.grads]);
      const reversed = batch.map((row) => row.toReversed());
      const shifted = reversed.map((row) => [START, ...row.slice(0, -1)]);
      const memory = encoder.forward(positions.forward(source.forward(ids(batch))));
      const x = positions.forward(target.forward(ids(shifted)));
      const logits = out.forward(decoder.forward(x, memory));
      const value = loss.forward(logits, ids(reversed)).data[0]!;
      const [dx, dMemory] = decoder.backward(out.backward(loss.backward())[0]!);
      // What the sinusoids add has no gradient of its own.
      target.backward(dx);
      source.backward(encoder.backward(dMemory));
      return value;
    },
    /** The most probable symbol after the other. */
    decode(row: readonly number[]): number[] {
      const cache = decoder.newCache(
        encoder.forward(positions.forward(source.forward(ids([row])))),
      );
      const written: number[] = [];
      for (let last: number = START; written.length < row.length; ) {
        const x = positions.forward(target.forward(ids([[last]])), { offset: cache.length });
        const logits = out.forward(decoder.forward(x, cache)).data;
        last = logits.indexOf(Math.max(...logits));
        written.push(last);
      }
      return written;
    },
  };
}

function train(steps: number) {
  const device = currentDevice() as Device;
  const model = reverser({ device, dtype: "float32" }, 1);
  const adam = new Adam({ rate: 0.01 });
  const random = new Random(7);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = Array.from({ length: 16 }, () =>
      Array.from({ length: LENGTH }, () => random.integer(SYMBOLS)),
    );
    losses.push(model.step(batch));
    adam.step([model.parameters.values], [model.parameters.grads]);
  }
  return { model, losses };
}

test("an encoder and a decoder learn to write sequences backwards, and do so with a cache", () => {
  const { model, losses } = train(150);
  expect(losses[0]).toBeGreaterThan(1.5);
  expect(losses.at(-1)).toBeLessThan(0.1);
  expect(model.decode([0, 1, 2, 3, 4])).toEqual([4, 3, 2, 1, 0]);
  expect(model.decode([5, 5, 1, 0, 2])).toEqual([2, 0, 1, 5, 5]);
  expect(train(3).losses).toEqual(losses.slice(0, 3));
});
