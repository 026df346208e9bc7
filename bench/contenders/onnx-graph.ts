/** TimeAttention forward and backward as one ONNX graph, its gradients derived by hand. */
import type { Sizes } from "../shapes.ts";
import { type Field, message } from "./protobuf.ts";

const FLOAT = 1;
const INT64 = 7;
/** Type of an attribute that is a whole number. */
const INT = 2;
/** Type of an attribute that is a list of them. */
const INTS = 7;

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

  const last = message(
    [1, 1],
    [2, INT64],
    [8, "last"],
    [9, Buffer.from(BigInt64Array.of(-1n).buffer)],
  );
  const graph = message(
    ...nodes.map((each): Field => [1, each]),
    [2, "attention"],
    [5, last],
    [11, value("hsEnc", [N, Te, H])],
    [11, value("hsDec", [N, Td, H])],
    [11, value("dout", [N, Td, H])],
    [12, value("out", [N, Td, H])],
    [12, value("dhsEnc", [N, Te, H])],
    [12, value("dhsDec", [N, Td, H])],
  );
  const opset = message([1, ""], [2, 17]);
  const own = message([1, "com.microsoft"], [2, 1]);
  return message([1, 8], [2, "heed-bench"], [7, graph], [8, opset], [8, own]);
}

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Uint8Array[] = [],
  domain = "",
): Uint8Array {
  return message(
    ...inputs.map((name): Field => [1, name]),
    [2, output],
    [3, `${output}_node`],
    [4, type],
    ...attributes.map((each): Field => [5, each]),
    [7, domain],
  );
}

function int(name: string, number: number): Uint8Array {
  return message([1, name], [3, number], [20, INT]);
}

function ints(name: string, numbers: readonly number[]): Uint8Array {
  return message([1, name], ...numbers.map((each): Field => [8, each]), [20, INTS]);
}

function value(name: string, shape: readonly number[]): Uint8Array {
  const dims = message(...shape.map((size): Field => [1, message([1, size])]));
  return message([1, name], [2, message([1, message([1, FLOAT], [2, dims])])]);
}
