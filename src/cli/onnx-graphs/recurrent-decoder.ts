import { attend } from "./attention.ts";
import { layerNames, oneStep } from "./cells.ts";
import { withCopies } from "./copying.ts";
import type { Value } from "./graph.ts";
import { beside, embedding, embeddingNames, linear, logits, type Sketch } from "./parts.ts";
import { feedSize, memoryPorts, statePorts } from "./recurrent-ports.ts";

/** The graph of one step of a decoder of LSTMs or GRUs. */
export function recurrentDecoder(sketch: Sketch): void {
  const { graph, config, symbols } = sketch;
  const previous = graph.input({ name: "previous", type: "int64", axes: ["N"] });
  const given = new Map(
    [...memoryPorts(config), ...statePorts(config)].map((port) => [port.name, graph.input(port)]),
  );
  const table = embeddingNames(config).decoder;
  const x = embedding(sketch, table, config.copy ? knownSymbol(sketch, previous) : previous);
  const { hidden, next } = cells(sketch, x, given);

  const { context, weights } = attended(sketch, hidden, given);
  const seen = context === null ? [hidden] : [context, hidden];
  const combined =
    config.attentionalSize === null
      ? seen
      : [graph.call("Tanh", [linear(sketch, "decoder.combine", ...seen)])];
  if (feedSize(config) > 0) next.set("feed", combined[0] as Value);

  const scores = logits(sketch, table, ...combined);
  const isCopying = config.copy && weights !== null;
  const logProbabilities = isCopying
    ? withCopies(sketch, { scores, weights, gated: [...seen, x] })
    : graph.call("LogSoftmax", [scores], { axis: -1 });
  const axes = ["N", isCopying ? "V + Te" : symbols];
  graph.output({ name: "log_probabilities", type: "float", axes }, logProbabilities);
  if (weights !== null) {
    graph.output({ name: "weights", type: "float", axes: ["N", "Te"] }, weights);
  }
  for (const port of statePorts(config)) {
    graph.output({ ...port, name: `next_${port.name}` }, next.get(port.name) as Value);
  }
}

/** What was copied and is no symbol of the targets goes on as an unknown one. */
function knownSymbol({ graph, symbols, unknown }: Sketch, previous: Value): Value {
  const isKnown = graph.call("Less", [previous, graph.integer(symbols)]);
  return graph.call("Where", [isKnown, previous, graph.integer(unknown)]);
}

/** x (N, D) and the states given → hidden state of the last layer, and all states after the step. */
function cells(
  sketch: Sketch,
  x: Value,
  given: ReadonlyMap<string, Value>,
): { readonly hidden: Value; readonly next: Map<string, Value> } {
  const next = new Map<string, Value>();
  const feed = given.get("feed");
  let hidden = feed === undefined ? x : beside(sketch.graph, [x, feed]);
  for (const [layer, name] of layerNames("decoder", sketch).entries()) {
    const before = { h: given.get(`h${layer}`) as Value, c: given.get(`c${layer}`) ?? null };
    const { h, c } = oneStep(sketch, name, hidden, before);
    next.set(`h${layer}`, h);
    if (c !== null) next.set(`c${layer}`, c);
    hidden = h;
  }
  return { hidden, next };
}

function attended(
  sketch: Sketch,
  hidden: Value,
  given: ReadonlyMap<string, Value>,
): { readonly context: Value | null; readonly weights: Value | null } {
  const keys = given.get("keys");
  if (keys === undefined) return { context: null, weights: null };
  const memory = { keys, values: given.get("values") ?? keys, mask: given.get("mask") ?? null };
  return attend(sketch, hidden, memory);
}
