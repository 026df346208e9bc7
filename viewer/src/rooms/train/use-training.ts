import { useEffect, useRef, useState } from "preact/hooks";
import type { Connection } from "../../engine/rpc.ts";
import type { TrainerMethods } from "../../engine/trainer.worker.ts";
import { startTrainer } from "../../engine/training.ts";
import type { TrainingTask } from "../../engine/training-task.ts";
import { afterNotice, BEGINNING, type TrainingView } from "./training-state.ts";

/** A training and what can be done about it. */
export interface Training {
  /** Null before the first. */
  readonly view: TrainingView | null;
  readonly error: unknown;
  readonly start: (task: TrainingTask) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
  readonly pin: (text: string) => void;
}

/** One training at a time, in a worker of its own that ends with the room. */
export function useTraining(): Training {
  const [view, setView] = useState<TrainingView | null>(null);
  const [error, setError] = useState<unknown>(null);
  const connection = useRef<Connection<TrainerMethods> | null>(null);
  const close = (): void => {
    connection.current?.close();
    connection.current = null;
  };
  useEffect(() => close, []);

  const start = async (task: TrainingTask): Promise<void> => {
    close();
    setError(null);
    setView(BEGINNING);
    const mine = startTrainer((notice) => {
      setView((before) => before && afterNotice(before, notice));
    });
    connection.current = mine;
    try {
      const plan = await mine.remote.prepare(task);
      setView((before) => before && { ...before, plan, phase: "training" });
      const end = await mine.remote.train();
      setView((before) => before && { ...before, end, phase: "ended" });
    } catch (failure) {
      if (connection.current !== mine) return;
      setError(failure);
      setView((before) => (before?.plan === null ? null : before && { ...before, phase: "ended" }));
    }
    if (connection.current === mine) close();
  };

  const tell = (method: "pause" | "resume" | "stop") => (): void => {
    connection.current?.remote[method]().catch(setError);
    if (method === "stop") return;
    const phase = method === "pause" ? "paused" : "training";
    setView((before) => before && { ...before, phase });
  };
  return {
    view,
    error,
    start: (task) => {
      start(task);
    },
    pause: tell("pause"),
    resume: tell("resume"),
    stop: tell("stop"),
    pin: (text) => {
      connection.current?.remote.pin(text).catch(setError);
    },
  };
}
