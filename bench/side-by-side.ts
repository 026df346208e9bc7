/**
 * Whether several models are trained faster one after the other, each on all cores, or side by side, each on
 * one: pairs a second, all models together, by the size of the model.
 *
 *   npm run build && npx tsx --tsconfig bench/tsconfig.run.json bench/side-by-side.ts PAIRS.tsv [rounds] [seconds] [HxB,…]
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AttentionSeq2seq, defaultConfig, openDevice, parsePairs, Trainer, useDevice } from "heed";
import { Child, type Command } from "./child.ts";
import { median, medianRatio } from "./statistics.ts";

const SIZES = "64x16,128x16,256x64,512x128";

const [file = "", rounds = "7", seconds = "3", sizes = SIZES, threads] = process.argv.slice(2);
if (threads === undefined) await compare();
else await serve(Number(threads));

async function compare(): Promise<void> {
  const cores = availableParallelism();
  console.log(`${cores} cores, Node ${process.version}, ${rounds} rounds of ${seconds} s`);
  console.log(
    "| hidden | batch | one on all cores, pairs/s | side by side, pairs/s together | ratio |",
  );
  console.log("|---|---|---|---|---|");
  for (const size of sizes.split(",")) {
    const start = (on: number): Promise<Child> => Child.start(command(size, on));
    const wide = await start(cores);
    const narrow = await Promise.all(Array.from({ length: cores }, () => start(1)));
    const [alone, together]: [number[], number[]] = [[], []];
    for (let round = 0; round < Number(rounds); round++) {
      alone.push(await speed([wide]));
      together.push(await speed(narrow));
    }
    for (const child of [wide, ...narrow]) child.close();
    const shown = [median(alone), median(together)].map((value) => value.toFixed(0));
    const ratio = medianRatio(together, alone).toFixed(2);
    console.log(`| ${size.replace("x", " | ")} | ${shown.join(" | ")} | ${ratio} |`);
  }
}

function command(size: string, threads: number): Command {
  const words = [file, rounds, seconds, size, String(threads)];
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...words];
  return { file: process.execPath, args, env: process.env };
}

/** What processes that train at the same time learn from in a second, together. */
async function speed(children: readonly Child[]): Promise<number> {
  const replies = await Promise.all(children.map((child) => child.ask({})));
  return replies.reduce((sum, { pairs }) => sum + Number(pairs), 0);
}

/** A process that trains for a while for each line it gets, and says how many pairs a second. */
async function serve(threads: number): Promise<void> {
  const [hiddenSize = 0, batchSize = 0] = sizes.split("x").map(Number);
  useDevice(await openDevice("native", { threads }));
  const pairs = parsePairs(readFileSync(file), { file });
  const model = AttentionSeq2seq.fromPairs(
    pairs,
    defaultConfig(pairs, { hiddenSize, embeddingSize: hiddenSize / 2 }),
    { targetTokens: "spaces" },
  );
  const trainer = new Trainer(model, pairs, { batchSize, epochs: 1e6 });
  const train = async (span: number): Promise<number> => {
    const begun = performance.now();
    let [learnt, past] = [0, 0];
    while (past < span) {
      learnt += (await trainer.step()).pairs;
      past = (performance.now() - begun) / 1000;
    }
    return learnt / past;
  };
  await train(1);
  console.log("{}");
  for await (const _ of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify({ pairs: await train(Number(seconds)) }));
  }
}
