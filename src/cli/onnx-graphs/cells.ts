import type { Value } from "./graph.ts";
import { layerName, numbersOf, type Sketch, withAxis, withoutAxis } from "./parts.ts";

/** The states of a recurrent layer, each (N, H); a GRU has no c. */
export interface CellState {
  readonly h: Value;
  readonly c: Value | null;
}

/** Where ONNX wants the gates that lie in heed's order: of an LSTM f, g, i, o as i, o, f, g; of a GRU r, z, n as z, r, n. */
const GATES = { lstm: [2, 3, 0, 1], gru: [1, 0, 2] } as const;
const OPERATORS = { lstm: "LSTM", gru: "GRU" } as const;

/** One layer: the parameters of each of its directions, H numbers of the state for each. */
export interface RecurrentLayer {
  readonly names: readonly string[];
  readonly size: number;
}

/**
 * A recurrent layer over all steps of a source, in one direction or in both: xs (Te, N, D) → hs (Te, N, H) and
 * the state after the last step, directions side by side.
 *
 * @param lengths (N) int32; null where padding is read as well
 */
export function overSource(
  sketch: Sketch,
  layer: RecurrentLayer,
  xs: Value,
  lengths: Value | null,
): { readonly hs: Value; readonly state: CellState } {
  const { graph, config } = sketch;
  const directions = layer.names.length;
  const [ys, lastH, lastC] = graph.calls(
    OPERATORS[config.cell],
    [xs, ...constantsOf(sketch, layer), lengths],
    [true, true, config.cell === "lstm"],
    attributesOf(sketch, layer),
  );
  /** (directions, N, H) → (N, directions · H) */
  const joined = (last: Value): Value => {
    if (directions === 1) return withoutAxis(graph, last, 0);
    const rows = graph.call("Transpose", [last], { perm: [1, 0, 2] });
    return graph.call("Reshape", [rows, graph.integers(0, directions * layer.size)]);
  };
  return {
    hs: allSteps(sketch, ys as Value, layer),
    state: { h: joined(lastH as Value), c: lastC ? joined(lastC) : null },
  };
}

/** (Te, directions, N, H) → (Te, N, directions · H) */
function allSteps({ graph }: Sketch, ys: Value, { names, size }: RecurrentLayer): Value {
  if (names.length === 1) return withoutAxis(graph, ys, 1);
  const rows = graph.call("Transpose", [ys], { perm: [0, 2, 1, 3] });
  return graph.call("Reshape", [rows, graph.integers(0, 0, names.length * size)]);
}

/** One step of a recurrent layer in one direction: x (N, D) and the state before it → that after it. */
export function oneStep(sketch: Sketch, name: string, x: Value, before: CellState): CellState {
  const { graph, config } = sketch;
  const layer = { names: [name], size: config.hiddenSize };
  const start = [before.h, before.c].filter((state) => state !== null);
  const [, h, c] = graph.calls(
    OPERATORS[config.cell],
    [
      withAxis(graph, x, 0),
      ...constantsOf(sketch, layer),
      null,
      ...start.map((state) => withAxis(graph, state, 0)),
    ],
    [false, true, config.cell === "lstm"],
    attributesOf(sketch, layer),
  );
  return {
    h: withoutAxis(graph, h as Value, 0),
    c: c ? withoutAxis(graph, c, 0) : null,
  };
}

function attributesOf({ config }: Sketch, { names, size }: RecurrentLayer) {
  const direction = names.length === 2 ? "bidirectional" : "forward";
  // The reset gate behind the product with the state, as heed has it.
  const reset = config.cell === "gru" ? { linear_before_reset: 1 } : {};
  return { hidden_size: size, direction, ...reset };
}

/** The weights of a layer as ONNX wants them: W (directions, gates · H, D), R (directions, gates · H, H) and B. */
function constantsOf(sketch: Sketch, { names, size }: RecurrentLayer): [Value, Value, Value] {
  const { graph, config } = sketch;
  const order = GATES[config.cell];
  const rows = order.length * size;
  const [first = ""] = names;
  const D = numbersOf(sketch, `${first}.Wx`).shape[0] ?? 0;
  const stacked = (part: string, columns: number): Float32Array => {
    const all = new Float32Array(names.length * rows * columns);
    for (const [i, name] of names.entries()) {
      const { data } = numbersOf(sketch, `${name}.${part}`);
      all.set(gatesReordered(data, order, size, columns), i * rows * columns);
    }
    return all;
  };
  const biases = new Float32Array(names.length * 2 * rows);
  for (const [i, name] of names.entries()) {
    const b = gatesReordered(numbersOf(sketch, `${name}.b`).data, order, size, 1);
    biases.set(b, 2 * i * rows);
    // ONNX has a second bias, of the product with the state. heed has one of a GRU's new numbers, the last gate.
    if (config.cell === "gru") {
      biases.set(numbersOf(sketch, `${name}.bn`).data, (2 * i + 2) * rows - size);
    }
  }
  const count = names.length;
  return [
    graph.constant(`${first}.W`, [count, rows, D], stacked("Wx", D)),
    graph.constant(`${first}.R`, [count, rows, size], stacked("Wh", size)),
    graph.constant(`${first}.B`, [count, 2 * rows], biases),
  ];
}

/** Numbers (inputs, gates · H) → (gates · H, inputs), with the gates in another order. */
function gatesReordered(
  data: Float32Array,
  order: readonly number[],
  size: number,
  inputs: number,
): Float32Array {
  const width = order.length * size;
  const reordered = new Float32Array(width * inputs);
  for (const [to, from] of order.entries()) {
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < inputs; i++) {
        reordered[(to * size + j) * inputs + i] = data[i * width + from * size + j]!;
      }
    }
  }
  return reordered;
}

/** The layers of a side by name, from the one that is closest to the embeddings. */
export function layerNames(side: "encoder" | "decoder", { config }: Sketch): string[] {
  const count = side === "encoder" ? config.encoderLayers : config.decoderLayers;
  return Array.from({ length: count }, (_, layer) => layerName(`${side}.${config.cell}`, layer));
}
