import { attendWithHeads, heads, meanOfHeads } from "./attention.ts";
import type { Value } from "./graph.ts";
import { embeddingNames, layerNorm, logits, type Sketch, sizesOf, withAxis } from "./parts.ts";
import { positionWaves } from "./positions.ts";
import {
  blockNames,
  embeddedSteps,
  feedForward,
  pastPorts,
  projected,
  residual,
  sourcePorts,
} from "./transformer-parts.ts";

/** The graph of one step of a Transformer's decoder. */
export function transformerDecoder(sketch: Sketch): void {
  const { graph, config, symbols } = sketch;
  const previous = graph.input({ name: "previous", type: "int64", axes: ["N"] });
  const given = new Map(
    [...sourcePorts(config), ...pastPorts(config, "Td")].map((port) => [
      port.name,
      graph.input(port),
    ]),
  );
  const read = (name: string): Value => given.get(name) as Value;
  const mask = given.get("mask") ?? null;
  const step = sizesOf(graph, read("past_keys0"), 2, 3);
  const table = embeddingNames(config).decoder;
  let x = embeddedSteps(sketch, table, previous, positionWaves(graph, step, config.hiddenSize));
  let weights: Value | null = null;
  const next = new Map<string, Value>();
  for (const [i, block] of blockNames("decoder", config).entries()) {
    x = residual(sketch, `${block}.selfNorm`, x, (h) => {
      const memory = { keys: "k", values: "v" } as const;
      for (const [part, which] of Object.entries(memory) as ["keys", "k"][]) {
        const own = projected(sketch, `${block}.self`, which, h);
        const name = `past_${part}${i}`;
        next.set(name, appended(sketch, read(name), own));
      }
      const [keys, values] = [next.get(`past_keys${i}`), next.get(`past_values${i}`)];
      const query = projected(sketch, `${block}.self`, "q", h);
      const past = { keys: keys as Value, values: values as Value, mask: null };
      return projected(sketch, `${block}.self`, "o", attendWithHeads(sketch, query, past).context);
    });
    x = residual(sketch, `${block}.crossNorm`, x, (h) => {
      const query = projected(sketch, `${block}.cross`, "q", h);
      const source = { keys: read(`keys${i}`), values: read(`values${i}`), mask };
      const attended = attendWithHeads(sketch, query, source);
      weights = attended.weights;
      return projected(sketch, `${block}.cross`, "o", attended.context);
    });
    x = feedForward(sketch, block, x);
  }
  const scores = logits(sketch, table, layerNorm(sketch, "decoder.norm", x));
  graph.output(
    { name: "log_probabilities", type: "float", axes: ["N", symbols] },
    graph.call("LogSoftmax", [scores], { axis: -1 }),
  );
  if (weights !== null) {
    graph.output(
      { name: "weights", type: "float", axes: ["N", "Te"] },
      meanOfHeads(graph, weights),
    );
  }
  for (const port of pastPorts(config, "Td + 1")) {
    graph.output({ ...port, name: `next_${port.name}` }, next.get(port.name) as Value);
  }
}

/** What a past (N, heads, Td, size) is with one more step (N, H). */
function appended({ graph, config }: Sketch, past: Value, step: Value): Value {
  const own = withAxis(graph, heads(graph, step, config.heads, config.hiddenSize), 2);
  return graph.call("Concat", [past, own], { axis: 2 });
}
