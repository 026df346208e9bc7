/** Scaled dot-product attention of heads as ONNX graphs; gradients derived by hand. */
import type { FamilyCall, FamilyInputs } from "../family/calls.ts";
import { constant, float, int, model, node, type Value } from "./onnx-nodes.ts";

/** Matrix products around a Softmax, or an operator that is all of it, in each layout that it takes. */
export const FAMILY_KINDS = [
  "products",
  "Attention, heads first",
  "Attention, side by side",
  "MultiHeadAttention, side by side",
] as const;

/** One of {@link FAMILY_KINDS}. */
export type FamilyKind = (typeof FAMILY_KINDS)[number];

/** A graph, and what it takes and gives. */
export interface FamilyGraph {
  readonly file: Uint8Array;
  /** Whether heads lie side by side, (N, T, H · D), rather than as (N, H, T, D). */
  readonly swapped: boolean;
  readonly feeds: readonly (keyof FamilyInputs)[];
  readonly results: readonly string[];
  /** Of everything that goes in and comes out. */
  readonly shape: readonly number[];
}

/** The graph of a call whose queries are as many as its keys. */
export function familyGraph(call: FamilyCall, kind: FamilyKind): FamilyGraph {
  const { batch, heads, steps, size, backward } = call;
  const swapped = kind.endsWith("side by side");
  const shape = swapped ? [batch, steps, heads * size] : [batch, heads, steps, size];
  const feeds = [...FORWARD, ...(backward ? (["dContext"] as const) : [])];
  const results = backward ? ["context", "dQuery", "dKeys", "dValues"] : ["context"];
  const { nodes, constants } =
    kind === "products" ? products(call) : { nodes: [operator(call, kind)], constants: [] };
  const values = (names: readonly string[]): Value[] => names.map((name) => [name, shape]);
  const opset = kind.startsWith("Attention") ? 23 : 17;
  const file = model(nodes, constants, values(feeds), values(results), opset);
  return { file, swapped, feeds, results, shape };
}

const FORWARD = ["query", "keys", "values"] as const;

function operator({ heads, causal, size }: FamilyCall, kind: FamilyKind): Uint8Array {
  const scale = float("scale", 1 / Math.sqrt(size));
  if (kind.startsWith("MultiHeadAttention")) {
    const attributes = [int("num_heads", heads), int("unidirectional", Number(causal)), scale];
    return node("MultiHeadAttention", FORWARD, "context", attributes, "com.microsoft");
  }
  const counts = [int("q_num_heads", heads), int("kv_num_heads", heads)];
  const layout = kind.endsWith("side by side") ? counts : [];
  const attributes = [int("is_causal", Number(causal)), scale, ...layout];
  return node("Attention", FORWARD, "context", attributes);
}

/** By onnxruntime's own FusedMatMul, which scales and transposes as it multiplies. */
function products({ causal, steps, size, backward }: FamilyCall): {
  nodes: Uint8Array[];
  constants: Uint8Array[];
} {
  const nodes: Uint8Array[] = [];
  const product = (
    factors: readonly [string, string],
    output: string,
    { transA = 0, transB = 0, alpha = 1 } = {},
  ): void => {
    const attributes = [int("transA", transA), int("transB", transB), float("alpha", alpha)];
    nodes.push(
      transA + transB === 0 && alpha === 1
        ? node("MatMul", factors, output)
        : node("FusedMatMul", factors, output, attributes, "com.microsoft"),
    );
  };
  const alpha = 1 / Math.sqrt(size);
  product(["query", "keys"], causal ? "unmasked" : "scores", { transB: 1, alpha });
  if (causal) nodes.push(node("Add", ["unmasked", "later"], "scores"));
  nodes.push(node("Softmax", ["scores"], "a", [int("axis", -1)]));
  product(["a", "values"], "context");
  if (backward) {
    product(["dContext", "values"], "da", { transB: 1 });
    nodes.push(node("Mul", ["a", "da"], "terms"));
    nodes.push(node("ReduceSum", ["terms", "last"], "sums", [int("keepdims", 1)]));
    nodes.push(node("Sub", ["da", "sums"], "differences"));
    nodes.push(node("Mul", ["a", "differences"], "ds"));
    product(["ds", "keys"], "dQuery", { alpha });
    product(["ds", "query"], "dKeys", { transA: 1, alpha });
    product(["a", "dContext"], "dValues", { transA: 1 });
  }
  const constants = [
    ...(backward ? [constant("last", [1], BigInt64Array.of(-1n))] : []),
    ...(causal ? [constant("later", [steps, steps], laterKeys(steps))] : []),
  ];
  return { nodes, constants };
}

/** −∞ for every key behind a query's own place. */
function laterKeys(steps: number): Float32Array {
  return Float32Array.from({ length: steps * steps }, (_, i) =>
    i % steps > Math.floor(i / steps) ? Number.NEGATIVE_INFINITY : 0,
  );
}
