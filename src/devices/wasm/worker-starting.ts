import { hasNodeModules, nodeModule } from "../host.ts";
import { WORKER_SOURCE, type WorkerStart } from "./worker-source.ts";

/**
 * Starts a worker, which begins when it can. Should it never begin, the others do its parts; should it
 * fail at one, its program says so where the waiting thread looks: nothing is to be done here.
 */
export type StartWorker = (start: WorkerStart) => void;

/** How to start workers here; null where there are none. */
export function workerStarter(): StartWorker | null {
  if (hasNodeModules()) {
    return (start) => {
      // Not before it is needed: loading it takes as long as compiling the kernels.
      const threads = nodeModule("worker_threads");
      if (threads === null) return;
      // Nothing of the program's own way to start: loaders and preloaded modules take long.
      const options = { eval: true, workerData: start, execArgv: [], env: {}, name: "heed" };
      const worker = new threads.Worker(WORKER_SOURCE, options);
      // The process may end while its workers wait for work.
      worker.unref();
      worker.on("error", () => {});
    };
  }
  if (typeof Worker === "undefined" || typeof Blob === "undefined") return null;
  return (start) => {
    const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
    const worker = new Worker(url, { name: "heed" });
    worker.onerror = (event) => event.preventDefault();
    worker.postMessage(start);
  };
}
