/**
 * Bytes as text in a program: one or two characters each. Base64 would hide from gzip where bytes
 * begin; here equal bytes are equal text, and a download is nearly as small as that of a file.
 *
 * No character is one that a quote, a minifier, an HTML parser or another character set than UTF-8
 * would change. The first PREFIXES of them begin the bytes that take two.
 */
export const ALPHABET =
  " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
export const PREFIXES = 2;
/** Bytes from 256 − SHIFT on, and then from 0 on, take one character, being the commonest in code. */
export const SHIFT = 3;

/** The bytes that scripts/bytes-as-text.ts wrote. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  const places = new Uint8Array(128);
  for (let i = 0; i < ALPHABET.length; i++) places[ALPHABET.charCodeAt(i)] = i;
  const bytes = new Uint8Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    let place = places[text.charCodeAt(i)]!;
    if (place < PREFIXES) place = (place + 1) * ALPHABET.length + places[text.charCodeAt(++i)]!;
    bytes[count++] = place - PREFIXES - SHIFT; // modulo 256, as the array does it
  }
  return bytes.slice(0, count);
}

/**
 * A copy of the bytes with some replaced.
 *
 * @param edits how many bytes to keep since the last edit, how many to drop, how many to insert (each
 *   in LEB128), and these: again and again
 */
export function edited(bytes: Uint8Array, edits: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  const number = () => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = edits[at++]!;
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    return value;
  };
  // An edit inserts no more than its own bytes.
  const result = new Uint8Array(bytes.length + edits.length);
  let [from, to] = [0, 0];
  const append = (part: Uint8Array) => {
    result.set(part, to);
    to += part.length;
  };
  while (at < edits.length) {
    const [keep, drop, insert] = [number(), number(), number()];
    append(bytes.subarray(from, from + keep));
    append(edits.subarray(at, at + insert));
    from += keep + drop;
    at += insert;
  }
  append(bytes.subarray(from));
  return result.slice(0, to);
}
