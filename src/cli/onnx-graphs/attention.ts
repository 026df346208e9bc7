import type { Graph, Value } from "./graph.ts";
import { linear, parameter, type Sketch, withAxis, withoutAxis } from "./parts.ts";

/** A score that no softmax gives a weight, yet a number: a row of nothing else is no row of NaN. */
const LOWEST = -3.4e38;

/** Scores (…, Te) → weights: 0 where mask (…, Te) is false, all 0 where it is false throughout. */
export function maskedSoftmax(graph: Graph, scores: Value, mask: Value | null): Value {
  if (mask === null) return graph.call("Softmax", [scores], { axis: -1 });
  const masked = graph.call("Where", [mask, scores, graph.float(LOWEST)]);
  const weights = graph.call("Softmax", [masked], { axis: -1 });
  return graph.call("Where", [mask, weights, graph.float(0)]);
}

/** One query (N, H) with each of its heads: queries (N, heads, H / heads). */
export function heads(graph: Graph, query: Value, count: number, size: number): Value {
  return graph.call("Reshape", [query, graph.integers(0, count, size / count)]);
}

/** (N, T, H) → (N, heads, T, H / heads) */
export function headsOfSteps(graph: Graph, x: Value, count: number, size: number): Value {
  const shape = graph.integers(0, 0, count, size / count);
  return graph.call("Transpose", [graph.call("Reshape", [x, shape])], { perm: [0, 2, 1, 3] });
}

/** What one query with several heads attends to. */
export interface HeadMemory {
  /** (N, heads, T, H / heads) */
  readonly keys: Value;
  /** Likewise. */
  readonly values: Value;
  /** (N, T); null: all of it is real. */
  readonly mask: Value | null;
}

/** Scaled dot products of several heads (Vaswani et al. 2017): query (N, H) → context (N, H), weights (N, heads, T). */
export function attendWithHeads(
  { graph, config }: Sketch,
  query: Value,
  { keys, values, mask }: HeadMemory,
): { readonly context: Value; readonly weights: Value } {
  const { heads: count, hiddenSize: H } = config;
  const scaled = graph.call("Mul", [query, graph.float(1 / Math.sqrt(H / count))]);
  const columns = withAxis(graph, heads(graph, scaled, count, H), 3);
  const scores = withoutAxis(graph, graph.call("MatMul", [keys, columns]), 3);
  const shared = mask === null ? null : withAxis(graph, mask, 1);
  const weights = maskedSoftmax(graph, scores, shared);
  const context = graph.call("MatMul", [withAxis(graph, weights, 2), values]);
  return { context: graph.call("Reshape", [context, graph.integers(0, H)]), weights };
}

/** Weights (N, heads, T) → their mean over heads (N, T). */
export function meanOfHeads(graph: Graph, weights: Value): Value {
  return graph.call("ReduceMean", [weights], { axes: [1], keepdims: 0 });
}

const NAME = "decoder.attention";

/** What an encoder gives the attention of a recurrent decoder, by the names of the graph's values. */
export function attentionMemory(sketch: Sketch, hs: Value): Map<string, Value> {
  const { graph, config } = sketch;
  const { attention, heads: count, hiddenSize } = config;
  switch (attention) {
    case "none":
      return new Map();
    case "additive":
      return new Map([
        ["keys", linear(sketch, `${NAME}.keys`, hs)],
        ["values", hs],
      ]);
    case "multi-head": {
      const projected = (name: "keys" | "values"): Value =>
        headsOfSteps(graph, linear(sketch, `${NAME}.${name}`, hs), count, hiddenSize);
      return new Map([
        ["keys", projected("keys")],
        ["values", projected("values")],
      ]);
    }
    default:
      return new Map([["keys", hs]]);
  }
}

/**
 * Hidden states (N, H) → context (N, H) and weights (N, Te) over what {@link attentionMemory} gave.
 *
 * @param values the keys themselves where the encoder gave no others
 */
export function attend(
  sketch: Sketch,
  hidden: Value,
  { keys, values, mask }: HeadMemory,
): { readonly context: Value; readonly weights: Value } {
  const { graph, config } = sketch;
  if (config.attention === "multi-head") {
    const query = linear(sketch, `${NAME}.query`, hidden);
    const { context, weights } = attendWithHeads(sketch, query, { keys, values, mask });
    return {
      context: linear(sketch, `${NAME}.out`, context),
      weights: config.heads === 1 ? withoutAxis(graph, weights, 1) : meanOfHeads(graph, weights),
    };
  }
  const scores = withoutAxis(graph, columnOfScores(sketch, hidden, keys), 2);
  const weights = maskedSoftmax(graph, scores, mask);
  const context = graph.call("MatMul", [withAxis(graph, weights, 1), values]);
  return { context: withoutAxis(graph, context, 1), weights };
}

/** hidden (N, H), keys (N, Te, H) → scores (N, Te, 1) */
function columnOfScores(sketch: Sketch, hidden: Value, keys: Value): Value {
  const { graph, config } = sketch;
  if (config.attention === "additive") {
    const query = withAxis(graph, linear(sketch, `${NAME}.query`, hidden), 1);
    const both = graph.call("Tanh", [graph.call("Add", [keys, query])]);
    return graph.call("MatMul", [both, withAxis(graph, parameter(sketch, `${NAME}.v`), 1)]);
  }
  return graph.call("MatMul", [keys, withAxis(graph, queryOf(sketch, hidden), 2)]);
}

/** What of the hidden state meets the keys, as it is. */
function queryOf(sketch: Sketch, hidden: Value): Value {
  const { graph, config } = sketch;
  switch (config.attention) {
    case "multiplicative":
      return graph.call("MatMul", [hidden, parameter(sketch, `${NAME}.W`)]);
    case "scaled-dot":
      return graph.call("Mul", [hidden, graph.float(1 / Math.sqrt(config.hiddenSize))]);
    default:
      return hidden;
  }
}
