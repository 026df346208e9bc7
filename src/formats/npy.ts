/**
 * One array of numbers in a file, as NumPy's `.npy` format has it (NEP 1,
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic word and a version, a
 * header that is a Python dictionary, and the numbers, row-major and little-endian. A `.npz` file is a
 * zip archive of such files.
 */

import { describe } from "../core/arguments.ts";
import { CheckpointError, DataError, DtypeError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shapes.ts";
import { readNpyHeader } from "./npy-header.ts";

/** The numbers a `.npy` file may hold here: f4, f8, i4, i8 and u1. */
export type NpyNumbers = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** What {@link readNpy} gives and {@link writeNpy} takes. */
export interface NpyArray {
  /** Sizes per axis; `[]` is a single number. */
  readonly shape: Shape;
  /** The numbers, row-major. */
  readonly data: NpyNumbers;
}

/** Bytes that the magic word, version, length and header together are a multiple of. */
const ALIGNMENT = 64;
/** Bytes of the magic word, the version 1.0 and the header's length. */
const PREFIX = 10;

/** How many numbers fit their bytes, and how to copy them. */
const KINDS = {
  "<f4": { bytes: 4, make: (buffer: ArrayBuffer): NpyNumbers => new Float32Array(buffer) },
  "<f8": { bytes: 8, make: (buffer: ArrayBuffer): NpyNumbers => new Float64Array(buffer) },
  "<i4": { bytes: 4, make: (buffer: ArrayBuffer): NpyNumbers => new Int32Array(buffer) },
  "<i8": { bytes: 8, make: (buffer: ArrayBuffer): NpyNumbers => new BigInt64Array(buffer) },
  "|u1": { bytes: 1, make: (buffer: ArrayBuffer): NpyNumbers => new Uint8Array(buffer) },
} as const;

type Descr = keyof typeof KINDS;

/**
 * The bytes of a `.npy` file of version 1.0, row-major: `numpy.load` reads it without pickle. The same
 * array makes the same bytes.
 *
 * @throws ShapeError when the shape does not fit the data
 * @throws DtypeError when data is none of {@link NpyNumbers}
 *
 * @example
 * const bytes = writeNpy({ shape: [2, 1], data: new Float32Array([1, 2]) });
 * bytes.length; // → 136
 * String.fromCharCode(...bytes.slice(10, 127)).trim(); // → "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
 */
export function writeNpy(array: NpyArray): Uint8Array {
  const where = "writeNpy";
  const { shape, data } = array ?? {};
  const descr = descrOf(where, data);
  checkShape(where, shape);
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError({
      where,
      expected: `${sizeOf(shape)} numbers for shape ${formatShape(shape)}`,
      received: `${data.length}`,
    });
  }
  // Python's tuple of one has a comma of its own.
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const start = Math.ceil((PREFIX + fields.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${fields.padEnd(start - PREFIX - 1)}\n`;

  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]); // \x93NUMPY, version 1.0
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), PREFIX);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

/**
 * The array of a `.npy` file of version 1, 2 or 3. The numbers are copied, so that `bytes` can lie at any
 * alignment and be used again. Everything is checked before it is believed.
 *
 * @param where the file's name, for messages
 * @throws CheckpointError when the bytes are not a whole `.npy` file, or one of other numbers than f4, f8,
 * i4, i8 and u1, big-endian or column by column
 * @throws DataError when `bytes` is not a Uint8Array
 *
 * @example
 * const bytes = writeNpy({ shape: [3], data: new Int32Array([4, 5, 6]) });
 * const { shape, data } = readNpy(bytes, "ids.npy");
 * shape; // → [3]
 * data; // → [4, 5, 6]
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  if (!(bytes instanceof Uint8Array)) {
    throw new DataError({
      where,
      expected: "the file's bytes as a Uint8Array",
      received: describe(bytes),
      fix: "wrap an ArrayBuffer: new Uint8Array(buffer)",
    });
  }
  const { descr, shape, start } = readNpyHeader(bytes, where);
  if (!Object.hasOwn(KINDS, descr)) {
    const expected = `numbers of type ${Object.keys(KINDS).join(", ")}`;
    throw new CheckpointError({ where, expected, received: JSON.stringify(descr) });
  }
  const kind = KINDS[descr as Descr];
  const expected = sizeOf(shape) * kind.bytes;
  if (bytes.length - start !== expected) {
    throw new CheckpointError({
      where,
      expected: `${expected} bytes of numbers for shape ${formatShape(shape)}`,
      received: `${bytes.length - start}`,
      fix: bytes.length - start < expected ? "the file is cut off" : "the file is damaged",
    });
  }
  const own = new Uint8Array(expected);
  own.set(bytes.subarray(start));
  return { shape, data: kind.make(own.buffer) };
}

function descrOf(where: string, data: unknown): Descr {
  if (data instanceof Float32Array) return "<f4";
  if (data instanceof Float64Array) return "<f8";
  if (data instanceof Int32Array) return "<i4";
  if (data instanceof BigInt64Array) return "<i8";
  if (data instanceof Uint8Array) return "|u1";
  throw new DtypeError({
    where,
    expected: "data as a Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array",
    received: describe(data),
  });
}
