import type { Progress, Standing } from "../progress.ts";

/** In the environment of a process that works for the heed that started it. */
export const PARENT_VARIABLE = "HEED_PARENT";

/** What a process tells the heed that started it. */
export interface Report {
  readonly standing: Standing;
  readonly evaluated: boolean;
}

/** What it is told: the one thing there is. */
export const STOP = "stop";

/** Milliseconds between reports that nothing but a step has been taken. */
const PAUSE = 200;

/** The heed that started this process, as one of many side by side. */
export interface ParentProcess {
  /** Tells it how training goes. */
  readonly progress: Progress;
  /** Calls the listener when it asks this process to stop, or has gone itself. */
  readonly onStop: (listener: () => void) => void;
}

/** Null in a process that a person started. */
export function parentProcess(): ParentProcess | null {
  if (process.env[PARENT_VARIABLE] === undefined || process.send === undefined) return null;
  return { progress: new Reports(), onStop };
}

class Reports implements Progress {
  #last = Number.NEGATIVE_INFINITY;

  step(standing: Standing): void {
    const now = performance.now();
    if (now - this.#last < PAUSE) return;
    this.#last = now;
    report({ standing, evaluated: false });
  }

  evaluated(standing: Standing): void {
    report({ standing, evaluated: true });
  }

  end(): void {}
}

function report(report: Report): void {
  // Who has gone hears nothing; `onStop` sees to what follows from that.
  if (process.connected) process.send?.(report, undefined, {}, () => {});
}

function onStop(listener: () => void): void {
  let asked = false;
  const once = (): void => {
    if (!asked) listener();
    asked = true;
  };
  process.on("message", (message) => {
    if (message === STOP) once();
  });
  process.on("disconnect", once);
  if (!process.connected) once();
}
