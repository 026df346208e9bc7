import { DeviceError } from "../../core/errors.ts";
import { LAYOUT } from "./layout.ts";
import type { StartWorker } from "./worker-starting.ts";

/** Places of the shared words: the enumeration in src/kernels/waiting.h. */
const WORD = {
  pending: 0,
  callerWaits: 1,
  finished: 2,
  bell: 3,
  crew: 5,
  failed: 6,
  helped: 7,
} as const;
const WORDS = 8;

/** Of a worker's stack. Kernels keep tiles and tables there. */
const STACK_BYTES = 2 ** 20;
/** Milliseconds between looks at the clock while waiting. */
const LOOK = 50;
/** Milliseconds without a part done after which a worker is given up for lost. */
const PATIENCE = 10_000;
/** A job's parts are of equal size: more than so many times what the caller's own took is too long. */
const SLOWER = 20;

/** What a pool needs to know. */
export interface PoolOptions {
  readonly startWorker: StartWorker;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Room for a stack; null where memory ends. */
  take(bytes: number): number | null;
  /** For tests: milliseconds, instead of the ten seconds. */
  readonly patience: number | undefined;
}

/** The crew that nobody is of. */
const NOBODY = -1;

/** Stops the workers of devices that were collected. One for all: see wasm-memory.ts. */
const collected = new FinalizationRegistry<Int32Array>((words) => call(words, NOBODY));

/** Has a crew work, and no other: who is of another one leaves when it next looks for a part. */
function call(words: Int32Array, crew: number): void {
  Atomics.store(words, WORD.crew, crew);
  Atomics.add(words, WORD.bell, 1);
  Atomics.notify(words, WORD.bell);
}

/** Whether this thread may block. That of a page may not. */
function mayBlock(words: Int32Array): boolean {
  try {
    // Not what stands there: it answers at once, or throws.
    Atomics.wait(words, WORD.pending, -1, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * The workers of a wasm device: what src/kernels/parallel.c cannot do for itself. They are started when
 * the first job is large enough, and take parts of jobs as soon as they are there. Between jobs they
 * spin for a moment, then sleep, in WebAssembly all the time: no message is ever sent.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #words: Int32Array;
  readonly #address: number;
  readonly #mayBlock: boolean;
  #family: WebAssembly.Module | null = null;
  #crew = 0;
  #started = 0;
  /** When the job at hand began. */
  #jobStart = 0;

  /**
   * @param device stops the workers when it is collected
   * @param address of the shared words
   */
  constructor(device: object, address: number, options: PoolOptions) {
    this.#options = options;
    this.#address = address;
    this.#words = new Int32Array(options.memory.buffer, address, WORDS);
    this.#mayBlock = mayBlock(this.#words);
    collected.register(device, this.#words);
  }

  /**
   * From now on, jobs may be of another module too. Workers that were started without it leave, and the next
   * job starts others. Who has not left by then claims no part of it: see `work` in parallel.c. Their stacks
   * are not used again, as nobody says when they do leave.
   */
  extend(family: WebAssembly.Module): void {
    this.#family = family;
    if (this.#started === 0 || Atomics.load(this.#words, WORD.crew) === NOBODY) return;
    this.#started = 0;
    call(this.#words, ++this.#crew);
  }

  /** How many parts of jobs workers have computed. */
  get partsByWorkers(): number {
    return Atomics.load(this.#words, WORD.helped) >>> 0;
  }

  /** Called by the kernels when a job begins that may have so many helpers. */
  hire(workers: number): void {
    this.#jobStart = performance.now();
    while (this.#started < workers) {
      this.#started++;
      this.#start();
    }
  }

  /** Called by the kernels when all that is left of a job is in the hands of workers. */
  wait(): void {
    const words = this.#words;
    let since = performance.now();
    const patience = Math.max(
      this.#options.patience ?? PATIENCE,
      SLOWER * (since - this.#jobStart),
    );
    let left = Atomics.load(words, WORD.pending);
    Atomics.store(words, WORD.callerWaits, 1);
    while (Atomics.load(words, WORD.failed) === 0) {
      const rung = Atomics.load(words, WORD.finished);
      const now = Atomics.load(words, WORD.pending);
      if (now === 0) break;
      if (this.#mayBlock) Atomics.wait(words, WORD.finished, rung, LOOK);
      if (now !== left) {
        left = now;
        since = performance.now();
      } else if (performance.now() - since > patience) {
        Atomics.store(words, WORD.failed, 1);
      }
    }
    Atomics.store(words, WORD.callerWaits, 0);
  }

  /** @throws DeviceError once a worker was lost with a part of a job in its hands */
  check(): void {
    if (Atomics.load(this.#words, WORD.failed) === 0) return;
    call(this.#words, NOBODY);
    throw new DeviceError({
      where: "wasm device",
      expected: "every worker to finish its part",
      received: "a worker thread that died at it",
      fix: "open the device anew, and make its tensors again",
    });
  }

  #start(): void {
    const stack = this.#options.take(STACK_BYTES);
    if (stack === null) return;
    try {
      this.#options.startWorker({
        module: this.#options.module,
        family: this.#family,
        memory: this.#options.memory,
        stack: stack + STACK_BYTES,
        words: this.#address,
        failed: WORD.failed,
        finished: WORD.finished,
        crew: this.#crew,
        functions: LAYOUT.functions,
      });
    } catch {
      // Not allowed here, or too many: the others do its parts.
    }
  }
}
