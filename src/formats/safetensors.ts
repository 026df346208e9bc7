/**
 * Named arrays of numbers in one file, as the safetensors format has them
 * (https://github.com/huggingface/safetensors): the header's length in 8 bytes, a JSON header of
 * names, number types, shapes and offsets, and the numbers, row-major and little-endian.
 */

import { describe } from "../core/arguments.ts";
import { DataError, DtypeError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shapes.ts";
import { widenBfloat16, widenFloat16 } from "./float16.ts";
import {
  LONGEST_HEADER,
  PREFIX,
  readHeader,
  type SafetensorsDtype,
  type TensorPlace,
} from "./safetensors-header.ts";
import { quote } from "./safetensors-json.ts";

export type { SafetensorsDtype } from "./safetensors-header.ts";

/** One tensor of a file that was read. */
export interface SafetensorsTensor {
  /** How the file holds it; F16 and BF16 are float32 in `data`. */
  readonly dtype: SafetensorsDtype;
  /** Sizes per axis; `[]` is a single number. */
  readonly shape: readonly number[];
  /** A copy of the numbers, row-major. */
  readonly data: Float32Array | Float64Array;
}

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** The texts under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

/** What {@link writeSafetensors} takes; a {@link SafetensorsFile} is one. */
export interface SafetensorsContents {
  /** Texts for `__metadata__`, which is left out when there are none. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name: the numbers, row-major, and their shape. */
  readonly tensors: ReadonlyMap<
    string,
    { readonly shape: Shape; readonly data: Float32Array | Float64Array }
  >;
}

/**
 * The tensors of a safetensors file, of dtypes F16, BF16, F32 and F64. The numbers are copied, so
 * that `bytes` can lie at any alignment and be used again. Everything is checked before it is
 * believed; no more memory is taken than a small multiple of the file's own size.
 *
 * @param where the file's name, for messages
 * @throws CheckpointError when the bytes are not a whole, valid safetensors file, or one with a tensor
 * of another dtype
 * @throws DataError when `bytes` is not a Uint8Array
 *
 * @example
 * const tensors = new Map([["w", { shape: [2], data: new Float32Array([1, 2]) }]]);
 * const bytes = writeSafetensors({ metadata: new Map(), tensors });
 * readSafetensors(bytes, "w.safetensors").tensors.get("w")?.data; // → [1, 2]
 */
export function readSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  if (!(bytes instanceof Uint8Array)) {
    throw new DataError({
      where,
      expected: "the file's bytes as a Uint8Array",
      received: Object.prototype.toString.call(bytes).slice(8, -1),
      fix: "wrap an ArrayBuffer: new Uint8Array(buffer)",
    });
  }
  const { metadata, places } = readHeader(bytes, where);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const place of places) {
    const { name, dtype, shape } = place;
    tensors.set(name, { dtype, shape, data: readNumbers(bytes, place) });
  }
  return { metadata, tensors };
}

function readNumbers(bytes: Uint8Array, place: TensorPlace): Float32Array | Float64Array {
  const own = bytes.subarray(place.begin, place.end);
  switch (place.dtype) {
    case "F16":
      return widenFloat16(own);
    case "BF16":
      return widenBfloat16(own);
    case "F32":
      return new Float32Array(alignedCopy(own));
    case "F64":
      return new Float64Array(alignedCopy(own));
  }
}

function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

/**
 * The bytes of a safetensors file: Float32Array as F32, Float64Array as F64, in the order given. The
 * same contents make the same bytes.
 *
 * @throws DataError for a tensor named `__metadata__`, half a surrogate pair in a name or in metadata,
 * or a header of more than 100 MB
 * @throws ShapeError when a shape does not fit its data
 * @throws DtypeError when data is neither a Float32Array nor a Float64Array
 *
 * @example
 * const metadata = new Map([["licence", "MIT"]]);
 * const tensors = new Map([["b", { shape: [1, 3], data: new Float64Array(3) }]]);
 * writeSafetensors({ metadata, tensors }).length % 8; // → 0
 */
export function writeSafetensors(contents: SafetensorsContents): Uint8Array {
  const { metadata, tensors } = contents ?? {};
  for (const [name, map] of Object.entries({ metadata, tensors })) {
    if (map instanceof Map) continue;
    const expected = `${name} as a Map`;
    throw new DataError({ where: "writeSafetensors", expected, received: describe(map) });
  }
  // Built as text: as keys of an object, names like "0" would change places and "__proto__" vanish.
  const entries: string[] = [];
  if (metadata.size > 0) {
    const texts = Array.from(metadata, ([key, text]) => `${literal(key)}:${literal(text)}`);
    entries.push(`"__metadata__":{${texts.join(",")}}`);
  }
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const { shape, data } = tensor ?? {};
    const dtype = checkTensor(name, shape, data);
    const end = offset + data.byteLength;
    const layout = `"shape":[${shape.join(",")}],"data_offsets":[${offset},${end}]`;
    entries.push(`${literal(name)}:{"dtype":"${dtype}",${layout}}`);
    offset = end;
  }
  const header = new TextEncoder().encode(`{${entries.join(",")}}`);
  const length = Math.ceil(header.length / 8) * 8;
  if (length > LONGEST_HEADER) {
    throw new DataError({
      where: "writeSafetensors",
      expected: "names and metadata that make a header of at most 100,000,000 bytes",
      received: `${length} bytes`,
    });
  }

  const bytes = new Uint8Array(PREFIX + length + offset);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.fill(0x20, PREFIX, PREFIX + length); // spaces up to a multiple of 8
  bytes.set(header, PREFIX);
  let at = PREFIX + length;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function literal(text: string): string {
  const isText = typeof text === "string";
  if (isText && text.isWellFormed()) return JSON.stringify(text);
  throw new DataError({
    where: "writeSafetensors",
    expected: "names and metadata of whole characters",
    received: isText ? `half a surrogate pair in ${quote(text)}` : describe(text),
  });
}

function checkTensor(name: string, shape: Shape, data: unknown): "F32" | "F64" {
  const where = `writeSafetensors: tensor ${quote(name)}`;
  if (name === "__metadata__") {
    throw new DataError({ where, expected: "another name", received: "the one kept for metadata" });
  }
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new DtypeError({
      where,
      expected: "a Float32Array or a Float64Array",
      received: Object.prototype.toString.call(data).slice(8, -1),
    });
  }
  checkShape(where, shape);
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError({
      where,
      expected: `${sizeOf(shape)} numbers for shape ${formatShape(shape)}`,
      received: `${data.length}`,
    });
  }
  return data instanceof Float32Array ? "F32" : "F64";
}
