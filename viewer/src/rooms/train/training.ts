import { useEffect, useState } from "preact/hooks";
import type { Connection } from "../../engine/rpc.ts";
import type { TrainerMethods } from "../../engine/trainer.worker.ts";
import { startTrainer } from "../../engine/training.ts";
import type { TrainingTask } from "../../engine/training-task.ts";
import { afterNotice, BEGINNING, type TrainingView } from "./training-state.ts";

/** What there is of a training: one at a time, which goes on while its visitor is in another room. */
export interface TrainingStanding {
  /** Null before the first. */
  readonly view: TrainingView | null;
  /** What the model is called. */
  readonly name: string;
  readonly error: unknown;
}

let standing: TrainingStanding = { view: null, name: "", error: null };
let connection: Connection<TrainerMethods> | null = null;
const listeners = new Set<() => void>();

function set(change: Partial<TrainingStanding>): void {
  standing = { ...standing, ...change };
  for (const listener of listeners) listener();
}

function setView(change: (view: TrainingView) => TrainingView): void {
  if (standing.view !== null) set({ view: change(standing.view) });
}

/** The training, and what becomes of it. */
export function useTraining(): TrainingStanding {
  const [now, setNow] = useState(standing);
  useEffect(() => {
    const listener = (): void => setNow(standing);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return now;
}

/** Begins a training, in a worker of its own that ends with it. */
export async function startTraining(task: TrainingTask, name: string): Promise<void> {
  connection?.close();
  set({ view: BEGINNING, name, error: null });
  const mine = startTrainer((notice) => setView((view) => afterNotice(view, notice)));
  connection = mine;
  try {
    const plan = await mine.remote.prepare(task);
    setView((view) => ({ ...view, plan, phase: "training" }));
    const end = await mine.remote.train();
    setView((view) => ({ ...view, end, phase: "ended" }));
  } catch (error) {
    if (connection !== mine) return;
    const { view } = standing;
    // What was never begun has nothing to show.
    set({ error, view: view === null || view.plan === null ? null : { ...view, phase: "ended" } });
  }
  if (connection === mine) connection = null;
  mine.close();
}

/** Waits after the step that is under way. */
export function pauseTraining(): void {
  tell("pause", "paused");
}

/** Goes on. */
export function resumeTraining(): void {
  tell("resume", "training");
}

/** Ends after the step that is under way. */
export function stopTraining(): void {
  tell("stop", "training");
}

/** Watches another example from here on. */
export function watchExample(text: string): void {
  connection?.remote.pin(text).catch((error) => set({ error }));
}

function tell(method: "pause" | "resume" | "stop", phase: TrainingView["phase"]): void {
  if (connection === null) return;
  setView((view) => ({ ...view, phase }));
  connection.remote[method]().catch((error) => set({ error }));
}
