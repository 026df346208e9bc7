import { describe, expect, test } from "vitest";
import type { Tensor } from "../../../src/core/tensor.ts";
import { indices, Scope } from "../../../src/index.ts";
import { deviceOf } from "../../../src/kernels/device.ts";
import { newTensor } from "../../../src/layers/layer.ts";
import type { DecoderState, EncodedSource } from "../../../src/seq2seq/network.ts";
import { openDevices } from "../../support/devices.ts";
import { expectNear } from "../../support/near.ts";
import { stepsOf } from "../../support/steps.ts";
import { type Place, TARGETS, tinyInputs, tinyNetwork, tinySources } from "./tiny-network.ts";

const DROPOUT = { embeddingDropout: 0.2, layerDropout: 0.2, outputDropout: 0.2 };

/** Those rows of tensors whose first axis is the batch. */
function rowsOf(tensors: Readonly<Record<string, Tensor>>, rows: number[]): Record<string, Tensor> {
  const chosen = Object.entries(tensors).map(([name, x]) => {
    const y = newTensor(x, [rows.length, ...x.shape.slice(1)]);
    const ids = indices(rows, undefined, { device: x.device });
    const size = x.size / x.shape[0]!;
    deviceOf(x).kernels.embeddingForward(x.storage, ids.storage, y.storage, rows.length, size);
    return [name, y];
  });
  return Object.fromEntries(chosen);
}

function chosenRows(source: EncodedSource, state: DecoderState, rows: number[]) {
  const lengths = source.lengths as NonNullable<EncodedSource["lengths"]>;
  const { device } = lengths;
  return {
    source: {
      lengths: indices(
        rows.map((row) => lengths.data[row]!),
        undefined,
        { device },
      ),
      tensors: rowsOf(source.tensors, rows),
    },
    state: { steps: state.steps, tensors: rowsOf(state.tensors, rows) },
  };
}

/** Row n of a tensor. */
const row = (x: Tensor, n: number): Float32Array | Float64Array => {
  const size = x.size / x.shape[0]!;
  return x.data.slice(n * size, (n + 1) * size);
};

for (const { name, device, dtype } of openDevices("a Transformer")) {
  const place: Place = { device, dtype };
  const bound = dtype === "float64" ? 1e-12 : 1e-5;

  describe(`a Transformer on ${name}`, () => {
    const scope = new Scope();
    // Dropout is for training alone.
    const { network } = tinyNetwork(place, DROPOUT);
    const source = network.encode(tinySources(place, {}), null, scope);
    const inputs = tinyInputs(place);
    const whole = network.decode(inputs, source, null, scope);

    test("says the same symbol by symbol as all at once", () => {
      let state = network.begin(source);
      for (let t = 0; t < 5; t++) {
        const next = network.advance(tinyInputs(place, t, t + 1), source, state, scope);
        expectNear(next.logits.data, stepsOf(whole.logits, t, t + 1).data, bound);
        expectNear(next.weights!.data, stepsOf(whole.weights!, t, t + 1).data, bound);
        expect(next.gate).toBeNull();
        state = next.state;
      }
      expect(state.steps).toBe(5);
    });

    test("goes on from rows that were chosen, and leaves the state they were chosen from as it was", () => {
      const two = network.advance(tinyInputs(place, 0, 2), source, network.begin(source), scope);
      const order = [2, 2, 0];
      const chosen = chosenRows(source, two.state, order);
      const targets = indices(
        order.map((n) => TARGETS[n]!.slice(2, 5)),
        undefined,
        { device },
      );
      const { logits } = network.advance(targets, chosen.source, chosen.state, scope);
      for (const [i, n] of order.entries()) {
        expectNear(row(logits, i), row(stepsOf(whole.logits, 2, 5), n), bound);
      }
      const rest = network.advance(tinyInputs(place, 2, 5), source, two.state, scope);
      expectNear(rest.logits.data, stepsOf(whole.logits, 2, 5).data, bound);
    });

    test("trains on the logits it decodes with, when nothing is dropped", () => {
      const { network: trained } = tinyNetwork(place);
      const read = trained.encode(tinySources(place, {}), 0, scope);
      const { logits, weights } = trained.decode(inputs, read, 0, scope);
      expectNear(logits.data, whole.logits.data, bound);
      expect(weights).toBeNull();
    });

    test("attends to real steps alone, with weights that sum to 1", () => {
      const { shape, data } = whole.weights!;
      expect(shape).toEqual([3, 5, 4]);
      for (const [n, length] of [4, 2, 3].entries()) {
        for (let t = 0; t < 5; t++) {
          const weights = data.subarray((n * 5 + t) * 4, (n * 5 + t + 1) * 4);
          const sum = [...weights.subarray(0, length)].reduce((a, b) => a + b);
          expect(sum).toBeCloseTo(1, 5);
          expect(weights.subarray(length).every((weight) => weight === 0)).toBe(true);
        }
      }
    });

    test("says the same however far sources are padded", () => {
      const padded = network.encode(tinySources(place, { padding: 3 }), null, scope);
      expectNear(network.decode(inputs, padded, null, scope).logits.data, whole.logits.data, bound);
    });

    test("reads what stands behind the sources where there are no lengths", () => {
      const { network: unmasked } = tinyNetwork(place, { maskPadding: false, sourceLength: 4 });
      const read = unmasked.encode(tinySources(place, { lengths: false }), null, scope);
      const { logits } = unmasked.decode(inputs, read, null, scope);
      // The first is as long as there is room, and reads the same either way.
      expectNear(row(logits, 0), row(whole.logits, 0), bound);
      expect(row(logits, 1)).not.toEqual(row(whole.logits, 1));
    });

    test("reads sources of no symbols", () => {
      const empty = {
        sources: indices([], [2, 0], { device }),
        lengths: indices([0, 0], [2], { device }),
        copies: null,
      };
      const read = network.encode(empty, null, scope);
      const first = indices([[0], [0]], undefined, { device });
      const { logits, weights } = network.advance(first, read, network.begin(read), scope);
      expect([...logits.data].every(Number.isFinite)).toBe(true);
      expect(weights?.shape).toEqual([2, 1, 0]);
    });
  });
}
