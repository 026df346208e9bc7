/** Parts of an ONNX file: nodes, their attributes, values, constants, the file itself. */
import { type Field, message } from "./protobuf.ts";

const FLOAT = 1;
const INT64 = 7;
/** Types of an attribute: a float, a whole number, a list of those. */
const [ONE_FLOAT, ONE_INT, INTS] = [1, 2, 7];

/** A value that goes in or comes out: its name and its shape. */
export type Value = readonly [name: string, shape: readonly number[]];

/** The file of a graph. */
export function model(
  nodes: readonly Uint8Array[],
  constants: readonly Uint8Array[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  opset = 17,
): Uint8Array {
  const graph = message(
    ...nodes.map((each): Field => [1, each]),
    [2, "attention"],
    ...constants.map((each): Field => [5, each]),
    ...inputs.map((each): Field => [11, value(each)]),
    ...outputs.map((each): Field => [12, value(each)]),
  );
  const own = message([1, "com.microsoft"], [2, 1]);
  const standard = message([1, ""], [2, opset]);
  return message([1, opset > 22 ? 11 : 8], [2, "heed-bench"], [7, graph], [8, standard], [8, own]);
}

/** A node with one output. */
export function node(
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

/** An attribute that is a whole number. */
export function int(name: string, number: number): Uint8Array {
  return message([1, name], [3, number], [20, ONE_INT]);
}

/** An attribute that is a list of whole numbers. */
export function ints(name: string, numbers: readonly number[]): Uint8Array {
  return message([1, name], ...numbers.map((each): Field => [8, each]), [20, INTS]);
}

/** An attribute that is a float. */
export function float(name: string, number: number): Uint8Array {
  return message([1, name], [2, { float: number }], [20, ONE_FLOAT]);
}

/** A constant: whole numbers of 64 bits, or float32. */
export function constant(
  name: string,
  shape: readonly number[],
  numbers: Float32Array | BigInt64Array,
): Uint8Array {
  const type = numbers instanceof Float32Array ? FLOAT : INT64;
  const dims = shape.map((size): Field => [1, size]);
  return message(...dims, [2, type], [8, name], [9, new Uint8Array(numbers.buffer)]);
}

function value([name, shape]: Value): Uint8Array {
  const dims = message(...shape.map((size): Field => [1, message([1, size])]));
  return message([1, name], [2, message([1, message([1, FLOAT], [2, dims])])]);
}
