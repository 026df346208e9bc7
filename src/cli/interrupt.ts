import { parentProcess } from "./jobs/parent.ts";

/**
 * Notes the first Ctrl-C or SIGTERM, or that the heed that started this one wants it to stop; a second one ends
 * the process where it stands.
 */
export class Interrupt {
  /** Whether there was one. */
  asked = false;
  /** What the process is to exit with: 130 after Ctrl-C, 143 after SIGTERM; 0 before. */
  exitCode = 0;
  readonly #told: () => void;
  readonly #listener = (signal: NodeJS.Signals): void => {
    if (this.asked) process.exit(this.exitCode);
    this.asked = true;
    this.exitCode = signal === "SIGTERM" ? 143 : 130;
    this.#told();
  };

  /** @param told is called by the first one */
  constructor(told: () => void = () => {}) {
    this.#told = told;
    process.on("SIGINT", this.#listener);
    process.on("SIGTERM", this.#listener);
    parentProcess()?.onStop(() => this.#listener("SIGTERM"));
  }

  /** Leaves both to whoever else listens. */
  stopListening(): void {
    process.off("SIGINT", this.#listener);
    process.off("SIGTERM", this.#listener);
  }
}
