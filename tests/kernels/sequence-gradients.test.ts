import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { type LengthsKind, lengthsOf } from "../../src/kernels/case.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import {
  type Arrays,
  type Differentiable,
  gradientComplaints,
  normals64,
} from "../support/gradient-check.ts";

const ALL_LENGTHS: LengthsKind[] = ["null", "full", "mixed", "zero"];

/** The array of that name; a test that forgets one must not go on. */
function of(arrays: Arrays, name: string): Float64Array {
  const array = arrays[name];
  if (array === undefined) throw new Error(`no array ${name}`);
  return array;
}

function zeros(length: number): Float64Array {
  return new Float64Array(length);
}

/** What stands in an output that must be overwritten. */
function unset(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

function softmax(rows: number, columns: number): Differentiable {
  const forward = (inputs: Arrays) => {
    const y = unset(rows * columns);
    definitions.softmaxForward(of(inputs, "x"), y, rows, columns);
    return [y];
  };
  return {
    inputs: { x: normals64(new Random(rows), rows * columns) },
    forward,
    backward: (inputs, [dy]) => {
      const dx = unset(rows * columns);
      definitions.softmaxBackward(forward(inputs)[0]!, dy!, dx, rows, columns);
      return { x: dx };
    },
  };
}

describe("softmax", () => {
  it.each([
    [1, 1],
    [1, 5],
    [3, 4],
    [2, 17],
  ])("%i × %i has the gradient of its forward pass", (rows, columns) => {
    expect(gradientComplaints(softmax(rows, columns))).toEqual([]);
  });
});

interface AttentionShape {
  readonly batch: number;
  readonly queries: number;
  readonly steps: number;
  readonly size: number;
  readonly lengths: LengthsKind;
}

const ATTENTION_SHAPES: AttentionShape[] = ALL_LENGTHS.flatMap((lengths) => [
  { batch: 1, queries: 1, steps: 1, size: 1, lengths },
  { batch: 3, queries: 2, steps: 4, size: 3, lengths },
  { batch: 2, queries: 5, steps: 3, size: 4, lengths },
  { batch: 5, queries: 1, steps: 6, size: 2, lengths },
]);

function attentionInputs(shape: AttentionShape) {
  const { batch, queries, steps, size } = shape;
  const random = new Random(steps);
  return {
    query: normals64(random, batch * queries * size),
    keys: normals64(random, batch * steps * size),
    values: normals64(random, batch * steps * size),
    weights: normals64(random, batch * queries * steps),
  };
}

function sizes(shape: AttentionShape): [number, number, number, number] {
  return [shape.batch, shape.queries, shape.steps, shape.size];
}

function countsOf({ lengths, batch, steps }: AttentionShape): Int32Array | null {
  return lengths === "null" ? null : lengthsOf(lengths, batch, steps);
}

function attentionWeight(shape: AttentionShape): Differentiable {
  const counts = countsOf(shape);
  const { query, keys, weights: some } = attentionInputs(shape);
  const forward = (inputs: Arrays) => {
    const weights = unset(some.length);
    const [q, k] = [of(inputs, "query"), of(inputs, "keys")];
    definitions.attentionWeightForward(q, k, counts, weights, ...sizes(shape));
    return [weights];
  };
  return {
    inputs: { query, keys },
    forward,
    backward: (inputs, [dWeights]) => {
      const [dScores, dQuery, dKeys] = [
        unset(some.length),
        unset(query.length),
        unset(keys.length),
      ];
      definitions.attentionWeightBackward(
        of(inputs, "query"),
        of(inputs, "keys"),
        counts,
        forward(inputs)[0]!,
        dWeights!,
        dScores,
        dQuery,
        dKeys,
        ...sizes(shape),
        false,
      );
      return { query: dQuery, keys: dKeys };
    },
  };
}

function weightSum(shape: AttentionShape): Differentiable {
  const counts = countsOf(shape);
  const { query, values, weights } = attentionInputs(shape);
  return {
    inputs: { values, weights },
    forward: (inputs) => {
      const context = unset(query.length);
      const [v, w] = [of(inputs, "values"), of(inputs, "weights")];
      definitions.weightSumForward(v, w, counts, context, ...sizes(shape));
      return [context];
    },
    backward: (inputs, [dContext]) => {
      const [dWeights, dValues] = [unset(weights.length), unset(values.length)];
      const [v, w] = [of(inputs, "values"), of(inputs, "weights")];
      definitions.weightSumBackward(
        v,
        w,
        counts,
        dContext!,
        dWeights,
        dValues,
        ...sizes(shape),
        false,
      );
      return { values: dValues, weights: dWeights };
    },
  };
}

/** `oneArray`: values are the keys, and dKeys and dValues one array. */
function attention(shape: AttentionShape, oneArray: boolean): Differentiable {
  const counts = countsOf(shape);
  const { query, keys, values, weights: some } = attentionInputs(shape);
  const inputsOf = (inputs: Arrays) =>
    [
      of(inputs, "query"),
      of(inputs, "keys"),
      of(inputs, oneArray ? "keys" : "values"),
      counts,
    ] as const;
  const run = (inputs: Arrays) => {
    const context = unset(query.length);
    const weights = unset(some.length);
    definitions.attentionForward(...inputsOf(inputs), weights, context, ...sizes(shape));
    return [weights, context] as const;
  };
  return {
    inputs: oneArray ? { query, keys } : { query, keys, values },
    forward: (inputs) => [run(inputs)[1]],
    backward: (inputs, [dContext]) => {
      const kept = run(inputs);
      const [dQuery, dKeys] = [unset(query.length), unset(keys.length)];
      const dValues = oneArray ? dKeys : unset(values.length);
      const rest = [dContext!, dQuery, dKeys, dValues, ...sizes(shape), false] as const;
      definitions.attentionBackward(...inputsOf(inputs), ...kept, ...rest);
      return oneArray
        ? { query: dQuery, keys: dKeys }
        : { query: dQuery, keys: dKeys, values: dValues };
    },
  };
}

describe.each(ATTENTION_SHAPES)(
  "N $batch, Tq $queries, Tk $steps, D $size, lengths $lengths",
  (shape) => {
    it("attentionWeight has the gradient of its forward pass", () => {
      expect(gradientComplaints(attentionWeight(shape))).toEqual([]);
    });

    it("weightSum has the gradient of its forward pass", () => {
      expect(gradientComplaints(weightSum(shape))).toEqual([]);
    });

    it("attention has the gradient of its forward pass", () => {
      expect(gradientComplaints(attention(shape, false))).toEqual([]);
    });

    it("attention with one array for keys and values has the sum of both gradients", () => {
      expect(gradientComplaints(attention(shape, true))).toEqual([]);
    });
  },
);

interface RecurrentShape {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  readonly lengths: LengthsKind;
  readonly initial: "given" | "null";
  readonly reverse: boolean;
}

const RECURRENT_SHAPES: RecurrentShape[] = ALL_LENGTHS.flatMap((lengths) =>
  (["given", "null"] as const).flatMap((initial) => [
    { batch: 1, steps: 1, hidden: 1, lengths, initial, reverse: false },
    { batch: 5, steps: 4, hidden: 3, lengths, initial, reverse: false },
    { batch: 2, steps: 7, hidden: 2, lengths, initial, reverse: false },
    { batch: 5, steps: 4, hidden: 3, lengths, initial, reverse: true },
  ]),
);

function lstm({ batch, steps, hidden, lengths, initial, reverse }: RecurrentShape): Differentiable {
  const random = new Random(steps);
  const counts = lengths === "null" ? null : lengthsOf(lengths, batch, steps);
  const [state, states] = [batch * hidden, batch * steps * hidden];
  const gates = normals64(random, 4 * states);
  const wh = normals64(random, 4 * hidden * hidden);
  const start = { h0: normals64(random, state), c0: normals64(random, state) };
  const run = (inputs: Arrays) => {
    const out = {
      gates: of(inputs, "gates").slice(),
      hs: unset(states),
      cs: unset(states),
      hLast: unset(state),
      cLast: unset(state),
    };
    definitions.lstmForward(
      out.gates,
      of(inputs, "wh"),
      inputs["h0"] ?? null,
      inputs["c0"] ?? null,
      counts,
      out.hs,
      out.cs,
      out.hLast,
      out.cLast,
      batch,
      steps,
      hidden,
      reverse,
    );
    return out;
  };
  return {
    inputs: initial === "given" ? { gates, wh, ...start } : { gates, wh },
    forward: (inputs) => {
      const { hs, hLast, cLast } = run(inputs);
      return [hs, hLast, cLast];
    },
    backward: (inputs, [dhs, dhLast, dcLast]) => {
      const out = run(inputs);
      const [dGates, dh0, dc0] = [unset(4 * states), unset(state), unset(state)];
      const dwh = zeros(wh.length);
      definitions.lstmBackward(
        out.gates,
        of(inputs, "wh"),
        inputs["h0"] ?? null,
        inputs["c0"] ?? null,
        counts,
        out.hs,
        out.cs,
        dhs!,
        dhLast!,
        dcLast!,
        dGates,
        dh0,
        dc0,
        dwh,
        batch,
        steps,
        hidden,
        reverse,
      );
      const gradients = { gates: dGates, wh: dwh };
      return initial === "given" ? { ...gradients, h0: dh0, c0: dc0 } : gradients;
    },
  };
}

function gru({ batch, steps, hidden, lengths, initial, reverse }: RecurrentShape): Differentiable {
  const random = new Random(steps);
  const counts = lengths === "null" ? null : lengthsOf(lengths, batch, steps);
  const [state, states] = [batch * hidden, batch * steps * hidden];
  const gates = normals64(random, 3 * states);
  const [wh, bn] = [normals64(random, 3 * hidden * hidden), normals64(random, hidden)];
  const sizes = [batch, steps, hidden, reverse] as const;
  const run = (inputs: Arrays) => {
    const out = {
      gates: of(inputs, "gates").slice(),
      past: unset(states),
      hs: unset(states),
      hLast: unset(state),
    };
    const h0 = inputs["h0"] ?? null;
    const weights = [of(inputs, "wh"), of(inputs, "bn")] as const;
    definitions.gruForward(
      out.gates,
      ...weights,
      h0,
      counts,
      out.past,
      out.hs,
      out.hLast,
      ...sizes,
    );
    return out;
  };
  return {
    inputs: { gates, wh, bn, ...(initial === "given" ? { h0: normals64(random, state) } : {}) },
    forward: (inputs) => {
      const { hs, hLast } = run(inputs);
      return [hs, hLast];
    },
    backward: (inputs, [dhs, dhLast]) => {
      const out = run(inputs);
      const [dGates, dPast, dh0] = [unset(3 * states), unset(states), unset(state)];
      const [dwh, dbn] = [zeros(wh.length), zeros(hidden)];
      const h0 = inputs["h0"] ?? null;
      const kept = [out.gates, of(inputs, "wh"), h0, counts, out.past, out.hs] as const;
      definitions.gruBackward(...kept, dhs!, dhLast!, dGates, dPast, dh0, dwh, ...sizes);
      definitions.sumRows(dPast, dbn, batch * steps, hidden, true);
      const gradients = { gates: dGates, wh: dwh, bn: dbn };
      return initial === "given" ? { ...gradients, h0: dh0 } : gradients;
    },
  };
}

describe("gru", () => {
  it.each(RECURRENT_SHAPES)(
    "N $batch, T $steps, H $hidden, lengths $lengths, state $initial, reversed $reverse: the gradient is right",
    (shape) => expect(gradientComplaints(gru(shape))).toEqual([]),
  );

  it("without dhLast has the gradient that zeros give", () => {
    const shape = { batch: 5, steps: 4, hidden: 3, lengths: "mixed", initial: "given" } as const;
    const f = gru({ ...shape, reverse: true });
    const [hs, hLast] = f.forward(f.inputs);
    const dhs = normals64(new Random(5), hs!.length);
    const withZeros = f.backward(f.inputs, [dhs, zeros(hLast!.length)]);
    // The function passes its upstream gradients on as they are: null is what the op gets.
    expect(f.backward(f.inputs, [dhs, null as unknown as Float64Array])).toEqual(withZeros);
  });
});

describe("lstm", () => {
  it.each(RECURRENT_SHAPES)(
    "N $batch, T $steps, H $hidden, lengths $lengths, states $initial, reversed $reverse: the gradient is right",
    (shape) => expect(gradientComplaints(lstm(shape))).toEqual([]),
  );

  it("without dhLast and dcLast has the gradient that zeros give", () => {
    const shape = { batch: 5, steps: 4, hidden: 3, lengths: "mixed", initial: "given" } as const;
    const f = lstm({ ...shape, reverse: false });
    const [hs, hLast, cLast] = f.forward(f.inputs);
    const dhs = normals64(new Random(5), hs!.length);
    const withZeros = f.backward(f.inputs, [dhs, zeros(hLast!.length), zeros(cLast!.length)]);
    // The function passes its upstream gradients on as they are: null is what the op gets.
    const none = null as unknown as Float64Array;
    expect(f.backward(f.inputs, [dhs, none, none])).toEqual(withZeros);
  });
});
