/** TimeAttention forward and backward as one ONNX graph, its gradients derived by hand. */
import type { Sizes } from "../shapes.ts";
import { constant, int, ints, model, node } from "./onnx-nodes.ts";

/**
 * The file of the graph. Inputs hsEnc, hsDec, dout; outputs out, dhsEnc, dhsDec.
 *
 * @param fused whether transposed factors go to onnxruntime's own FusedMatMul, or to Transpose
 */
export function attentionGraph([N, Td, Te, H]: Sizes, fused: boolean): Uint8Array {
  const nodes: Uint8Array[] = [];
  const transposed = (name: string): string => {
    const output = `${name}_transposed`;
    const done = nodes.some((each) => Buffer.from(each).includes(`${output}_node`));
    if (!done) nodes.push(node("Transpose", [name], output, [ints("perm", [0, 2, 1])]));
    return output;
  };
  const product = (a: string, b: string, output: string, transA = false, transB = false): void => {
    if (fused && (transA || transB)) {
      const attributes = [int("transA", Number(transA)), int("transB", Number(transB))];
      nodes.push(node("FusedMatMul", [a, b], output, attributes, "com.microsoft"));
    } else {
      const [left, right] = [transA ? transposed(a) : a, transB ? transposed(b) : b];
      nodes.push(node("MatMul", [left, right], output));
    }
  };
  product("hsDec", "hsEnc", "scores", false, true);
  nodes.push(node("Softmax", ["scores"], "a", [int("axis", -1)]));
  product("a", "hsEnc", "out");
  product("dout", "hsEnc", "da", false, true);
  nodes.push(node("Mul", ["a", "da"], "products"));
  nodes.push(node("ReduceSum", ["products", "last"], "sums", [int("keepdims", 1)]));
  nodes.push(node("Sub", ["da", "sums"], "differences"));
  nodes.push(node("Mul", ["a", "differences"], "ds"));
  product("ds", "hsEnc", "dhsDec");
  product("a", "dout", "fromValues", true);
  product("ds", "hsDec", "fromKeys", true);
  nodes.push(node("Add", ["fromValues", "fromKeys"], "dhsEnc"));

  return model(
    nodes,
    [constant("last", [1], BigInt64Array.of(-1n))],
    [
      ["hsEnc", [N, Te, H]],
      ["hsDec", [N, Td, H]],
      ["dout", [N, Td, H]],
    ],
    [
      ["out", [N, Td, H]],
      ["dhsEnc", [N, Te, H]],
      ["dhsDec", [N, Td, H]],
    ],
  );
}
