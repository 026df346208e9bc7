/**
 * Embeds the WGSL kernels, src/kernels/<op>/*.wgsl, as text in src/devices/webgpu/shaders.generated.ts, one constant a
 * file, with what the device must know of it: the fields of its `struct Parameters` and its entry points.
 * Types hold calls to both. A file that begins with "// uses attend" stands behind src/kernels/wgsl/attend.wgsl, which has
 * the struct for all that do.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const kernels = path.join(root, "src/kernels");
const target = path.join(root, "src/devices/webgpu/shaders.generated.ts");

/** Files that stand before others rather than alone: the device puts them there, or those that use them. */
const PRELUDES = path.join("wgsl", path.sep);

/** Without comments and what only indents. */
function compact(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\/\/.*$/gm, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

function fieldsOf(file: string, code: string): [string, string][] {
  const body = /struct Parameters \{([^}]*)\}/.exec(code)?.[1];
  if (body === undefined) throw new Error(`${file}: no struct Parameters`);
  return body
    .split(",")
    .map((field) => field.trim())
    .filter((field) => field !== "")
    .map((field) => {
      const [, name, type] = /^(\w+): (u32|i32|f32)$/.exec(field) ?? [];
      if (name === undefined || type === undefined) throw new Error(`${file}: field "${field}"`);
      return [name, type];
    });
}

function entriesOf(code: string): string[] {
  return [...code.matchAll(/@compute[\s\S]*?\bfn (\w+)/g)].map(([, name]) => name as string);
}

/** "softmax/kernel" is softmax, "attend/forward" attendForward. */
const camelCase = (name: string): string =>
  name.replace(/\/kernel$/, "").replace(/[-/](\w)/g, (_, letter: string) => letter.toUpperCase());
const union = (names: readonly string[]): string => names.map((n) => JSON.stringify(n)).join(" | ");

const lines = ['// Written by scripts/build-wgsl.ts.\nimport type { Shader } from "./shader.ts";'];
const all: string[] = [];
const files = readdirSync(kernels, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".wgsl"))
  .sort();
const textOf = (file: string): string => readFileSync(path.join(kernels, file), "utf8");
const nameOf = (file: string): string => file.slice(0, -".wgsl".length).split(path.sep).join("/");
for (const file of files.filter((name) => name.startsWith(PRELUDES))) {
  lines.push(
    `export const ${camelCase(nameOf(file))}: string = ${JSON.stringify(compact(textOf(file)))};`,
  );
}
for (const file of files.filter((name) => !name.startsWith(PRELUDES))) {
  const text = textOf(file);
  const code = compact(text);
  const name = nameOf(file);
  const [, list = ""] = /^\/\/ uses ([\w, -]+)\n/.exec(text) ?? [];
  const used = list.split(", ").filter((each) => each !== "");
  const before = used.map((each) => compact(textOf(`${PRELUDES}${each}.wgsl`)));
  const fields = fieldsOf(file, [...before, code].join("\n"));
  const entries = entriesOf(code);
  const type = `Shader<${union(fields.map(([field]) => field))}, ${union(entries)}>`;
  // What several files use stands in the module once.
  const parts = used.map((each) => `${camelCase(`wgsl/${each}`)} + "\\n" + `);
  const whole = `${parts.join("")}${JSON.stringify(code)}`;
  const rest = JSON.stringify({ name, fields, entries }).slice(1);
  lines.push(`export const ${camelCase(name)}: ${type} = {"code":${whole},${rest};`);
  all.push(camelCase(name));
}
lines.push(`export const ALL_SHADERS: readonly Shader[] = [${all.join(", ")}];`);
const text = `${lines.join("\n")}\n`;
if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
