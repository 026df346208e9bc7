import { type Options, SingleBar } from "cli-progress";
import { count, duration, percent } from "./output.ts";
import { canRedraw } from "./terminal.ts";

/** Where a training run stands. */
export interface Standing {
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss over the epoch so far. */
  readonly loss: number;
  /** Of the last evaluation; null before the first. */
  readonly exactMatch: number | null;
  readonly symbolErrorRate: number | null;
  readonly pairsPerSecond: number;
  readonly secondsLeft: number;
}

/** Tells a person how training goes. */
export interface Progress {
  /** After every step. */
  step(standing: Standing): void;
  /** After every evaluation. */
  evaluated(standing: Standing): void;
  /** Leaves the screen ready for other text. */
  end(): void;
}

/** A bar on a terminal, one line per epoch elsewhere, nothing when `quiet`; on stderr unless told. */
export function openProgress(
  quiet: boolean,
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stderr,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Progress {
  if (quiet) return { step: () => {}, evaluated: () => {}, end: () => {} };
  return canRedraw(stream, environment) ? new Bar(stream) : new Lines(stream);
}

class Lines implements Progress {
  readonly #stream: NodeJS.WritableStream;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  step(): void {}

  evaluated(standing: Standing): void {
    this.#stream.write(`${standingLine(standing)}\n`);
  }

  end(): void {}
}

/** Where a run stands, in one line. */
export function standingLine(standing: Standing): string {
  const { epoch, epochs, exactMatch, symbolErrorRate } = standing;
  const parts = [`epoch ${epoch}/${epochs}`, `loss ${standing.loss.toFixed(4)}`];
  if (exactMatch !== null) parts.push(`dev exact ${percent(exactMatch)}`);
  if (symbolErrorRate !== null) parts.push(`symbol errors ${percent(symbolErrorRate)}`);
  parts.push(`${count(standing.pairsPerSecond)} pairs/s`);
  parts.push(`${duration(standing.secondsLeft)} left`);
  return parts.join("  ");
}

/** How a bar looks: at most 80 columns, since what is wider is cut off. */
export const BAR_OPTIONS: Options = {
  format: "{head} {bar} {left} left  loss {loss}  dev exact {exact}  {speed} pairs/s",
  barCompleteChar: "█",
  barIncompleteChar: "░",
  barsize: 12,
  fps: 5,
  // No way of ending, a second Ctrl-C or a kill included, may leave the terminal without a cursor
  // or with its line wrapping off: what is too wide is cut here and not by the terminal.
  hideCursor: false,
  linewrap: true,
  gracefulExit: false, // the run handles Ctrl-C: it has a model to save
};

/** What the placeholders of {@link BAR_OPTIONS} stand for. */
export function barPayload(standing: Standing): Readonly<Record<string, string>> {
  const { epoch, epochs, exactMatch } = standing;
  return {
    head: `epoch ${epoch}/${epochs}`,
    left: duration(standing.secondsLeft),
    loss: standing.loss.toFixed(4),
    exact: exactMatch === null ? "–" : percent(exactMatch),
    speed: count(standing.pairsPerSecond),
  };
}

class Bar implements Progress {
  readonly #bar: SingleBar;
  #started = false;

  constructor(stream: NodeJS.WritableStream) {
    this.#bar = new SingleBar({ ...BAR_OPTIONS, stream });
  }

  step(standing: Standing): void {
    const payload = barPayload(standing);
    if (!this.#started) this.#bar.start(standing.totalSteps, standing.step, payload);
    else this.#bar.update(standing.step, payload);
    this.#started = true;
  }

  evaluated(standing: Standing): void {
    this.step(standing);
  }

  end(): void {
    if (this.#started) this.#bar.stop();
  }
}
