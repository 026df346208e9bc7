/** What a worker is given. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The end of its stack, which grows downwards. */
  readonly stack: number;
  /** The address of the words that threads share, and the places of two of them. */
  readonly words: number;
  readonly failed: number;
  readonly finished: number;
}

/**
 * The program of a worker, as text, so that neither Node nor a page needs a file for it: it instantiates
 * the kernels on the memory it is given and works until it is told to stop. If a kernel traps, it says
 * so in shared memory, because nobody may be listening: the thread that waits for it is blocked.
 */
export const WORKER_SOURCE = `
"use strict";
function start({ module, memory, stack, words, failed, finished }) {
  const unused = () => {};
  const env = { memory, hire: unused, waitForWorkers: unused };
  const { exports } = new WebAssembly.Instance(module, { env });
  exports.__stack_pointer.value = stack;
  try {
    exports.work();
  } catch (error) {
    const shared = new Int32Array(memory.buffer, words, 8);
    Atomics.store(shared, failed, 1);
    Atomics.add(shared, finished, 1);
    Atomics.notify(shared, finished);
    throw error;
  }
}
if (typeof require === "function") {
  start(require("worker_threads").workerData);
} else {
  self.onmessage = ({ data }) => {
    start(data);
    self.close();
  };
}
`;
