import type { ModelConfig, NamedNumbers } from "../../index.ts";
import type { Graph, Value } from "./graph.ts";

/** What graphs of a model are made of. */
export interface Model {
  readonly config: ModelConfig;
  readonly parameters: NamedNumbers;
  /** Symbols of the targets. */
  readonly symbols: number;
  /** The symbol of the targets that stands for what is none of them. */
  readonly unknown: number;
}

/** A graph on its way, and the model that it computes. */
export interface Sketch extends Model {
  readonly graph: Graph;
}

/** A parameter of the model, as a constant of the graph. */
export function parameter(sketch: Sketch, name: string): Value {
  const { shape, data } = numbersOf(sketch, name);
  return sketch.graph.constant(name, shape, data);
}

/** The numbers of a parameter. */
export function numbersOf(
  { parameters }: Model,
  name: string,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const found = parameters.get(name);
  if (found === undefined) throw new TypeError(`the model has no parameter ${name}`);
  const { shape, data } = found;
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** The rows of a table of embeddings: ids (…) → (…, D). */
export function embedding(sketch: Sketch, name: string, ids: Value): Value {
  return sketch.graph.call("Gather", [parameter(sketch, `${name}.W`), ids]);
}

/** [x₁, x₂, …] · W + b; inputs side by side along the last axis. */
export function linear(sketch: Sketch, name: string, ...inputs: readonly Value[]): Value {
  const { graph } = sketch;
  const product = graph.call("MatMul", [beside(graph, inputs), parameter(sketch, `${name}.W`)]);
  return graph.call("Add", [product, parameter(sketch, `${name}.b`)]);
}

/** The logits of what comes before the output layer, which may be the embeddings, transposed. */
export function logits(sketch: Sketch, embed: string, ...inputs: readonly Value[]): Value {
  const { graph, config, symbols } = sketch;
  const name = "decoder.affine";
  if (config.tiedEmbeddings === "none") return linear(sketch, name, ...inputs);
  // Of a table that both sides share, the first rows are the targets'.
  const { shape, data } = numbersOf(sketch, `${embed}.W`);
  const [rows = 0, D = 0] = shape;
  const table =
    rows === symbols
      ? parameter(sketch, `${embed}.W`)
      : graph.constant(`${embed}.W targets`, [symbols, D], data.subarray(0, symbols * D));
  const x = beside(graph, inputs);
  const bias = parameter(sketch, `${name}.b`);
  return graph.call("Gemm", [x, table, bias], { transB: 1 });
}

/** gain ⊙ (x − μ) / √(σ² + 10⁻⁵) + bias, over the last axis. */
export function layerNorm(sketch: Sketch, name: string, x: Value): Value {
  const [gain, bias] = [parameter(sketch, `${name}.gain`), parameter(sketch, `${name}.bias`)];
  // ONNX's ε is 1e-5 unless given, as is that of heed's layers.
  return sketch.graph.call("LayerNormalization", [x, gain, bias], { axis: -1 });
}

/** Values side by side along the last axis; one alone as it is. */
export function beside(graph: Graph, values: readonly Value[]): Value {
  const [first] = values;
  if (first === undefined) throw new TypeError("nothing to put side by side");
  return values.length === 1 ? first : graph.call("Concat", values, { axis: -1 });
}

/** x with an axis of 1 put in. */
export function withAxis(graph: Graph, x: Value, axis: number): Value {
  return graph.call("Unsqueeze", [x, graph.integers(axis)]);
}

/** x without an axis of 1. */
export function withoutAxis(graph: Graph, x: Value, axis: number): Value {
  return graph.call("Squeeze", [x, graph.integers(axis)]);
}

/** The sizes of some axes of x, from `first` to before `end`, as whole numbers along one axis. */
export function sizesOf(graph: Graph, x: Value, first: number, end: number): Value {
  return graph.call("Shape", [x], { start: first, end });
}

/** Zeros (N, size), with the N of a value whose first axis it is. */
export function zerosLike(graph: Graph, x: Value, size: number): Value {
  const shape = graph.call("Concat", [sizesOf(graph, x, 0, 1), graph.integers(size)], { axis: 0 });
  return graph.call("ConstantOfShape", [shape]);
}

/** `name` for layer 0, `name2` for layer 1, and so on, as parameters are called. */
export function layerName(name: string, layer: number): string {
  return layer === 0 ? name : `${name}${layer + 1}`;
}

/** The names of both sides' embeddings, which may be one. */
export function embeddingNames({ tiedEmbeddings }: ModelConfig): {
  readonly encoder: string;
  readonly decoder: string;
} {
  if (tiedEmbeddings === "all") return { encoder: "embed", decoder: "embed" };
  return { encoder: "encoder.embed", decoder: "decoder.embed" };
}
