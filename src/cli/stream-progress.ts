import { count, duration, percent } from "./output.ts";
import { canRedraw } from "./terminal.ts";

/** Tells a person how far a stream of lines has got. */
export interface StreamProgress {
  /** After some more lines, and the bytes that have been read for them. */
  advance(lines: number, bytes: number): void;
  /** Makes room for other text on the screen. */
  clear(): void;
  /** Says what it came to, and leaves the screen ready for other text. */
  end(): void;
}

/** What it is drawn on. */
export type ProgressStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Milliseconds between two drawings. */
const INTERVAL = 200;

/**
 * A line that is drawn over while answers go elsewhere; nothing where `stream` is no terminal, or answers
 * go to it as well.
 *
 * @param size bytes of the whole input; null where nobody knows
 * @param now milliseconds since some moment
 */
export function openStreamProgress(
  stream: ProgressStream,
  answers: { readonly isTTY?: boolean },
  size: number | null,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  now: () => number = () => performance.now(),
): StreamProgress {
  if (answers.isTTY === true || !canRedraw(stream, environment)) {
    return { advance: () => {}, clear: () => {}, end: () => {} };
  }
  return new Redrawn(stream, size, now);
}

class Redrawn implements StreamProgress {
  readonly #stream: ProgressStream;
  readonly #size: number | null;
  readonly #now: () => number;
  readonly #began: number;
  #drawn: number;
  #lines = 0;
  #bytes = 0;

  constructor(stream: ProgressStream, size: number | null, now: () => number) {
    this.#stream = stream;
    this.#size = size;
    this.#now = now;
    this.#began = now();
    this.#drawn = this.#began;
  }

  advance(lines: number, bytes: number): void {
    this.#lines += lines;
    this.#bytes += bytes;
    const now = this.#now();
    if (now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    this.#draw(`${this.#standing(now)}${this.#left(now)}`);
  }

  clear(): void {
    this.#draw("");
  }

  end(): void {
    const now = this.#now();
    const seconds = (now - this.#began) / 1000;
    this.#draw(`${this.#standing(now)}, ${duration(seconds)}`);
    this.#stream.write("\n");
  }

  #standing(now: number): string {
    const seconds = Math.max(now - this.#began, 1) / 1000;
    const lines = `${count(this.#lines)} ${this.#lines === 1 ? "line" : "lines"}`;
    return `${lines}, ${count(this.#lines / seconds)} a second`;
  }

  #left(now: number): string {
    if (this.#size === null || this.#bytes === 0) return "";
    const share = Math.min(this.#bytes / this.#size, 1);
    const seconds = ((now - this.#began) / 1000) * (1 / share - 1);
    return `, ${percent(share)}, ${duration(seconds)} left`;
  }

  #draw(text: string): void {
    // What is wider than the terminal would stay behind on the line above.
    this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns || 80) - 1)}`);
  }
}
