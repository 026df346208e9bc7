import { CheckpointError, ShapeError } from "../core/errors.ts";
import { checkShape } from "../core/shapes.ts";
import { foreignKind } from "./safetensors-foreign.ts";

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  /** The numbers' type as NumPy spells it, such as `<f4`. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly start: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Bytes up to the header's length, and the longest header, which a file of one array never needs. */
const LENGTH_AT = 8;
const LONGEST = 65_536;

/** The dictionary, as NumPy writes it: three keys in any order, the last comma optional. */
const ENTRY = {
  descr: /^'descr': *'([^']*)'/,
  fortran_order: /^'fortran_order': *(True|False)/,
  shape: /^'shape': *\(((?:\d+L?, *)*(?:\d+L?)?)\)/,
} as const;

type Key = keyof typeof ENTRY;

/**
 * Reads and checks everything in a `.npy` file before the numbers.
 *
 * @throws CheckpointError
 */
export function readNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  checkMagic(bytes, where);
  const [major = 0] = bytes.subarray(6);
  if (major < 1 || major > 3) {
    const received = `version ${major}`;
    throw new CheckpointError({ where, expected: "version 1, 2 or 3 of the format", received });
  }
  const dictionaryAt = LENGTH_AT + (major === 1 ? 2 : 4);
  if (bytes.length < dictionaryAt) throw cutOff(where, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(LENGTH_AT, true) : view.getUint32(LENGTH_AT, true);
  if (length > LONGEST) {
    const received = `${length}`;
    throw new CheckpointError({ where, expected: `a header of up to ${LONGEST} bytes`, received });
  }
  const start = dictionaryAt + length;
  if (bytes.length < start) throw cutOff(where, bytes);
  const text = new TextDecoder("latin1").decode(bytes.subarray(dictionaryAt, start));
  const entries = readDictionary(text, where);
  if (entries.get("fortran_order") === "True") {
    throw new CheckpointError({
      where,
      expected: "numbers row by row",
      received: "a file that has them column by column",
      fix: "numpy.ascontiguousarray before saving",
    });
  }
  return {
    descr: entries.get("descr") ?? "",
    shape: readShape(entries.get("shape") ?? "", where),
    start,
  };
}

function checkMagic(bytes: Uint8Array, where: string): void {
  if (bytes.length >= LENGTH_AT && MAGIC.every((byte, i) => bytes[i] === byte)) return;
  const kind = bytes.length === 0 ? "an empty file" : (foreignKind(bytes) ?? "something else");
  const received = MAGIC.every((byte, i) => bytes[i] === byte) ? `${bytes.length} bytes` : kind;
  throw new CheckpointError({ where, expected: "a .npy file", received });
}

function cutOff(where: string, bytes: Uint8Array): CheckpointError {
  const received = `${bytes.length} bytes`;
  const expected = "a header as long as the file itself says";
  return new CheckpointError({ where, expected, received, fix: "the file is cut off" });
}

function readDictionary(text: string, where: string): Map<string, string> {
  const refuse = (received: string): CheckpointError =>
    new CheckpointError({
      where,
      expected: "a header {'descr': …, 'fortran_order': …, 'shape': …}",
      received,
    });
  const inside = /^\{(.*)\} *\n?$/s.exec(text)?.[1]?.trim();
  if (inside === undefined) throw refuse(JSON.stringify(text.slice(0, 60)));
  const entries = new Map<string, string>();
  let rest = inside;
  while (rest !== "") {
    const key = /^'(\w+)'/.exec(rest)?.[1] ?? "";
    const found = Object.hasOwn(ENTRY, key) ? ENTRY[key as Key].exec(rest) : null;
    if (found === null || entries.has(key)) throw refuse(JSON.stringify(rest.slice(0, 60)));
    entries.set(key, found[1] ?? "");
    const after = rest.slice(found[0].length).trimStart();
    if (after !== "" && !after.startsWith(",")) throw refuse(JSON.stringify(after.slice(0, 60)));
    rest = after.slice(1).trimStart();
  }
  const missing = Object.keys(ENTRY).filter((key) => !entries.has(key));
  if (missing.length > 0) throw refuse(`none of ${missing.join(", ")}`);
  return entries;
}

function readShape(text: string, where: string): number[] {
  const shape = text
    .split(",")
    .map((size) => size.trim().replace(/L$/, ""))
    .filter((size) => size !== "")
    .map(Number);
  try {
    checkShape(where, shape);
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    const { expected, received } = cause;
    throw new CheckpointError({ where, expected, received }, { cause });
  }
  return shape;
}
