/** Runs a case on a device, and holds what comes out against what the case expects. */
import {
  type Device,
  type Indices,
  indices,
  type OnnxAttentionInputs,
  type OnnxAttentionOutput,
  onnxAttention,
  openDevice,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { type CaseArray, CaseError, type ConformanceCase } from "./case-file.ts";
import { isFloat, rounded, toleranceOf } from "./number-types.ts";

/** How far an output was from what is expected. */
export interface OutputReport {
  readonly name: string;
  /** The largest |actual − expected|, and of that the share of |expected| where this is finite and not 0. */
  readonly difference: { readonly absolute: number; readonly relative: number } | null;
  /** What is wrong, if anything is. */
  readonly complaint: string | null;
}

/** Outputs which hold inputs as they are. */
const COPIES = ["present_key", "present_value"];

/** Runs a case; float64, which other devices lack, on the reference device. Throws what the operator throws. */
export async function runCase(
  { opset, attributes, inputs, outputs }: ConformanceCase,
  device: Device,
): Promise<OutputReport[]> {
  const double = Object.values(inputs).some(({ dtype }) => dtype === "float64");
  const where =
    double && !device.dtypes.includes("float64") ? await openDevice("reference") : device;
  const dtype = double ? "float64" : "float32";
  const held: Record<string, Tensor | Indices> = {};
  for (const [name, { shape, data, dtype: given }] of Object.entries(inputs)) {
    const whole = given === "bool" || name === "nonpad_kv_seqlen";
    if (!whole && !isFloat(given) && name !== "attn_mask") {
      throw new CaseError(`input ${name} is ${given}, not of floats`);
    }
    const numbers = isFloat(given) ? data.map((x) => rounded(given, x)) : data;
    held[name] = whole
      ? indices(numbers, shape, { device: where })
      : tensor(numbers, shape, { device: where, dtype });
  }
  // The operator itself refuses what does not go together.
  const results = onnxAttention(held as unknown as OnnxAttentionInputs, attributes, {
    opset,
    outputs: Object.keys(outputs) as OnnxAttentionOutput[],
  });
  const reports: OutputReport[] = [];
  for (const [name, expected] of Object.entries(outputs)) {
    const actual = results[name as OnnxAttentionOutput]!;
    const type = inputs[name === "present_value" ? "V" : "Q"]!.dtype;
    reports.push(await compare(name, actual, type, expected));
  }
  return reports;
}

async function compare(
  name: string,
  actual: Tensor,
  type: string,
  expected: CaseArray,
): Promise<OutputReport> {
  const refused = (complaint: string): OutputReport => ({ name, difference: null, complaint });
  if (type !== expected.dtype) return refused(`it is ${type}, must be ${expected.dtype}`);
  if (String(actual.shape) !== String(expected.shape)) {
    return refused(`it has shape (${actual.shape}), must be (${expected.shape})`);
  }
  const largest = expected.data
    .filter(Number.isFinite)
    .reduce((most, e) => Math.max(most, Math.abs(e)), 0);
  // A GPU's numbers are there by this alone.
  const data = await actual.read();
  let [absolute, relative, wrong, worst, most] = [0, 0, 0, 0, 0];
  for (const [i, e] of expected.data.entries()) {
    const a = rounded(type, data[i]!);
    // NaN − NaN and ∞ − ∞ are NaN: the same is no difference, and NaN for a number is all of it.
    const apart = a === e || Object.is(a, e) ? 0 : Math.abs(a - e);
    const difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    const exact = COPIES.includes(name) || !Number.isFinite(e);
    const allowed = exact ? 0 : toleranceOf(type, e, largest);
    if (difference > allowed) wrong++;
    if (difference - allowed > most) [worst, most] = [i, difference - allowed];
    absolute = Math.max(absolute, difference);
    if (e !== 0 && Number.isFinite(e)) relative = Math.max(relative, difference / Math.abs(e));
  }
  const one = `[${worst}] is ${rounded(type, data[worst]!)}, must be ${expected.data[worst]}`;
  const complaint = wrong === 0 ? null : `${wrong} of ${data.length} numbers are wrong: ${one}`;
  return { name, difference: { absolute, relative }, complaint };
}
