/**
 * Builds the page into dist/viewer: a folder that any host of static files serves, and `heed serve` too. The model
 * that comes with it is that of `heed demo`, trained here and kept in build/ until what it is made by changes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts: string[]): string => path.join(root, ...parts);

/** What decides which dates there are, and which model learns them. */
const RECIPE = [
  ...readdirSync(at("src/cli/demo")).map((file) => at("src/cli/demo", file)),
  at("src/cli/commands/demo.ts"),
];

function trainedDates(): string {
  const hash = createHash("sha256");
  for (const file of RECIPE) hash.update(readFileSync(file));
  const model = at("build/viewer", `dates.${hash.digest("hex").slice(0, 16)}.safetensors`);
  if (existsSync(model)) return model;
  mkdirSync(path.dirname(model), { recursive: true });
  const made = `${model}.new`;
  const command = [at("dist/cli/main.js"), "demo", "--seed", "0", "--out", made];
  execFileSync(process.execPath, command, { stdio: ["ignore", "ignore", "pipe"] });
  renameSync(made, model);
  return model;
}

await build({ configFile: at("viewer/vite.config.ts"), logLevel: "warn" });
copyFileSync(trainedDates(), at("dist/viewer/dates.safetensors"));
