/**
 * Runs one job at a time; of those that come meanwhile, only the last. So an answer is always of what was typed last,
 * and none is computed that nobody would see.
 */
export class Latest {
  #running = false;
  #next: (() => Promise<void>) | null = null;

  /** Runs a job, now or after the one that is under way, unless another comes before. */
  run(job: () => Promise<void>): void {
    this.#next = job;
    if (!this.#running) this.#drain();
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#next !== null) {
      const job = this.#next;
      this.#next = null;
      await job().catch(() => {});
    }
    this.#running = false;
  }
}
