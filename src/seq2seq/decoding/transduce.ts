import { describe } from "../../core/arguments.ts";
import { DataError, DeviceError, HeedError, ShapeError } from "../../core/errors.ts";
import { inputParts } from "../arguments.ts";
import type { TransduceOptions, Transduction, TransductionInput } from "../types.ts";
import { beamSearch } from "./beam-search.ts";
import { ForcedStepper } from "./forced-stepper.ts";
import { greedySearch } from "./greedy.ts";
import { MixtureStepper } from "./mixture.ts";
import { NetworkStepper } from "./network-stepper.ts";
import {
  batchReadings,
  dataErrorOr,
  LONG_SOURCE,
  type Members,
  type Reading,
  readInput,
} from "./readings.ts";
import { NOTHING, nameOf, refused, resultOf } from "./results.ts";
import { readSearchOptions, type SearchOptions } from "./search-options.ts";
import { checkAttending, extraOf, steeredIds } from "./steering.ts";
import type { OutputRules, Stepper, Written } from "./stepper.ts";
import { type WindowRules, windows } from "./windows.ts";

/** Texts, one by one. */
type Inputs = Iterable<TransductionInput> | AsyncIterable<TransductionInput>;

/** Characters of texts that are read before the first is answered: enough for batches of like lengths. */
const WINDOW = 2 ** 20;
/** The same where attention is collected, whose maps are many numbers. */
const WINDOW_OF_MAPS = 2 ** 17;
/** The same where every head's is. */
const WINDOW_OF_HEADS = 2 ** 14;
/** What a text counts besides its characters. */
const TEXT = 64;

function windowRules({ attention }: SearchOptions): WindowRules<TransductionInput> {
  return {
    size: attention === "heads" ? WINDOW_OF_HEADS : attention ? WINDOW_OF_MAPS : WINDOW,
    sizeOf: (input) => {
      const text = typeof input === "string" ? input : input?.source;
      return TEXT + (text?.length ?? 0);
    },
  };
}

/** {@link Transducer.transduce} of models that decode together. */
export async function transduceText(
  members: Members,
  input: TransductionInput,
  options: TransduceOptions,
  where: string,
): Promise<Transduction> {
  const search = readSearchOptions(where, options, true);
  checkAttending(members, search, where);
  inputParts(where, "text", input);
  const forced: Forced = new Map();
  const reading = readSteered(members, input, search, forced, where);
  if (reading instanceof DataError) throw reading;
  const made = (await transduceReadings(members, [reading], search, forced)).get(reading)!;
  if (made instanceof HeedError) throw made;
  return made;
}

/** {@link Transducer.transduceMany} of models that decode together. */
export async function transduceTexts(
  members: Members,
  inputs: Inputs,
  options: TransduceOptions,
  where: string,
): Promise<Transduction[]> {
  const results: Transduction[] = [];
  const search = checkedOptions(members, inputs, options, where);
  for await (const run of transduceRuns(members, inputs, search, where)) {
    for (const each of run) results.push(each);
  }
  return results;
}

/** {@link Transducer.transduceStream} of models that decode together. */
export function transduceStream(
  members: Members,
  inputs: Inputs,
  options: TransduceOptions,
  where: string,
): AsyncGenerator<Transduction> {
  const search = checkedOptions(members, inputs, options, where);
  return oneByOne(transduceRuns(members, inputs, search, where));
}

async function* oneByOne(
  runs: AsyncIterable<readonly Transduction[]>,
): AsyncGenerator<Transduction> {
  for await (const run of runs) yield* run;
}

/** The options of a call about several texts, which are checked too. */
function checkedOptions(
  members: Members,
  inputs: Inputs,
  options: TransduceOptions,
  where: string,
): SearchOptions {
  const search = readSearchOptions(where, options, false);
  checkAttending(members, search, where);
  const isObject = typeof inputs === "object" && inputs !== null;
  if (!isObject || !(Symbol.iterator in inputs || Symbol.asyncIterator in inputs)) {
    throw new DataError({
      where,
      expected: "inputs to be an array of strings, or anything else that gives them one by one",
      received: describe(inputs),
    });
  }
  return search;
}

/** Run by run, what becomes of texts, in their order. */
async function* transduceRuns(
  members: Members,
  inputs: Inputs,
  options: SearchOptions,
  where: string,
): AsyncGenerator<Transduction[]> {
  let number = 0;
  for await (const run of windows(inputs, windowRules(options))) {
    for (const input of run) inputParts(where, `inputs[${number++}]`, input);
    const forced: Forced = new Map();
    const readings = run.map((input) => readSteered(members, input, options, forced, where));
    const readable = readings.filter((each): each is Reading => !(each instanceof DataError));
    const made = await transduceReadings(members, readable, options, forced);
    yield readings.map((reading, i) => {
      const answer = reading instanceof DataError ? reading : made.get(reading)!;
      return answer instanceof HeedError ? refused(run[i]!, answer) : answer;
    });
  }
}

/** The ids that the outputs of texts are to begin with, where anything is given of them. */
type Forced = Map<Reading, readonly number[]>;

/** {@link readInput} of a text with which what is given of its output and attention goes together. */
function readSteered(
  members: Members,
  input: TransductionInput,
  { steer }: SearchOptions,
  forced: Forced,
  where: string,
): Reading | DataError {
  const reading = readInput(members, input, where);
  if (steer === null || reading instanceof DataError || isEmpty(reading)) return reading;
  const ids = dataErrorOr(() => steeredIds(members, reading, steer, rulesOf(members), where));
  if (ids instanceof DataError) return ids;
  forced.set(reading, ids);
  return reading;
}

function isEmpty([{ symbols, tags }]: Reading): boolean {
  return symbols.length === tags;
}

/** Of every text, what the models make of it, or why they cannot. */
async function transduceReadings(
  members: Members,
  readings: readonly Reading[],
  options: SearchOptions,
  forced: Forced,
): Promise<Map<Reading, Transduction | HeedError>> {
  const made = new Map<Reading, Transduction | HeedError>();
  for (const reading of readings) {
    if (isEmpty(reading)) made.set(reading, resultOf(members, reading, [NOTHING], options));
  }
  const full = readings.filter((reading) => !isEmpty(reading));
  for (const batch of batchReadings(members, full, options.batchSize, options.beam)) {
    const found = await searchIfItFits(members, batch, options, forced);
    const failed = found instanceof HeedError;
    for (let i = 0; i < batch.length; i++) {
      const reading = batch[i]!;
      made.set(reading, failed ? found : resultOf(members, reading, found[i]!, options));
    }
  }
  return made;
}

/** {@link search}; the error of a text that is so long that it does not fit into memory. */
async function searchIfItFits(
  members: Members,
  batch: readonly Reading[],
  options: SearchOptions,
  forced: Forced,
): Promise<(readonly Written[])[] | HeedError> {
  try {
    return await search(members, batch, options, forced);
  } catch (error) {
    const isLong = batch.length === 1 && batch[0]![0].source.length >= LONG_SOURCE;
    if (isLong && (error instanceof DeviceError || error instanceof ShapeError)) return error;
    throw error;
  }
}

/** The outputs of every text of a batch, best first. */
async function search(
  members: Members,
  batch: readonly Reading[],
  options: SearchOptions,
  forced: Forced,
): Promise<(readonly Written[])[]> {
  const { beam, nBest, lengthPenalty, attention, steer } = options;
  const steppers: NetworkStepper[] = [];
  try {
    for (const [i, model] of members.entries()) {
      const sources = batch.map((reading) => reading[i]!);
      steppers.push(new NetworkStepper(model, sources, { attention, steered: steer?.rows ?? [] }));
    }
    const rules = rulesOf(members);
    let stepper: Stepper = steppers.length === 1 ? steppers[0]! : new MixtureStepper(steppers);
    if (steer !== null) {
      const begun = batch.map((reading) => forced.get(reading) ?? []);
      stepper = new ForcedStepper(stepper, begun);
    }
    if (beam === 1) {
      return (await greedySearch(stepper, batch.length, rules)).map((written) => [written]);
    }
    const vocabulary = members[0].targetVocabulary;
    return await beamSearch(stepper, batch.length, {
      ...rules,
      beam,
      best: Math.max(nBest, 1),
      lengthPenalty,
      spell: (symbols, source) => {
        const extra = extraOf(batch[source]!);
        return vocabulary.textOf(symbols.map((id) => nameOf(id, vocabulary, extra)));
      },
    });
  } finally {
    for (const stepper of steppers) stepper.dispose();
  }
}

function rulesOf(members: Members): OutputRules {
  const { targetVocabulary, config } = members[0];
  const { begin, end, pad, unknown } = targetVocabulary;
  // Where nothing ends an output, padding fills up what is shorter.
  const never = [begin, unknown, end === null ? null : pad].filter((id) => id !== null);
  const limit = members.reduce((most, model) => Math.max(most, model.config.targetLimit), 1);
  return { begin, end, limit: config.targetLength ?? limit, forbidden: new Set(never) };
}
