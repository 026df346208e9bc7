import type { Value } from "./graph.ts";
import { linear, type Sketch, sizesOf } from "./parts.ts";

/** What a step writes, what it looks at, and what says how much of either. */
export interface Mixture {
  /** (N, V), of symbols that are written. */
  readonly scores: Value;
  /** (N, Te), of the source. */
  readonly weights: Value;
  /** Context, hidden state and input, of which the gate is made. */
  readonly gated: readonly Value[];
}

/**
 * Logarithms of σ(gate) · softmax(scores) + σ(−gate) · (weights of the symbols that are copied), (N, V + Te) (See,
 * Liu & Manning 2017, equation 9). A graph that copies has one more input, `copies` (N, Te): what of the targets each
 * symbol of the source is, V and more where it is none of them, −1 where it is nothing to copy.
 */
export function withCopies(sketch: Sketch, { scores, weights, gated }: Mixture): Value {
  const { graph, symbols } = sketch;
  const copies = graph.input({ name: "copies", type: "int64", axes: ["N", "Te"] });
  const gate = linear(sketch, "decoder.gate", ...gated);
  const one = graph.float(1);
  // σ(−x), to its last digits where it is nearly 0, as onnxruntime's Sigmoid is not, nor 1 − σ(x).
  const rest = (x: Value): Value =>
    graph.call("Div", [one, graph.call("Add", [one, graph.call("Exp", [x])])]);
  const share = rest(graph.call("Neg", [gate]));
  const written = graph.call("Mul", [graph.call("Softmax", [scores], { axis: -1 }), share]);
  const copied = graph.call("Mul", [weights, rest(gate)]);
  // One column before all others, for what there is nothing of to copy.
  const places = graph.call("Add", [copies, graph.integer(1)]);
  const steps = sizesOf(graph, weights, 1, 2);
  const sides = [graph.integers(0, 1, 0), steps];
  const padded = graph.call("Pad", [written, graph.call("Concat", sides, { axis: 0 })]);
  const mixed = graph.call("ScatterElements", [padded, places, copied], {
    axis: 1,
    reduction: "add",
  });
  const width = graph.call("Add", [steps, graph.integers(symbols + 1)]);
  const all = graph.call("Slice", [mixed, graph.integers(1), width, graph.integers(1)]);
  return graph.call("Log", [all]);
}
