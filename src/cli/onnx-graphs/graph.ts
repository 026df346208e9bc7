/** The name of a value of a graph: an input, a constant, or what a node gives. */
export type Value = string & { readonly kind: "value" };

/** A size of an axis: a number, or the letter of one that differs from call to call. */
export type Axis = number | string;

/** What a value of a graph's surface is. */
export interface Port {
  readonly name: string;
  readonly type: "float" | "int64" | "bool";
  readonly axes: readonly Axis[];
}

/** A constant: numbers that the file holds. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** What a node is told apart from its inputs: whole numbers, texts, and lists of them. */
export type Attributes = Readonly<Record<string, number | string | readonly (number | string)[]>>;

/** A call of one of ONNX's operators. */
export interface Node {
  readonly operator: string;
  /** Empty where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/**
 * A graph of ONNX's operators, put together call by call; every value is made before it is used, as ONNX
 * has it.
 *
 * @example
 * const graph = new Graph("twice");
 * const x = graph.input({ name: "x", type: "float", axes: ["N"] });
 * graph.output({ name: "y", type: "float", axes: ["N"] }, graph.call("Add", [x, x]));
 */
export class Graph {
  readonly name: string;
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];
  readonly constants: Constant[] = [];
  readonly nodes: Node[] = [];
  readonly #small = new Map<string, Value>();

  constructor(name: string) {
    this.name = name;
  }

  /** A value that the caller gives. */
  input(port: Port): Value {
    this.inputs.push(port);
    return port.name as Value;
  }

  /** Gives a value to the caller, under the port's name. */
  output(port: Port, value: Value): void {
    this.outputs.push(port);
    this.nodes.push({
      operator: "Identity",
      inputs: [value],
      outputs: [port.name],
      attributes: {},
    });
  }

  /** Numbers under a name of their own. */
  constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): Value {
    if (!this.constants.some((each) => each.name === name)) {
      this.constants.push({ name, shape, data });
    }
    return name as Value;
  }

  /** Whole numbers along one axis, such as a shape or an axis's number; the same ones only once. */
  integers(...numbers: readonly number[]): Value {
    return this.#once(`integers ${numbers.join(" ")}`, [numbers.length], () =>
      BigInt64Array.from(numbers, BigInt),
    );
  }

  /** One whole number without axes. */
  integer(number: number): Value {
    return this.#once(`integer ${number}`, [], () => BigInt64Array.of(BigInt(number)));
  }

  /** One number without axes. */
  float(number: number): Value {
    return this.#once(`float ${number}`, [], () => Float32Array.of(number));
  }

  /** What an operator of one output makes of its inputs; null leaves an optional input out. */
  call(operator: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    const [output] = this.calls(operator, inputs, [true], attributes);
    return output as Value;
  }

  /** The same for several outputs; those that are not wanted are left out. */
  calls(
    operator: string,
    inputs: readonly (Value | null)[],
    wanted: readonly boolean[],
    attributes: Attributes = {},
  ): (Value | null)[] {
    const outputs = wanted.map((is, i) =>
      is ? (`${operator}_${this.nodes.length}_${i}` as Value) : null,
    );
    this.nodes.push({
      operator,
      inputs: inputs.map((input) => input ?? ""),
      // Those at the end are left off rather than left empty.
      outputs: outputs.slice(0, wanted.lastIndexOf(true) + 1).map((output) => output ?? ""),
      attributes,
    });
    return outputs;
  }

  #once(key: string, shape: readonly number[], data: () => Float32Array | BigInt64Array): Value {
    const found = this.#small.get(key);
    if (found !== undefined) return found;
    const value = this.constant(key, shape, data());
    this.#small.set(key, value);
    return value;
  }
}
