import { type Connection, connect } from "./rpc.ts";
import type { TrainerMethods } from "./trainer.worker.ts";
import type { TrainingNotice } from "./training-task.ts";

/** A worker to train in, for one training: when that is over, so is all that it held. */
export function startTrainer(
  onNotice: (notice: TrainingNotice) => void,
): Connection<TrainerMethods> {
  const worker = new Worker(new URL("./trainer.worker.ts", import.meta.url), {
    type: "module",
    name: "trainer",
  });
  return connect<TrainerMethods>(worker, (notice) => onNotice(notice as TrainingNotice));
}

/** Threads to train with: all but the one that the page needs to stay smooth. */
export function trainingThreads(): number {
  return Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1));
}
