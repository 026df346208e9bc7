import type { Graph, Value } from "./graph.ts";
import { type Sketch, sizesOf, withAxis } from "./parts.ts";

/** What an encoder is given. */
export interface Source {
  /** (N, Te), in the order in which the model reads them. */
  readonly ids: Value;
  /** (N) int64; null where padding is read as well. */
  readonly lengths: Value | null;
}

/** The inputs of an encoder: `source` (N, Te), and `lengths` (N) where padding is masked. */
export function sourceInputs({ graph, config }: Sketch): Source {
  const given = graph.input({ name: "source", type: "int64", axes: ["N", "Te"] });
  const lengths = config.maskPadding
    ? graph.input({ name: "lengths", type: "int64", axes: ["N"] })
    : null;
  return { ids: config.reverseSource ? reversed(graph, given, lengths) : given, lengths };
}

/**
 * What an encoder made of a source, (N, Te, …), in the order in which the source was given. Attention does not
 * ask for an order, and its weights are then in that of the symbols.
 */
export function asGiven({ graph, config }: Sketch, hs: Value, { lengths }: Source): Value {
  return config.reverseSource ? reversed(graph, hs, lengths) : hs;
}

/** Each row from its last step to its first; padding stays behind it. */
function reversed(graph: Graph, x: Value, lengths: Value | null): Value {
  if (lengths === null) {
    const [last, beyond] = [graph.integers(-1), graph.integers(-(2 ** 52))];
    return graph.call("Slice", [x, last, beyond, graph.integers(1), last]);
  }
  return graph.call("ReverseSequence", [x, lengths], { batch_axis: 0, time_axis: 1 });
}

/** Which steps of a source are real: (N, Te) of true and false. */
export function realSteps({ graph }: Sketch, { ids, lengths }: Source): Value {
  if (lengths === null) {
    return graph.call("GreaterOrEqual", [ids, graph.integer(0)]);
  }
  const width = graph.call("Squeeze", [sizesOf(graph, ids, 1, 2)]);
  const steps = graph.call("Range", [graph.integer(0), width, graph.integer(1)]);
  return graph.call("Less", [steps, withAxis(graph, lengths, 1)]);
}
