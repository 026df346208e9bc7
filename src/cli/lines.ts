/** A line of a stream, from 1, with what did not fit cut off. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** Whether it went on behind what is in `text`. */
  readonly cut: boolean;
  /** Whether it has bytes that are not UTF-8; `text` has U+FFFD for them. */
  readonly damaged: boolean;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * The lines of a UTF-8 stream, as many at a time as have arrived: an answer to a line never waits
 * for the line after it. A line longer than `longest` is cut there and its rest is skipped, so that
 * memory stays bounded whatever comes. `\r\n` and `\n` both end a line; a last line needs no end.
 *
 * @param longest most UTF-16 units of a line; no code point is cut in two
 *
 * @example
 * async function* stream() {
 *   yield new TextEncoder().encode("one\r\ntwo");
 * }
 * const texts: string[] = [];
 * for await (const lines of readLines(stream(), 4096)) texts.push(...lines.map(({ text }) => text));
 * texts; // → ["one", "two"]
 */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<Line[]> {
  const open = new OpenLine(longest);
  let number = 0;
  for await (const chunk of stream) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      open.add(chunk.subarray(start, end));
      lines.push(open.finish(++number));
      start = end + 1;
    }
    open.add(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (open.begun) yield [open.finish(++number)];
}

/** The bytes of a line that has not come to its end. */
class OpenLine {
  readonly #longest: number;
  /** Bytes that are kept: `longest` units are at most three times as many, and a `\r` may follow. */
  readonly #room: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  #endsInReturn = false;

  constructor(longest: number) {
    this.#longest = longest;
    this.#room = 3 * longest + 5;
  }

  /** Whether there is anything of it. */
  get begun(): boolean {
    return this.#length > 0;
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return;
    const room = this.#room - this.#length;
    // A copy: who gave the part may fill it anew.
    if (room > 0) this.#parts.push(part.slice(0, room));
    this.#length += part.length;
    this.#endsInReturn = part.at(-1) === RETURN;
  }

  finish(number: number): Line {
    const whole = this.#length <= this.#room;
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : joined(this.#parts);
    const content = whole && this.#endsInReturn ? bytes.subarray(0, -1) : bytes;
    this.#parts = [];
    this.#length = 0;
    this.#endsInReturn = false;
    return { number, ...this.#read(content, whole, number === 1) };
  }

  #read(bytes: Uint8Array, whole: boolean, first: boolean): Omit<Line, "number"> {
    const { text: all, damaged } = decode(bytes, whole);
    let text = first && all.startsWith("\ufeff") ? all.slice(1) : all;
    const cut = !whole || text.length > this.#longest;
    if (cut) text = text.slice(0, this.#longest).replace(/[\ud800-\udbff]$/, "");
    return { text, cut, damaged };
  }
}

const STRICT = { fatal: true, ignoreBOM: true };
const strict = new TextDecoder("utf-8", STRICT);
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** What is not whole may end within a character. */
function decode(bytes: Uint8Array, whole: boolean): { text: string; damaged: boolean } {
  try {
    // A decoder that is told of more to come waits for it, so that the next line needs another.
    const decoder = whole ? strict : new TextDecoder("utf-8", STRICT);
    return { text: decoder.decode(bytes, { stream: !whole }), damaged: false };
  } catch {
    return { text: lenient.decode(bytes), damaged: true };
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Lines in runs that are worth one batch: at most `most` of them, and at most `budget` symbols when
 * all are padded to the longest. A line that exceeds the budget comes alone.
 *
 * @example
 * const lines = ["a", "bcd", "e"].map((text, i) => ({ number: i + 1, text, cut: false, damaged: false }));
 * [...batches(lines, 64, 4)].map((batch) => batch.length); // → [1, 1, 1]
 */
export function* batches(lines: readonly Line[], most: number, budget: number): Generator<Line[]> {
  let batch: Line[] = [];
  let widest = 0;
  for (const line of lines) {
    const width = Math.max(widest, line.text.length);
    if (batch.length > 0 && (batch.length === most || width * (batch.length + 1) > budget)) {
      yield batch;
      batch = [];
    }
    widest = batch.length === 0 ? line.text.length : width;
    batch.push(line);
  }
  if (batch.length > 0) yield batch;
}
