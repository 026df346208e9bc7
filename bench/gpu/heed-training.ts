import { AttentionSeq2seq, type Device, openDevice, Trainer } from "heed";
import { writeCached } from "../cache.ts";
import { type DateTask, dateTask, idsOf } from "../date-model.ts";
import { DATE } from "../date-shape.ts";
import { type Prepared, settle } from "./prepared.ts";
import type { TrainingSize } from "./sizes.ts";

/** The model that heed and PyTorch both begin with, as a file. */
export interface TrainingFiles {
  readonly task: DateTask;
  readonly bytes: Uint8Array;
  /** Paths of the model and of its pairs, for PyTorch. */
  readonly model: string;
  readonly pairs: string;
}

/** Writes both. It is made where heed computes without a GPU. */
export async function trainingFiles({ hidden }: TrainingSize): Promise<TrainingFiles> {
  const task = dateTask(hidden);
  const model = task.make({ device: await openDevice("wasm") });
  const bytes = await model.toBytes();
  const files = {
    model: writeCached(`model/date-${hidden}.safetensors`, bytes),
    pairs: writeCached(`model/date-${hidden}.json`, JSON.stringify(task.pairs)),
  };
  writeCached(`model/date-${hidden}.ids.json`, idsOf(model, task));
  model.dispose();
  return { task, bytes, ...files };
}

function trainerOn(device: Device, { task, bytes }: TrainingFiles): Trainer {
  const model = AttentionSeq2seq.fromBytes(bytes, { device });
  return new Trainer(model, task.pairs, {
    rate: 0.001,
    warmup: 0,
    finalRate: 1,
    batchSize: DATE.batch,
    clip: 5,
    labelSmoothing: 0,
    averageLast: 1,
  });
}

/**
 * Steps as `heed train` takes them on a GPU: none waits for its loss, which is told some steps later. The first is held
 * against that of wasm.
 */
export function prepareTraining(device: Device, files: TrainingFiles): Prepared {
  const trainer = trainerOn(device, files);
  return {
    async repeat(times) {
      for (let i = 0; i < times; i++) await trainer.advance();
      await trainer.reports();
      await settle(trainer.model.parameters.values);
    },
    async check() {
      const other = trainerOn(await openDevice("wasm"), files);
      const [actual, truth] = [await trainer.step(), await other.step()];
      other.model.dispose();
      const off = (a: number, b: number): number => Math.abs(a / b - 1);
      return Math.max(off(actual.loss, truth.loss), off(actual.gradientNorm, truth.gradientNorm));
    },
    release: () => trainer.model.dispose(),
  };
}
