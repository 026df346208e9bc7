/** Reads a case of an operator's conformance tests: one JSON file with inputs, attributes and outputs. */
import { isFloat, isInteger } from "./number-types.ts";

/** An array of a case. */
export interface CaseArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Row-major; booleans as 0 and 1. */
  readonly data: readonly number[];
}

/** A case, its arrays by the operator's own names. */
export interface ConformanceCase {
  readonly opset: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, CaseArray>>;
  readonly outputs: Readonly<Record<string, CaseArray>>;
}

/** A file that is no case, or one that cannot be run. */
export class CaseError extends Error {
  override readonly name = "CaseError";
}

const INPUTS = ["Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"];
const OUTPUTS = ["Y", "present_key", "present_value", "qk_matmul_output"];

/** The case in the text of a file. Throws CaseError where it is damaged, or holds what is not known. */
export function parseCase(text: string): ConformanceCase {
  const whole = record("the file", parseJson(text));
  const { opset = 24, attributes = {} } = whole;
  if (typeof opset !== "number") throw new CaseError("opset is not a number");
  const inputs = arrays("input", INPUTS, whole["inputOrder"], whole["inputs"]);
  const outputs = arrays("output", OUTPUTS, whole["outputOrder"], whole["outputs"]);
  for (const name of ["Q", "K", "V"]) {
    if (inputs[name] === undefined) throw new CaseError(`there is no input ${name}`);
  }
  if (Object.keys(outputs).length === 0) throw new CaseError("no output is expected");
  return { opset, attributes: record("attributes", attributes), inputs, outputs };
}

function parseJson(text: string): unknown {
  // Python writes these bare, which JSON does not know.
  const quoted = text.replaceAll(/(?<=[[,:]\s*)-?(?:Infinity|NaN)(?=\s*[\],}])/g, '"$&"');
  try {
    return JSON.parse(quoted);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CaseError(`not JSON: ${reason}`, { cause: error });
  }
}

/** The arrays by the operator's names, which the order gives by place: those of the case may differ. */
function arrays(
  kind: string,
  formal: readonly string[],
  order: unknown = formal,
  held: unknown = {},
): Record<string, CaseArray> {
  const named = record(`${kind}s`, held);
  if (!Array.isArray(order) || !order.every((name) => typeof name === "string")) {
    throw new CaseError(`${kind}Order is not an array of names`);
  }
  if (order.length > formal.length) {
    throw new CaseError(`${kind}Order has ${order.length} names, the operator ${formal.length}`);
  }
  const found: Record<string, CaseArray> = {};
  for (const [place, name] of order.entries()) {
    if (name === "" || (order === formal && !Object.hasOwn(named, name))) continue;
    if (!Object.hasOwn(named, name)) throw new CaseError(`there is no ${kind} ${name}`);
    found[formal[place]!] = array(`${kind} ${name}`, named[name]);
  }
  const forgotten = Object.keys(named).find((name) => !order.includes(name));
  if (forgotten !== undefined) throw new CaseError(`${kind}Order lacks ${forgotten}`);
  return found;
}

function array(what: string, value: unknown): CaseArray {
  const { dtype, shape, data } = record(what, value);
  if (typeof dtype !== "string" || !(dtype === "bool" || isFloat(dtype) || isInteger(dtype))) {
    throw new CaseError(`${what} has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && Number(size) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new CaseError(`${what} has no shape of whole numbers`);
  }
  if (!Array.isArray(data)) throw new CaseError(`${what} has no array of data`);
  const count = shape.reduce((product: number, size: number) => product * size, 1);
  if (data.length !== count) {
    throw new CaseError(
      `${what} has ${data.length} numbers, its shape (${shape}) asks for ${count}`,
    );
  }
  return { dtype, shape, data: data.map((item) => number(what, item)) };
}

function number(what: string, item: unknown): number {
  if (typeof item === "number") return item;
  if (typeof item === "boolean") return Number(item);
  const named = typeof item === "string" ? NAMED[item.toLowerCase()] : undefined;
  if (named === undefined) throw new CaseError(`${what} holds ${JSON.stringify(item)}`);
  return named;
}

/** What JSON has no numbers for. */
const NAMED: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

function record(what: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new CaseError(`${what} is not an object`);
}
