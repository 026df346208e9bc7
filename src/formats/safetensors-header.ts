import { CheckpointError } from "../core/errors.ts";
import { foreignKind } from "./safetensors-foreign.ts";
import { JsonRefusal, type JsonValue, quote, readJson } from "./safetensors-json.ts";

/** Bytes of the number that says how long the header is. */
export const PREFIX = 8;
/** Longest header in bytes, by the specification. */
export const LONGEST_HEADER = 100_000_000;

/** Bytes per number of the number types that can be read. */
const DTYPE_BYTES = { F16: 2, BF16: 2, F32: 4, F64: 8 } as const;

/** A number type that can be read. */
export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

/** Number types that the format has and this library has no use for. */
const OTHER_DTYPES: ReadonlySet<string> = new Set(
  "BOOL U8 I8 U16 I16 U32 I32 U64 I64 C64 F8_E5M2 F8_E4M3 F8_E8M0 F6_E2M3 F6_E3M2 F4".split(" "),
);

/** Where a tensor lies, offsets from the beginning of the file. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A header that was found to fit the file it stands in. */
export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header. */
  readonly places: readonly TensorPlace[];
}

/**
 * Reads and checks everything in a safetensors file but the numbers themselves.
 *
 * @throws CheckpointError
 */
export function readHeader(bytes: Uint8Array, where: string): Header {
  const dataStart = PREFIX + headerLength(bytes, where);
  const entries = parseHeader(headerText(bytes, dataStart, where), where);
  const metadata = readMetadata(entries.get("__metadata__"), where);
  const places: TensorPlace[] = [];
  for (const [name, entry] of entries) {
    if (name !== "__metadata__")
      places.push(readPlace(name, entry, bytes.length, dataStart, where));
  }
  checkCover(places, bytes.length, dataStart, where);
  return { metadata, places };
}

function headerLength(bytes: Uint8Array, where: string): number {
  const expected = "a safetensors file";
  if (bytes.length === 0) throw new CheckpointError({ where, expected, received: "an empty file" });
  let length = 0;
  for (let i = Math.min(PREFIX, bytes.length) - 1; i >= 0; i--) length = length * 256 + bytes[i]!;
  const room = bytes.length - PREFIX;
  if (room >= 2 && length >= 2 && length <= room && length <= LONGEST_HEADER) return length;

  const kind = foreignKind(bytes);
  if (kind !== null) throw new CheckpointError({ where, expected, received: kind });
  if (room < 2) {
    const received = `only ${bytes.length} bytes`;
    throw new CheckpointError({ where, expected, received, fix: "the file is cut off" });
  }
  if (length > LONGEST_HEADER || length < 2) {
    throw new CheckpointError({
      where,
      expected: `${expected}, whose first 8 bytes give a header length from 2 to 100,000,000`,
      received: `one of ${length}`,
      fix: "the file is of another kind or damaged",
    });
  }
  throw new CheckpointError({
    where,
    expected: `a header of ${length} bytes, as the file itself says`,
    received: `${room} bytes`,
    fix: "the file is cut off or of another kind; get it anew",
  });
}

function headerText(bytes: Uint8Array, dataStart: number, where: string): string {
  // A copy, because browsers decode no shared memory.
  const copy = new Uint8Array(dataStart - PREFIX);
  copy.set(bytes.subarray(PREFIX, dataStart));
  if (copy[0] !== 0x7b) {
    throw new CheckpointError({
      where,
      expected: 'a header that begins with "{"',
      received: `the byte 0x${copy[0]!.toString(16).padStart(2, "0")}`,
      fix: "the file is of another kind or damaged",
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(copy);
  } catch (cause) {
    throw new CheckpointError(
      { where, expected: "a header in UTF-8", received: "other bytes", fix: "the file is damaged" },
      { cause },
    );
  }
}

function parseHeader(text: string, where: string): ReadonlyMap<string, JsonValue> {
  try {
    const value = readJson(text);
    if (value instanceof Map) return value;
  } catch (cause) {
    if (!(cause instanceof JsonRefusal)) throw cause;
    throw new CheckpointError(
      { where, expected: "a JSON header", received: cause.message, fix: "the file is damaged" },
      { cause },
    );
  }
  throw new CheckpointError({ where, expected: "an object as header", received: "another value" });
}

function readMetadata(value: JsonValue | undefined, where: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  const expected = "text for every key of __metadata__";
  if (!(value instanceof Map)) {
    throw new CheckpointError({ where, expected, received: "something that is not an object" });
  }
  for (const [key, text] of value) {
    if (typeof text !== "string") {
      throw new CheckpointError({
        where,
        expected,
        received: `something else for ${quote(key)}`,
      });
    }
    metadata.set(key, text);
  }
  return metadata;
}

function readPlace(
  name: string,
  entry: JsonValue,
  fileLength: number,
  dataStart: number,
  where: string,
): TensorPlace {
  const refusal = (expected: string, received: string): CheckpointError =>
    new CheckpointError({ where, expected: `${expected} for tensor ${quote(name)}`, received });
  if (!(entry instanceof Map)) throw refusal("an object", "another value");

  const dtype: unknown = entry.get("dtype");
  if (!isReadable(dtype)) {
    const isKnown = typeof dtype === "string" && OTHER_DTYPES.has(dtype);
    const given = typeof dtype === "string" ? quote(dtype) : "no text";
    throw refusal(
      `one of the dtypes ${Object.keys(DTYPE_BYTES).join(", ")}`,
      isKnown ? `${given}, which heed does not read` : given,
    );
  }

  const shape: unknown = entry.get("shape");
  if (!isSizes(shape)) throw refusal("an array of whole numbers as shape", "another value");
  const offsets: unknown = entry.get("data_offsets");
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw refusal("two whole numbers as data_offsets", "another value");
  }
  const [begin = 0, end = 0] = offsets;
  const room = fileLength - dataStart;
  if (begin > end || end > room) {
    throw refusal(
      `data_offsets within the ${room} bytes that follow the header`,
      `[${begin}, ${end}]${end > room ? ", as if the file were cut off" : ""}`,
    );
  }
  const bytes = byteLength(shape, DTYPE_BYTES[dtype]);
  if (bytes !== end - begin) {
    throw refusal(
      `${end - begin} bytes, as data_offsets say`,
      `shape ${quote(`(${shape.slice(0, 16).join(", ")})`)} of ${dtype}, which takes ` +
        (Number.isSafeInteger(bytes) ? `${bytes}` : "more than any file has"),
    );
  }
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

function isReadable(dtype: unknown): dtype is SafetensorsDtype {
  return typeof dtype === "string" && Object.hasOwn(DTYPE_BYTES, dtype);
}

function isSizes(value: unknown): value is readonly number[] {
  const isSize = (n: unknown): boolean =>
    Number.isSafeInteger(n) && (n as number) >= 0 && !Object.is(n, -0);
  return Array.isArray(value) && value.every(isSize);
}

/** Bytes of a tensor: exact as long as it is a safe integer, and then for certain not larger. */
function byteLength(shape: readonly number[], bytesPerNumber: number): number {
  if (shape.includes(0)) return 0;
  let bytes = bytesPerNumber;
  for (const size of shape) bytes *= size;
  return bytes;
}

/** Every byte behind the header belongs to one tensor: no holes, no overlaps, nothing left over. */
function checkCover(
  places: readonly TensorPlace[],
  fileLength: number,
  dataStart: number,
  where: string,
): void {
  const ordered = [...places].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = dataStart;
  for (const { name, begin, end } of ordered) {
    if (begin !== covered) {
      throw new CheckpointError({
        where,
        expected: `tensor ${quote(name)} to begin at data offset ${covered - dataStart}`,
        received: `${begin - dataStart}, ${begin > covered ? "a hole" : "an overlap"}`,
        fix: "the file is damaged",
      });
    }
    covered = end;
  }
  if (covered !== fileLength) {
    throw new CheckpointError({
      where,
      expected: `${covered - dataStart} bytes of numbers, as the header says`,
      received: `${fileLength - dataStart}`,
      fix: "the file has something appended to it or its header is damaged",
    });
  }
}
