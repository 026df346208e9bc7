// Stands where heed does, in the time that a process takes: `train` writes the log of a run that went on
// for as long as it was told to, better the larger its --hidden, and that ends when it has gone on twice.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";

const words = process.argv.slice(2);
const value = (flag) => words[words.indexOf(flag) + 1];
const isBegun = words.includes("--resume");
const run = value(isBegun ? "--resume" : "--run");
const log = `${run}/log.jsonl`;
if (!isBegun) mkdirSync(run);
const before = existsSync(log) ? readFileSync(log, "utf8").split("\n").length : 0;
const hidden = Number(/hidden=(\d+)/.exec(run)[1]);
if (hidden === 13) {
  process.stderr.write("heed: no luck\n");
  process.exit(1);
}
const step = before + 1;
const measured = { exactMatch: hidden / 100 + before / 1000, symbolErrorRate: 0.5 };
const seconds = Number(value("--max-seconds"));
const write = (record) => appendFileSync(log, `${JSON.stringify(record)}\n`);
write({ type: "epoch", epoch: step, step, seconds, ...measured });
write({ type: "end", ended: hidden === 99 ? "finished" : "out of time", words });
