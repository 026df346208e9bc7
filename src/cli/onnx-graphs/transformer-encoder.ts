import { headsOfSteps, maskedSoftmax } from "./attention.ts";
import type { Value } from "./graph.ts";
import { embeddingNames, layerNorm, type Sketch, sizesOf, withAxis } from "./parts.ts";
import { positionWaves } from "./positions.ts";
import { asGiven, realSteps, sourceInputs } from "./source.ts";
import {
  blockNames,
  embeddedSteps,
  feedForward,
  pastPorts,
  projected,
  residual,
  sourcePorts,
} from "./transformer-parts.ts";

/** The graph of a Transformer's encoder: source → what each block of the decoder meets of it, and an empty past. */
export function transformerEncoder(sketch: Sketch): void {
  const { graph, config } = sketch;
  const source = sourceInputs(sketch);
  const { ids } = source;
  const width = graph.call("Squeeze", [sizesOf(graph, ids, 1, 2)]);
  const positions = graph.call("Range", [graph.integer(0), width, graph.integer(1)]);
  const waves = positionWaves(graph, positions, config.hiddenSize);
  const mask = config.maskPadding ? realSteps(sketch, source) : null;
  let x = embeddedSteps(sketch, embeddingNames(config).encoder, ids, waves);
  for (const block of blockNames("encoder", config)) {
    x = residual(sketch, `${block}.selfNorm`, x, (h) => {
      return selfAttention(sketch, `${block}.self`, h, mask);
    });
    x = feedForward(sketch, block, x);
  }
  const states = asGiven(sketch, layerNorm(sketch, "encoder.norm", x), source);

  const given = new Map<string, Value>(mask === null ? [] : [["mask", mask]]);
  const { heads, hiddenSize } = config;
  for (const [i, block] of blockNames("decoder", config).entries()) {
    for (const [port, which] of [
      ["keys", "k"],
      ["values", "v"],
    ] as const) {
      const all = projected(sketch, `${block}.cross`, which, states);
      given.set(`${port}${i}`, headsOfSteps(graph, all, heads, hiddenSize));
    }
  }
  for (const port of sourcePorts(config)) graph.output(port, given.get(port.name) as Value);
  const N = sizesOf(graph, ids, 0, 1);
  const none = graph.call("Concat", [N, graph.integers(heads, 0, hiddenSize / heads)], { axis: 0 });
  for (const port of pastPorts(config, "Td")) {
    graph.output(port, graph.call("ConstantOfShape", [none]));
  }
}

/** Every step of x (N, T, H) meets every real one. */
function selfAttention(sketch: Sketch, name: string, x: Value, mask: Value | null): Value {
  const { graph, config } = sketch;
  const { heads, hiddenSize: H } = config;
  const part = (which: "q" | "k" | "v"): Value =>
    headsOfSteps(graph, projected(sketch, name, which, x), heads, H);
  const query = graph.call("Mul", [part("q"), graph.float(1 / Math.sqrt(H / heads))]);
  const keys = graph.call("Transpose", [part("k")], { perm: [0, 1, 3, 2] });
  const shared = mask === null ? null : withAxis(graph, withAxis(graph, mask, 1), 1);
  const weights = maskedSoftmax(graph, graph.call("MatMul", [query, keys]), shared);
  const contexts = graph.call("MatMul", [weights, part("v")]);
  const rows = graph.call("Transpose", [contexts], { perm: [0, 2, 1, 3] });
  return projected(sketch, name, "o", graph.call("Reshape", [rows, graph.integers(0, 0, H)]));
}
