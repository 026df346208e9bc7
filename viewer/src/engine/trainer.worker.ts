import { parsePairs } from "heed";
import { notify, serveMethods } from "./rpc.ts";
import { samplePairs } from "./sample-sets.ts";
import { type PreparedTraining, prepare } from "./training-plan.ts";
import { TrainingRun } from "./training-run.ts";
import type { PairsFrom, TrainingEnd, TrainingPlan, TrainingTask } from "./training-task.ts";

let prepared: PreparedTraining | null = null;
let run: TrainingRun | null = null;

function pairsFrom(from: PairsFrom, seed: number) {
  if ("set" in from) return samplePairs(from.set, seed);
  const { bytes, file, columns } = from;
  return parsePairs(bytes, columns === null ? { file } : { file, columns });
}

const methods = {
  /** Makes the model of a task. */
  async prepare(task: TrainingTask): Promise<TrainingPlan> {
    prepared = await prepare(task, pairsFrom(task.from, task.seed));
    return prepared.plan;
  },

  /** Trains until it is done or stopped. */
  async train(): Promise<TrainingEnd> {
    if (prepared === null) throw new Error("nothing was prepared to be trained");
    run = new TrainingRun(prepared, notify);
    prepared = null;
    return run.train();
  },

  pause: () => run?.pause(),
  resume: () => run?.resume(),
  /** Ends after the step that is under way. */
  stop: () => run?.stop(),
  /** Shows the attention of another text from here on. */
  pin: (text: string) => run?.pin(text),
};

/** What the page can ask of this worker. */
export type TrainerMethods = typeof methods;

serveMethods(methods);
