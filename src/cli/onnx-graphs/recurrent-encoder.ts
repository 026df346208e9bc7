import { attentionMemory } from "./attention.ts";
import { type CellState, layerNames, overSource } from "./cells.ts";
import type { Value } from "./graph.ts";
import { embedding, embeddingNames, layerName, linear, type Sketch, zerosLike } from "./parts.ts";
import { feedSize, memoryPorts, statePorts } from "./recurrent-ports.ts";
import { asGiven, realSteps, sourceInputs } from "./source.ts";

/** The graph of an encoder of LSTMs or GRUs: source → all that a decoder's step needs of it, and its first state. */
export function recurrentEncoder(sketch: Sketch): void {
  const { graph, config } = sketch;
  const source = sourceInputs(sketch);
  const lengths =
    source.lengths === null ? null : graph.call("Cast", [source.lengths], { to: INT32 });
  // ONNX's operators want the steps first.
  const ids = graph.call("Transpose", [source.ids], { perm: [1, 0] });
  let hs = embedding(sketch, embeddingNames(config).encoder, ids);
  const states = layerNames("encoder", sketch).map((name) => {
    const names = config.bidirectional ? [name, `${name}.reverse`] : [name];
    const size = config.hiddenSize / names.length;
    const out = overSource(sketch, { names, size }, hs, lengths);
    hs = out.hs;
    return out.state;
  });
  const rows = asGiven(sketch, graph.call("Transpose", [hs], { perm: [1, 0, 2] }), source);
  const given = attentionMemory(sketch, rows);
  if (config.maskPadding) given.set("mask", realSteps(sketch, source));
  for (const [name, start] of firstStates(sketch, states, source.ids)) given.set(name, start);
  for (const port of [...memoryPorts(config), ...statePorts(config)]) {
    graph.output(port, given.get(port.name) as Value);
  }
}

/** INT32 among the element types of ONNX. */
const INT32 = 6;

/** By name: what the decoder's layers begin with, and what its first step is fed. */
function firstStates(
  sketch: Sketch,
  states: readonly CellState[],
  source: Value,
): Map<string, Value> {
  const { graph, config } = sketch;
  const starts = new Map<string, Value>();
  const zeros = (size: number): Value => zerosLike(graph, source, size);
  const fed = feedSize(config);
  if (fed > 0) starts.set("feed", zeros(fed));
  for (let layer = 0; layer < config.decoderLayers; layer++) {
    const below = config.encoderLayers - config.decoderLayers + layer;
    const { h, c } = states[Math.max(0, below)] as CellState;
    starts.set(`h${layer}`, bridged(sketch, "h", layer, h) ?? zeros(config.hiddenSize));
    if (c === null) continue;
    starts.set(`c${layer}`, bridged(sketch, "c", layer, c) ?? zeros(config.hiddenSize));
  }
  return starts;
}

/** What of an encoder's last state a layer of the decoder begins with; null: nothing. */
function bridged(sketch: Sketch, half: "h" | "c", layer: number, state: Value): Value | null {
  switch (sketch.config.bridge) {
    case "state":
      return state;
    case "hidden":
      return half === "h" ? state : null;
    case "linear": {
      const sum = linear(sketch, layerName(`bridge.${half}`, layer), state);
      return sketch.graph.call("Tanh", [sum]);
    }
    case "zero":
      return null;
  }
}
