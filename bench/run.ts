/**
 * What heed does per second on this machine, on one thread: TimeAttention forward + backward at the
 * shapes every comparison uses, one training step of the date model, one greedy decoding. Agreement
 * with the float64 definition is checked first; nothing wrong is timed.
 *
 *     npm run bench
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import {
  AttentionSeq2seq,
  type Device,
  defaultConfig,
  normal,
  openDevice,
  type Pair,
  Random,
  type Tensor,
  TimeAttention,
  Trainer,
  tensor,
  Vocabulary,
} from "heed";

type Sizes = readonly [N: number, Td: number, Te: number, H: number];

const SHAPES: readonly (readonly [string, Sizes])[] = [
  ["A", [128, 11, 29, 256]],
  ["B", [32, 20, 20, 128]],
  ["C", [64, 50, 50, 512]],
  ["D", [8, 256, 256, 64]],
  ["E", [8, 1024, 1024, 64]],
  ["F", [1, 1, 29, 256]],
];

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** Median milliseconds of one call, over about `seconds` of calls in batches that the clock can see. */
function time(call: () => void, seconds = 1): number {
  for (let i = 0; i < 3; i++) call();
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  let calls = 1;
  while (performance.now() < end || times.length < 5) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    const elapsed = performance.now() - start;
    if (elapsed < 1) calls *= 4;
    else times.push(elapsed / calls);
  }
  return median(times);
}

function inputs([N, Td, Te, H]: Sizes, device: Device): [Tensor, Tensor, Tensor] {
  const random = new Random(1);
  // Logits of ordinary size at any H: their deviation is 1.
  const deviation = H ** -0.25;
  const make = (T: number): Tensor => normal([N, T, H], random, { device, deviation });
  return [make(Te), make(Td), make(Td)];
}

function forwardBackward(
  layer: TimeAttention,
  [hsEnc, hsDec, dout]: [Tensor, Tensor, Tensor],
): void {
  const out = layer.forward(hsEnc, hsDec);
  const gradients = layer.backward(dout);
  for (const each of [out, layer.attentionWeights, ...gradients]) each.dispose();
}

/** Largest relative L2 error of outputs and gradients against the float64 definition. */
async function disagreement(sizes: Sizes, device: Device): Promise<number> {
  const reference = await openDevice("reference");
  const given = inputs(sizes, device);
  const exact = given.map((each) =>
    tensor(each.data, each.shape, { device: reference, dtype: "float64" }),
  ) as [Tensor, Tensor, Tensor];
  const [actual, expected] = [given, exact].map(([hsEnc, hsDec, dout]) => {
    const layer = new TimeAttention();
    return [layer.forward(hsEnc, hsDec), ...layer.backward(dout)];
  }) as [Tensor[], Tensor[]];
  const errors = actual.map((each, i) => {
    const truth = expected[i]?.data ?? [];
    let [squares, norm] = [0, 0];
    for (const [k, value] of each.data.entries()) {
      squares += (value - (truth[k] ?? Number.NaN)) ** 2;
      norm += (truth[k] ?? Number.NaN) ** 2;
    }
    return Math.sqrt(squares / norm);
  });
  return Math.max(...errors);
}

/** Median milliseconds of the notebook's numpy code; null where numpy is not installed. */
function numpy(sizes: Sizes): number | null {
  const script = fileURLToPath(new URL("notebook_numpy.py", import.meta.url));
  const run = spawnSync("python3", [script, ...sizes.map(String), "5"], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  });
  return run.status === 0 ? Number(run.stdout) : null;
}

/** The date model's sizes: 29 symbols in, 10 out, 59 in the vocabulary, the first two of which pad and begin. */
const DATE = { source: 29, target: 10, symbols: 59 };
const letter = (id: number): string => String.fromCharCode(40 + id);

function datePairs(count: number): Pair[] {
  const random = new Random(2);
  const text = (length: number): string =>
    Array.from({ length }, () => letter(2 + random.integer(DATE.symbols - 2))).join("");
  return Array.from({ length: count }, () => ({
    source: text(DATE.source),
    target: text(DATE.target),
    line: 0,
  }));
}

/**
 * The median time, and beside it that of the notebook's numpy code: in turn, five times each, so that
 * what slows the machine down hits both, and the ratio is the median of five.
 */
function compare(
  measure: () => number,
  sizes: Sizes | null,
): { milliseconds: number; against: string } {
  if (sizes === null) return { milliseconds: measure(), against: "" };
  const rounds = Array.from({ length: 5 }, () => ({ ours: measure(), theirs: numpy(sizes) ?? 0 }));
  const theirs = median(rounds.map((round) => round.theirs));
  const ratio = median(rounds.map((round) => round.theirs / round.ours));
  const against = `  notebook in numpy ${theirs.toFixed(1)} ms: ${ratio.toFixed(1)} ×`;
  return { milliseconds: median(rounds.map(({ ours }) => ours)), against };
}

async function main(): Promise<void> {
  console.log(`${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}\n`);
  const builds = [await openDevice("wasm", { simd: "simd128" })];
  try {
    builds.push(await openDevice("wasm", { simd: "relaxed" }));
  } catch {
    console.log("relaxed SIMD: not in this engine\n");
  }
  const numpyHere = numpy([1, 1, 1, 1]) !== null;
  if (!numpyHere) console.log("numpy: not installed, so not compared\n");
  console.log("TimeAttention, forward + backward, one thread (12·N·Td·Te·H flops)");
  for (const device of builds) {
    console.log(`\n${device.description}`);
    for (const [name, sizes] of SHAPES) {
      const error = await disagreement(sizes, device);
      if (!(error < 2e-6)) throw new Error(`${name}: error ${error}`);
      const given = inputs(sizes, device);
      const layer = new TimeAttention();
      const compared = numpyHere && (name === "A" || name === "B");
      const { milliseconds, against } = compare(
        () => time(() => forwardBackward(layer, given), compared ? 0.5 : 1),
        compared ? sizes : null,
      );
      const flops = 12 * sizes.reduce((a, b) => a * b);
      console.log(
        `${name} ${sizes.join(" × ").padEnd(22)} ${milliseconds.toFixed(3).padStart(9)} ms` +
          ` ${(flops / milliseconds / 1e6).toFixed(1).padStart(6)} GFLOP/s` +
          `  error ${error.toExponential(1)}${against}`,
      );
      for (const each of given) each.dispose();
    }
    await dateModel(device);
  }
}

/** The date model: V 59, D 16, H 256, batches of 128 pairs of 29 and 10 symbols, clip 5, Adam. */
async function dateModel(device: Device): Promise<void> {
  const pairs = datePairs(128);
  const config = defaultConfig(pairs, {
    embeddingSize: 16,
    hiddenSize: 256,
    maskPadding: false,
    targetLength: DATE.target,
    initialCell: "zero",
    dropout: 0,
  });
  const vocabulary = new Vocabulary({
    symbols: Array.from({ length: DATE.symbols }, (_, id) => letter(id)),
    tokens: "chars",
    pad: 0,
    begin: 1,
    end: null,
    unknown: null,
  });
  const model = new AttentionSeq2seq(config, vocabulary, vocabulary, { device });
  const trainer = new Trainer(model, pairs, { batchSize: 128, clip: 5, rate: 0.001 });
  const step = await timeAsync(() => trainer.step(), 12);
  const decode = await timeAsync(() => model.transduce(pairs[0]?.source ?? ""), 100);
  console.log(`date model, training step of 128 pairs      ${step.toFixed(0).padStart(6)} ms`);
  console.log(`date model, greedy decoding, 29 → 10 symbols ${decode.toFixed(2)} ms`);
  model.dispose();
}

/** Median milliseconds of `count` awaited calls, after a quarter as many to warm up. */
async function timeAsync(call: () => Promise<unknown>, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count * 1.25; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return median(times.slice(-count));
}

await main();
