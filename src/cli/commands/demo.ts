import { Command } from "commander";
import {
  AttentionSeq2seq,
  currentDevice,
  defaultConfig,
  defaultTraining,
  evaluate,
  type Pair,
  Random,
  Trainer,
} from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { DATE_MODEL, DATE_STREAM, DATE_TRAINING } from "../demo/date-model.ts";
import { generateDatePairs } from "../demo/date-pairs.ts";
import { Stop, WorkError } from "../errors.ts";
import { checkOutput } from "../files.ts";
import { number, POSITIVE, wholeNumber } from "../numbers.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { count, duration, percent, print } from "../output.ts";
import { openProgress } from "../progress.ts";
import { runTraining } from "../training-run.ts";
import { drawing } from "./show.ts";

const PAIRS = 10_000;
const HELD_OUT = 2000;
/** Held-out dates to measure on after each epoch; the end measures on all. */
const SAMPLE = 1000;
const GOOD_ENOUGH = 0.995;
const CONVERSIONS = 3;
/** Dates shorter than this have little to show. */
const LONG_ENOUGH = 10;
const EPOCHS = 6;

interface DemoFlags extends ComputeOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  heed demo
  heed demo --seed 7 --out dates.safetensors

It makes up dates in many ways of writing, learns to write them as 2007-06-27, measures itself on
dates it has not been shown, and draws what it looked at.`;

/** `heed demo`: the whole of heed in under a minute, without a file. */
export function demoCommand(): Command {
  const command = new Command("demo")
    .summary("learn dates from nothing, in under a minute")
    .description("Make up dates, learn to normalise them, and show what the model looks at.")
    .option("--seconds <x>", "longest time to train", number("--seconds", POSITIVE), 70)
    .option("--seed <n>", "seed of everything random", wholeNumber("--seed", 0, 2 ** 32 - 1), 0)
    .option("--out <file>", "keep the model in a file")
    .addHelpText("after", EXAMPLES)
    .action(demo);
  return withComputeOptions(command);
}

async function demo(flags: DemoFlags): Promise<void> {
  const { out, seed } = flags;
  if (out !== undefined) await checkOutput("--out", out, []);
  await chooseDevice(flags);
  const { pairs, heldOut } = makeDates(new Random(seed, DATE_STREAM));
  const config = defaultConfig(pairs, DATE_MODEL);
  const training = defaultTraining(pairs, { ...DATE_TRAINING, epochs: EPOCHS, seed });
  const model = AttentionSeq2seq.fromPairs(pairs, config, { seed });
  process.stderr.write(
    `${count(pairs.length)} dates to learn from, ${count(heldOut.length)} held out; ` +
      `${count(model.parameterCount)} parameters on ${currentDevice().description}\n`,
  );

  const outcome = await runTraining({
    model,
    trainer: new Trainer(model, pairs, training),
    sample: heldOut.slice(0, SAMPLE),
    progress: openProgress(false),
    maxSeconds: flags.seconds,
    goodEnough: GOOD_ENOUGH,
    keep: async (bytes) => {
      if (out !== undefined) await writeFileAtomically(out, bytes);
    },
    run: null,
    best: null,
    secondsBefore: 0,
  });
  if (outcome.ended === "interrupted") {
    process.stderr.write(
      `heed: interrupted${out === undefined ? "" : `; ${out} holds the best`}\n`,
    );
    throw new Stop(outcome.exitCode);
  }
  if (outcome.best === null || outcome.ended === "diverged") {
    throw new WorkError({
      where: `step ${outcome.steps} of training`,
      expected: "a finite loss",
      received: String(outcome.last?.loss),
      fix: "try another --seed",
    });
  }
  await conclude(AttentionSeq2seq.fromBytes(outcome.best.bytes), heldOut, outcome.seconds, out);
}

/** Pairs to learn from, and pairs whose sources do not occur among them, none of them twice. */
function makeDates(random: Random): { readonly pairs: Pair[]; readonly heldOut: Pair[] } {
  const made = generateDatePairs(PAIRS + HELD_OUT, random);
  const pairs = made.slice(0, PAIRS);
  const seen = new Set(pairs.map((pair) => pair.source));
  const heldOut = made.slice(PAIRS).filter(({ source }) => {
    const fresh = !seen.has(source);
    seen.add(source);
    return fresh;
  });
  return { pairs, heldOut };
}

async function conclude(
  model: AttentionSeq2seq,
  heldOut: readonly Pair[],
  seconds: number,
  out: string | undefined,
): Promise<void> {
  const { exactMatch, symbolErrorRate } = await evaluate(model, heldOut);
  await print(
    `After ${duration(seconds)}, ${percent(exactMatch)} of ${count(heldOut.length)} dates that it ` +
      `has never seen come out exactly right (symbol errors ${percent(symbolErrorRate)}).\n`,
  );
  for (const { source } of differentLooking(heldOut)) {
    await print(`\n${drawing(await model.transduce(source))}`);
  }
  if (out !== undefined) await print(`\n${out} holds the model; try: heed show ${out} "june 27"\n`);
}

/** A few dates written in different ways: told apart by where they have digits. */
function differentLooking(pairs: readonly Pair[]): Pair[] {
  const chosen = new Map<string, Pair>();
  for (const pair of pairs) {
    if (pair.source.length < LONG_ENOUGH) continue;
    const look = pair.source.replaceAll(/\d+/g, "0").replaceAll(/\p{L}+/gu, "a");
    if (!chosen.has(look)) chosen.set(look, pair);
    if (chosen.size === CONVERSIONS) break;
  }
  return [...chosen.values()];
}
