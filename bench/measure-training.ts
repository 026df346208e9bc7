import { join } from "node:path";
import { openDevice, Trainer } from "heed";
import { CACHE, writeCached } from "./cache.ts";
import type { Running } from "./contenders.ts";
import { dateTask, idsOf } from "./date-model.ts";
import { DATE } from "./date-shape.ts";
import { type Ceiling, measureQuietly } from "./measure-ceilings.ts";
import type { Options } from "./options.ts";
import type { ModelResult } from "./results.ts";

/** A training step gives these, by the definition in float64. */
interface Step {
  readonly loss: number;
  readonly gradientNorm: number;
}

interface ModelFiles {
  readonly model: string;
  readonly pairs: string;
  readonly truth: Step;
}

/** One training step of 128 pairs for everybody who can, and greedy decoding of one date. */
export async function measureTraining(
  running: readonly Running[],
  ceilings: readonly Ceiling[],
  options: Options,
): Promise<ModelResult[]> {
  const { model, pairs, truth } = await modelFiles();
  const timed: (ModelResult & { readonly rounds: number[]; readonly by: Running })[] = [];
  for (const by of running) {
    const { ways } = await by.child
      .ask({ do: "training", model, pairs })
      .catch(() => ({ ways: [] }));
    for (const made of ways as { way: string; facts?: Partial<Step>; failed?: string }[]) {
      const refused = made.failed ?? disagreement(made.facts ?? {}, truth);
      timed.push({ by, who: by.who, way: made.way, rounds: [], refused });
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    await measureQuietly(ceilings);
    for (const { by, way, rounds, refused } of timed) {
      if (refused !== null) continue;
      const seconds = Math.max(2 * options.seconds, 0.4);
      const { milliseconds } = await by.child.ask({ do: "time", way, seconds });
      rounds.push(Number(milliseconds));
    }
  }
  for (const { child } of running) await child.ask({ do: "release" });
  return timed.map(({ who, way, rounds, refused }) => ({ who, way, rounds, refused }));
}

function disagreement(step: Partial<Step>, truth: Step): string | null {
  // Decoding says no loss; its symbols are those of the other devices, which heed's tests hold.
  if (step.loss === undefined || step.gradientNorm === undefined) return null;
  const off = (value: number, right: number): boolean => !(Math.abs(value / right - 1) < 1e-4);
  return off(step.loss, truth.loss) || off(step.gradientNorm, truth.gradientNorm)
    ? `wrong: loss ${step.loss}, gradient norm ${step.gradientNorm}; not ${truth.loss}, ${truth.gradientNorm}`
    : null;
}

/** The model that all begin with, the pairs, their symbols as numbers, and the truth of the first step. */
async function modelFiles(): Promise<ModelFiles> {
  const task = dateTask(DATE.hidden);
  const model = task.make({ device: await openDevice("wasm") });
  writeCached("model/pairs.ids.json", idsOf(model, task));
  writeCached("model/pairs.json", JSON.stringify(task.pairs));
  writeCached("model/date.safetensors", await model.toBytes());

  const exact = task.make({ device: await openDevice("reference"), dtype: "float64" });
  exact.parameters.values.storage.write(model.parameters.values.data);
  const options = { batchSize: DATE.batch, clip: 5, labelSmoothing: 0 };
  const truth = await new Trainer(exact, task.pairs, options).step();
  model.dispose();
  return {
    model: join(CACHE, "model/date.safetensors"),
    pairs: join(CACHE, "model/pairs.json"),
    truth,
  };
}
