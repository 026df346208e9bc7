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
      // Here, since loading the module takes longer than opening a device.
      const Worker = nodeModule("worker_threads")?.Worker as typeof NodeWorker;
      // Nothing of the program's own way to start: loaders and preloaded modules take long.
      const options = { eval: true, workerData: start, execArgv: [], env: {}, name: "heed" };
      const worker = new Worker(WORKER_SOURCE, options);
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
