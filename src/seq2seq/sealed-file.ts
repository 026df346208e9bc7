/** What heed's own safetensors files have in common: a kind and a version, texts, and a checksum of it all. */

import { CheckpointError, DataError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shapes.ts";
import { crc32 } from "../formats/crc32.ts";
import { writeSafetensors } from "../formats/safetensors.ts";

/** A kind of file. */
export interface FileKind {
  /** In words, e.g. "a heed model". */
  readonly what: string;
  /** What messages call it, e.g. "model file". */
  readonly file: string;
  /** Its name in the file's metadata. */
  readonly format: string;
  /** The version that is written; a reader refuses others. */
  readonly version: string;
}

/** Named numbers of a file, in the order that the checksum takes them in. */
export type SealedTensors = ReadonlyMap<
  string,
  { readonly shape: Shape; readonly data: Float32Array | Float64Array }
>;

/** The bytes of a file of that kind: `described` and a checksum as metadata. */
export function writeSealed(
  kind: FileKind,
  described: Readonly<Record<string, string>>,
  tensors: SealedTensors,
): Uint8Array {
  const metadata = new Map([
    ["format", kind.format],
    ["version", kind.version],
    ...Object.entries(described),
    ["crc32", checksum(described, tensors)],
  ]);
  return writeSafetensors({ metadata, tensors });
}

/** Refuses a file of another kind or version. */
export function checkKind(
  metadata: ReadonlyMap<string, string>,
  kind: FileKind,
  where: string,
): void {
  const format = metadata.get("format");
  if (format !== kind.format) {
    throw new CheckpointError({
      where,
      expected: `${kind.what} (metadata "format" = ${JSON.stringify(kind.format)})`,
      received: `a safetensors file ${format === undefined ? "without a format" : `of format ${JSON.stringify(format)}`}`,
    });
  }
  const version = metadataText(metadata, "version", where);
  if (version === kind.version) return;
  const isLater = /^[1-9]\d*$/.test(version) && Number(version) > Number(kind.version);
  throw new CheckpointError({
    where,
    expected: `version ${kind.version} of the ${kind.file}`,
    received: `version ${JSON.stringify(version)}`,
    ...(isLater ? { fix: "a later heed wrote it; update heed" } : {}),
  });
}

/** Refuses contents that are not those the file was written with. */
export function checkSeal(
  metadata: ReadonlyMap<string, string>,
  described: Readonly<Record<string, string>>,
  tensors: SealedTensors,
  where: string,
): void {
  const expected = metadata.get("crc32");
  const actual = checksum(described, tensors);
  if (actual === expected) return;
  throw new CheckpointError({
    where,
    expected: `contents of CRC-32 ${expected}, as the file itself says`,
    received: actual,
    fix: "the file was altered after it was written; get it anew",
  });
}

/** Refuses to write numbers that are not finite. */
export function checkFinite(where: string, name: string, data: Float32Array | Float64Array): void {
  if (data.every(Number.isFinite)) return;
  throw new DataError({
    where,
    expected: `finite numbers in ${name}`,
    received: String(data.find((number) => !Number.isFinite(number))),
    fix: "the training has diverged; train again with a lower rate",
  });
}

/** The CRC-32 of everything that a file says, in hexadecimal. */
function checksum(described: Readonly<Record<string, string>>, tensors: SealedTensors): string {
  const encoder = new TextEncoder();
  let crc = crc32(encoder.encode(JSON.stringify(described)));
  for (const [name, { shape, data }] of tensors) {
    crc = crc32(encoder.encode(`${name}${formatShape(shape)}${sizeOf(shape)}`), crc);
    crc = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), crc);
  }
  return crc.toString(16).padStart(8, "0");
}

/** A text of the metadata, which has to be there. */
export function metadataText(
  metadata: ReadonlyMap<string, string>,
  key: string,
  where: string,
): string {
  const value = metadata.get(key);
  if (value !== undefined) return value;
  throw new CheckpointError({ where, expected: `metadata "${key}"`, received: "none" });
}

/** What a text of the metadata says in JSON. */
export function parseMetadata(value: string, key: string, where: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new CheckpointError(
      { where, expected: `JSON in metadata "${key}"`, received: "text that is not" },
      { cause },
    );
  }
}
