import type { ModelConfig } from "../../index.ts";
import type { Port, Value } from "./graph.ts";
import { embedding, layerNorm, linear, parameter, type Sketch } from "./parts.ts";

/** √D · W[ids] + the waves of their positions, (…, D). */
export function embeddedSteps(sketch: Sketch, table: string, ids: Value, waves: Value): Value {
  const { graph, config } = sketch;
  const factor = graph.float(Math.sqrt(config.hiddenSize));
  const rows = graph.call("Mul", [embedding(sketch, table, ids), factor]);
  return graph.call("Add", [rows, waves]);
}

/** x · W + b by the names of a projection of attention, such as Wq and bq. */
export function projected(sketch: Sketch, name: string, which: "q" | "k" | "v" | "o", x: Value) {
  const { graph } = sketch;
  const product = graph.call("MatMul", [x, parameter(sketch, `${name}.W${which}`)]);
  return graph.call("Add", [product, parameter(sketch, `${name}.b${which}`)]);
}

/** x + f(norm(x)) (Xiong et al. 2020). */
export function residual(sketch: Sketch, norm: string, x: Value, f: (x: Value) => Value): Value {
  return sketch.graph.call("Add", [x, f(layerNorm(sketch, norm, x))]);
}

/** The feed-forward layer of a block, with its norm before it. */
export function feedForward(sketch: Sketch, block: string, x: Value): Value {
  const name = `${block}.feedForward`;
  return residual(sketch, `${name}Norm`, x, (h) => {
    const hidden = sketch.graph.call("Relu", [linear(sketch, `${name}.linear1`, h)]);
    return linear(sketch, `${name}.linear2`, hidden);
  });
}

/** The names of a side's blocks. */
export function blockNames(side: "encoder" | "decoder", config: ModelConfig): string[] {
  const count = side === "encoder" ? config.encoderLayers : config.decoderLayers;
  return Array.from({ length: count }, (_, i) => `${side}.block${i + 1}`);
}

/** What the encoder gives every step of the decoder: per block, keys and values of the source. */
export function sourcePorts(config: ModelConfig): Port[] {
  const ports = perBlock(config, (i) => [`keys${i}`, `values${i}`], "Te");
  if (config.maskPadding) ports.push({ name: "mask", type: "bool", axes: ["N", "Te"] });
  return ports;
}

/** What a step of the decoder gives the next: per block, keys and values of the steps so far. */
export function pastPorts(config: ModelConfig, steps: string): Port[] {
  return perBlock(config, (i) => [`past_keys${i}`, `past_values${i}`], steps);
}

function perBlock(
  { decoderLayers, heads, hiddenSize }: ModelConfig,
  names: (block: number) => string[],
  steps: string,
): Port[] {
  const axes = ["N", heads, steps, hiddenSize / heads];
  return Array.from({ length: decoderLayers }, (_, i) => names(i))
    .flat()
    .map((name) => ({ name, type: "float", axes }));
}
