import { MultiBar, type SingleBar } from "cli-progress";
import { complain } from "../errors.ts";
import type { Standing } from "../progress.ts";
import { BAR_OPTIONS, barPayload, standingLine } from "../progress.ts";
import { safeText } from "../safe-text.ts";
import { canRedraw } from "../terminal.ts";

/** Tells a person how jobs go that run side by side. */
export interface JobsDisplay {
  /** A job has trained a little, or (`evaluated`) measured itself. */
  standing(name: string, standing: Standing, evaluated: boolean): void;
  /** Something to read, of a job or of all. */
  say(text: string): void;
  /** Something went wrong in a job. */
  complain(text: string): void;
  /** A job is over. */
  ended(name: string): void;
  /** Leaves the screen ready for other text. */
  end(): void;
}

/** One bar a job on a terminal, one line per epoch and job elsewhere, only complaints when `quiet`. */
export function openJobsDisplay(
  quiet: boolean,
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stderr,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): JobsDisplay {
  if (quiet) {
    const nothing = (): void => {};
    return { standing: nothing, say: nothing, complain, ended: nothing, end: nothing };
  }
  return canRedraw(stream, environment) ? new Bars(stream) : new Lines(stream);
}

class Lines implements JobsDisplay {
  readonly #stream: NodeJS.WritableStream;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  standing(name: string, standing: Standing, evaluated: boolean): void {
    if (evaluated) this.say(`${name}: ${standingLine(standing)}`);
  }

  say(text: string): void {
    this.#stream.write(`${safeText(text)}\n`);
  }

  complain(text: string): void {
    this.say(`heed: ${text}`);
  }

  ended(): void {}

  end(): void {}
}

class Bars implements JobsDisplay {
  readonly #stream: NodeJS.WritableStream;
  readonly #bars: MultiBar;
  readonly #byName = new Map<string, SingleBar>();

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    const format = `{name}  ${BAR_OPTIONS.format}`;
    this.#bars = new MultiBar({ ...BAR_OPTIONS, format, barsize: 8, stream });
  }

  standing(name: string, standing: Standing): void {
    const payload = { ...barPayload(standing), name: safeText(name) };
    const bar = this.#byName.get(name);
    if (bar !== undefined) bar.update(standing.step, payload);
    else this.#byName.set(name, this.#bars.create(standing.totalSteps, standing.step, payload));
  }

  say(text: string): void {
    // Above the bars, which are drawn anew; without any, nothing would be.
    if (this.#byName.size > 0) this.#bars.log(`${safeText(text)}\n`);
    else this.#stream.write(`${safeText(text)}\n`);
  }

  complain(text: string): void {
    this.say(`heed: ${text}`);
  }

  ended(name: string): void {
    const bar = this.#byName.get(name);
    if (bar === undefined) return;
    this.#bars.remove(bar);
    this.#byName.delete(name);
  }

  end(): void {
    this.#bars.stop();
  }
}
