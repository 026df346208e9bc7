/** A line of a stream, from 1, with what did not fit cut off. */
export interface Line {
  readonly number: number;
  readonly text: string;
  readonly cut: boolean;
}

/**
 * The lines of a UTF-8 stream, as many at a time as have arrived: an answer to a line never waits
 * for the line after it. A line longer than `longest` is cut there and its rest is skipped, so that
 * memory stays bounded whatever comes. `\r\n` and `\n` both end a line; a last line needs no end.
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
  const decoder = new TextDecoder();
  let open = "";
  let cut = false;
  let number = 0;
  const finish = (): Line => {
    const text = cut ? open : open.replace(/\r$/, "");
    const line = { number: ++number, text, cut };
    open = "";
    cut = false;
    return line;
  };
  const add = (part: string): void => {
    const room = longest + 1 - open.length; // one more than fits, for a final \r
    if (part.length > room) cut = true;
    if (room > 0) open += part.slice(0, room);
    if (open.length > longest && !open.endsWith("\r")) cut = true;
    if (cut) open = open.slice(0, longest);
  };
  for await (const chunk of stream) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    const lines: Line[] = [];
    parts.forEach((part, i) => {
      add(part);
      if (i < parts.length - 1) lines.push(finish());
    });
    if (lines.length > 0) yield lines;
  }
  add(decoder.decode());
  if (open !== "" || cut) yield [finish()];
}

/**
 * Lines in runs that are worth one batch: at most `most` of them, and at most `budget` symbols when
 * all are padded to the longest. A line that exceeds the budget comes alone.
 *
 * @example
 * const lines = ["a", "bcd", "e"].map((text, i) => ({ number: i + 1, text, cut: false }));
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
