import type { ModelConfig } from "../../index.ts";
import type { Port } from "./graph.ts";

/** What the encoder gives every step of the decoder. */
export function memoryPorts(config: ModelConfig): Port[] {
  const { attention, hiddenSize: H, heads, maskPadding } = config;
  if (attention === "none") return [];
  const projected = attention === "additive" || attention === "multi-head";
  const names = projected ? ["keys", "values"] : ["keys"];
  const axes = attention === "multi-head" ? ["N", heads, "Te", H / heads] : ["N", "Te", H];
  const ports: Port[] = names.map((name) => ({ name, type: "float", axes }));
  if (maskPadding) ports.push({ name: "mask", type: "bool", axes: ["N", "Te"] });
  return ports;
}

/** What a step of the decoder gives the next. */
export function statePorts(config: ModelConfig): Port[] {
  const { cell, decoderLayers, hiddenSize } = config;
  const halves = cell === "lstm" ? ["h", "c"] : ["h"];
  const layers = Array.from({ length: decoderLayers }, (_, layer) => layer);
  const names = layers.flatMap((layer) => halves.map((half) => `${half}${layer}`));
  const ports = names.map((name): Port => ({ name, type: "float", axes: ["N", hiddenSize] }));
  const fed = feedSize(config);
  if (fed > 0) ports.push({ name: "feed", type: "float", axes: ["N", fed] });
  return ports;
}

/** Size of what a step is fed of the step before; 0: nothing. */
export function feedSize({ inputFeeding, attentionalSize, hiddenSize }: ModelConfig): number {
  return inputFeeding ? (attentionalSize ?? hiddenSize) : 0;
}
