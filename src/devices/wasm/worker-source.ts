/** What a worker is given. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  /** The kernels of the family of attention, where the device has them. */
  readonly family: WebAssembly.Module | null;
  readonly memory: WebAssembly.Memory;
  /** The end of its stack, which grows downwards. */
  readonly stack: number;
  /** The address of the words that threads share, and the places of two of them. */
  readonly words: number;
  readonly failed: number;
  readonly finished: number;
  /** It works as long as this crew does. */
  readonly crew: number;
  /** Places in the table of functions. */
  readonly functions: number;
}

/**
 * The program of a worker, as text, so that neither Node nor a page needs a file for it: it instantiates
 * the kernels on the memory it is given and works until it is told to stop. If a kernel traps, it says
 * so in shared memory, because nobody may be listening: the thread that waits for it is blocked.
 */
export const WORKER_SOURCE = `
"use strict";
function start({ module, family, memory, stack, words, failed, finished, crew, functions }) {
  const unused = () => {};
  const table = new WebAssembly.Table({ element: "anyfunc", initial: functions });
  const env = { memory, __indirect_function_table: table, hire: unused, waitForWorkers: unused };
  const { exports } = new WebAssembly.Instance(module, { env });
  exports.__stack_pointer.value = stack;
  if (family) new WebAssembly.Instance(family, { env: { ...env, ...exports } });
  try {
    exports.work(crew);
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
