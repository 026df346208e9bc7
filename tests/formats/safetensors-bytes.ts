import { writeSafetensors } from "../../src/formats/safetensors.ts";

/** A file of that header and that much data, whatever they say about each other. */
export function file(header: unknown, dataBytes = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + encoded.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  return bytes;
}

/** The header's entry of a tensor. */
export function entry(
  dtype: unknown,
  shape: unknown,
  begin: unknown,
  end: unknown,
): Record<string, unknown> {
  return { dtype, shape, data_offsets: [begin, end] };
}

/** A small valid file with metadata, both number types, an empty tensor and a single number. */
export function sample(): Uint8Array {
  return writeSafetensors({
    metadata: new Map([
      ["config", '{"hiddenSize":4}'],
      ["", "naïve 🙂 \u0000"],
    ]),
    tensors: new Map<string, { shape: number[]; data: Float32Array | Float64Array }>([
      [
        "b",
        {
          shape: [2, 3],
          data: new Float32Array([1, -2, 0.5, -0, Number.POSITIVE_INFINITY, Number.NaN]),
        },
      ],
      ["a", { shape: [3], data: new Float64Array([Math.PI, 5e-324, -1e308]) }],
      ["0", { shape: [], data: new Float32Array([7]) }],
      ["empty", { shape: [4, 0], data: new Float32Array(0) }],
      ["__proto__", { shape: [1], data: new Float32Array([9]) }],
    ]),
  });
}
