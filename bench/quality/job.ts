/**
 * Trains one model as `heed train` does: measures on dev after each epoch, keeps the best. Run by run.ts:
 *
 *     job.ts '{ "train": …, "dev": …, "seed": …, "model": … }'
 *
 * Prints one line of JSON: how the best did, greedily and by a beam, and how long it took.
 */
import { readFileSync, writeFileSync } from "node:fs";
import {
  AttentionSeq2seq,
  type ConfigOverrides,
  defaultConfig,
  defaultText,
  defaultTraining,
  evaluate,
  openDevice,
  type Pair,
  type Prediction,
  parsePairs,
  Random,
  type TextOptions,
  Trainer,
  type TrainOptions,
  useDevice,
} from "heed";

/** What to train. */
export interface Job {
  readonly train: string;
  readonly dev: string;
  readonly columns: readonly [number, number];
  readonly text: TextOptions;
  readonly config: ConfigOverrides;
  readonly training: TrainOptions;
  readonly seed: number;
  readonly beam: number;
  /** Most dev pairs to measure on after each epoch; the end measures on all. */
  readonly sample: number;
  /** Where to write the best model. */
  readonly model: string;
}

/** What came of it. */
export interface JobResult {
  /** Word error rate in percent: pairs whose output is not the target exactly. */
  readonly wordErrors: number;
  readonly beamWordErrors: number;
  /** The same of the pairs whose sources do not occur in training; null if there are none. */
  readonly unseenWordErrors: number | null;
  /** Distinct sources whose output is none of their targets, in percent: where a word has several. */
  readonly sourceErrors: number;
  /** Symbol error rate in percent. */
  readonly symbolErrors: number;
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly seconds: number;
}

/** The pairs of a file. */
export function readPairs(file: string, columns: readonly [number, number]): Pair[] {
  return parsePairs(readFileSync(file), { file, columns });
}

async function run(job: Job): Promise<JobResult> {
  useDevice(await openDevice("native", { threads: 1 }));
  const [pairs, dev] = [readPairs(job.train, job.columns), readPairs(job.dev, job.columns)];
  const text = defaultText(pairs, job.text);
  const config = defaultConfig(pairs, { ...text, ...job.config });
  const training = defaultTraining(pairs, { ...job.training, seed: job.seed }, config);
  const model = AttentionSeq2seq.fromPairs(pairs, config, { ...text, seed: job.seed });
  const trainer = new Trainer(model, pairs, training);
  const sample = [...dev];
  new Random(job.seed).shuffle(sample);
  sample.length = Math.min(sample.length, job.sample);
  const began = performance.now();
  let bytes: Uint8Array = await model.toBytes();
  while (!trainer.done) {
    const { endOfEpoch } = await trainer.step();
    if (!endOfEpoch) continue;
    await trainer.withAverage(async (averaged) => {
      const { exactMatch, symbolErrorRate } = await evaluate(averaged, sample);
      if (trainer.measured({ exactMatch, symbolErrorRate })) bytes = await averaged.toBytes();
    });
  }
  const seconds = (performance.now() - began) / 1000;
  writeFileSync(job.model, bytes);
  const best = AttentionSeq2seq.fromBytes(bytes);
  const greedy = await evaluate(best, dev);
  const beam = await evaluate(best, dev, { beam: job.beam });
  const sources = new Set(pairs.map(({ source }) => source));
  const unseen = greedy.predictions.filter(({ pair }) => !sources.has(pair.source));
  return {
    wordErrors: 100 * (1 - greedy.exactMatch),
    beamWordErrors: 100 * (1 - beam.exactMatch),
    unseenWordErrors: unseen.length === 0 ? null : wordErrors(unseen.map(({ exact }) => exact)),
    sourceErrors: wordErrors(anyOf(greedy.predictions)),
    symbolErrors: 100 * greedy.symbolErrorRate,
    bestEpoch: trainer.best?.epoch ?? 0,
    epochs: training.epochs,
    seconds,
  };
}

function wordErrors(exact: readonly boolean[]): number {
  return (100 * exact.filter((right) => !right).length) / exact.length;
}

/** Whether the output is one of the targets, for each distinct source. */
function anyOf(predictions: readonly Prediction[]): boolean[] {
  const right = new Map<string, boolean>();
  for (const { pair, exact } of predictions) {
    right.set(pair.source, exact || right.get(pair.source) === true);
  }
  return [...right.values()];
}

const [job] = process.argv.slice(2);
if (job !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  console.log(JSON.stringify(await run(JSON.parse(job))));
}
