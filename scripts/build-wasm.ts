/**
 * Compiles every C kernel to WebAssembly with relaxed SIMD, and writes the modules, and the edits that make
 * them ones without, as text to src/devices/wasm/*.generated.ts. The compiler comes from npm. An unchanged
 * build costs nothing: the generated files carry a hash of what they were made from.
 *
 * There are two modules, so that a page downloads what it uses. The core has what the notebook's layers and
 * AttentionSeq2seq need. The family of attention is linked to it as a program is to a library: it calls
 * functions of the core, and works on its memory, its stack and its threads.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { commands, Exit, runLLVM, type Tree } from "@yowasp/clang";
import { LAYOUT } from "../src/devices/wasm/layout.ts";
import { edited } from "../src/devices/wasm/module-bytes.ts";
import { FAMILY_OPS } from "../src/kernels/family.ts";
import { bytesAsText } from "./bytes-as-text.ts";
import { withImportedStack } from "./imported-stack.ts";
import { readOps } from "./native-shims.mjs";
import { asBytes, simd128Edits } from "./simd128-edits.ts";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const kernels = path.join(root, "src/kernels");
const targets = path.join(root, "src/devices/wasm");

/** Of the general attention, the core has what is left of it without rules: see RULE in attend.h. */
const PLAIN = /^attend\/(?!bias-backward)/;

const flags = [
  "--target=wasm32",
  "-I.", // the compiler's file system knows no "..", so headers are named from src/kernels
  "-std=c11",
  "-O2",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-nostdlib",
  "-ffreestanding",
  "-fno-builtin",
  "-ffp-contract=off",
  "-mbulk-memory",
  "-matomics",
  "-msimd128",
  "-mrelaxed-simd",
  // Loops of a known number of steps are unrolled, and those that ask for it. Unrolling the others
  // makes the module a tenth larger, and no faster: the kernels' own loops are written out already.
  ...["runtime", "allow-partial", "allow-peeling"].flatMap((kind) => [
    "-mllvm",
    `-unroll-${kind}=false`,
  ]),
  // The kernels are written in vectors; what the compiler would add, and what it would inline of its
  // own accord, makes the module a twelfth larger, and no faster.
  "-fno-vectorize",
  "-fno-slp-vectorize",
  ...["-mllvm", "-inline-threshold=50"],
  "-Wl,--no-entry",
  "-Wl,--import-memory",
  "-Wl,--shared-memory",
  "-Wl,--max-memory=4294967296",
  "-Wl,--import-table",
  "-Wl,--export=__heap_base",
  "-Wl,--export=__stack_pointer",
  "-Wl,--strip-all",
];

const coreFlags = ["-DHEED_PLAIN", "-Wl,--stack-first", "-Wl,-z,stack-size=1048576"];

const familyFlags = [
  "-Wl,--import-undefined", // functions of the core
  "-Wl,--no-stack-first",
  "-Wl,-z,stack-size=16", // never used: see withImportedStack
  `-Wl,--global-base=${LAYOUT.family}`,
  `-Wl,--table-base=${LAYOUT.familyFunctions}`,
];

/** Every C file under src/kernels, by its path from there. */
async function readSources(): Promise<Map<string, string>> {
  const names = (await readdir(kernels, { recursive: true }))
    .filter((name) => name.endsWith(".c") || name.endsWith(".h"))
    .map((name) => name.split(path.sep).join("/"))
    .sort();
  const sources = new Map<string, string>();
  for (const name of names) {
    sources.set(name, await readFile(path.join(kernels, name), "utf8"));
  }
  return sources;
}

/** The scripts that decide what the generated files look like. */
async function readOwnSources(): Promise<string[]> {
  const names = [
    "build-wasm.ts",
    "bytes-as-text.ts",
    "imported-stack.ts",
    "native-shims.mjs",
    "simd128-edits.ts",
    "wasm-code.ts",
    "../src/devices/wasm/layout.ts",
    "../src/devices/wasm/module-bytes.ts",
    "../src/kernels/family.ts",
  ];
  return Promise.all(names.map((name) => readFile(path.join(root, "scripts", name), "utf8")));
}

function hashOf(sources: ReadonlyMap<string, string>, own: readonly string[]): string {
  const require = createRequire(import.meta.url);
  const compiler = path.join(path.dirname(require.resolve("@yowasp/clang")), "../package.json");
  const { version } = require(compiler) as { version: string };
  return createHash("sha256")
    .update(JSON.stringify([version, [...sources], ...own]))
    .digest("hex");
}

function asTree(sources: ReadonlyMap<string, string>): Tree {
  const tree: Tree = {};
  for (const [name, text] of sources) {
    const folders = name.split("/");
    const file = folders.pop() as string;
    let folder = tree;
    for (const part of folders) {
      folder[part] ??= {};
      folder = folder[part] as Tree;
    }
    folder[file] = text;
  }
  return tree;
}

async function compile(
  sources: ReadonlyMap<string, string>,
  own: readonly string[],
  takes: (name: string) => boolean,
): Promise<Uint8Array> {
  const files = [...sources.keys()].filter((name) => name.endsWith(".c") && takes(name));
  const messages: Uint8Array[] = [];
  try {
    const result = await commands.clang(
      [...flags, ...own, ...files, "-o", "kernels.wasm"],
      asTree(sources),
      {
        stdout: null,
        stderr: (bytes) => {
          if (bytes !== null) messages.push(bytes);
        },
      },
    );
    const module = result?.["kernels.wasm"];
    if (module instanceof Uint8Array) return module;
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  process.stderr.write(Buffer.concat(messages));
  throw new Error("the kernels did not compile");
}

/** The modules, each with relaxed SIMD and, for the engine at hand, without. */
async function compileBoth(sources: ReadonlyMap<string, string>) {
  // A folder with an op of the family is the family's, every other one the core's.
  const folders = readOps(kernels)
    .filter(({ name }) => FAMILY_OPS.some((op) => op === name))
    .map(({ file }) => path.dirname(file));
  const inCore = (name: string) => !folders.includes(path.dirname(name));
  const family = built(
    withImportedStack(await compile(sources, familyFlags, (name) => !inCore(name))),
  );
  const wanted = WebAssembly.Module.imports(family.module)
    .filter(({ kind }) => kind === "function")
    .map(({ name }) => `-Wl,--export=${name}`);
  const inPlain = (name: string) => inCore(name) || PLAIN.test(name);
  const core = built(await compile(sources, [...coreFlags, ...wanted], inPlain));
  checkLayout(core.module, family.module);
  return { core, family };
}

function built(relaxed: Uint8Array) {
  const edits = asBytes(simd128Edits(relaxed));
  const simd128 = edited(relaxed, edits);
  if (!WebAssembly.validate(simd128)) {
    throw new Error("the edits for simd128 do not make a valid module");
  }
  return { relaxed, edits, module: new WebAssembly.Module(simd128) };
}

/** Instantiates both as the device does, and sees whether each keeps to its places. */
function checkLayout(core: WebAssembly.Module, family: WebAssembly.Module): void {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: LAYOUT.functions });
  const imports = { memory, __indirect_function_table: table, hire() {}, waitForWorkers() {} };
  const first = new WebAssembly.Instance(core, { env: imports }).exports;
  const free = Array.from({ length: LAYOUT.functions }, (_, i) => table.get(i) === null);
  const second = new WebAssembly.Instance(family, { env: { ...imports, ...first } }).exports;
  const ends = [first, second].map((exports) => exports["__heap_base"] as WebAssembly.Global);
  const fits =
    ends[0]!.value <= LAYOUT.family &&
    ends[1]!.value <= LAYOUT.tensors &&
    free.slice(LAYOUT.familyFunctions).every(Boolean);
  if (first["__stack_pointer"] !== second["__stack_pointer"]) {
    throw new Error("the family has a stack of its own");
  }
  if (!fits) {
    throw new Error(
      `the data end at ${ends.map(({ value }) => value)}: widen src/devices/wasm/layout.ts`,
    );
  }
}

/** Writes a module, and what makes it one without relaxed SIMD, to the file of that name. */
async function write(name: string, header: string, relaxed: Uint8Array, edits: Uint8Array) {
  console.log(`${name}: ${relaxed.length} bytes, ${edits.length} of edits for simd128`);
  const lines = [
    header,
    "",
    "/** Kernels with relaxed SIMD, and the edits that make them simd128: text of module-bytes.ts. */",
    // Of type string, so that the declarations do not repeat them.
    `export const ${name}: { readonly relaxed: string; readonly simd128: string } = {`,
    `  relaxed:\n    "${bytesAsText(relaxed)}",`,
    `  simd128:\n    "${bytesAsText(edits)}",`,
    "};",
    "",
  ];
  const target = fileOf(name);
  await mkdir(targets, { recursive: true });
  await writeFile(`${target}.tmp`, lines.join("\n"));
  await rename(`${target}.tmp`, target); // never half a file, not even for a moment
}

function fileOf(name: string): string {
  return path.join(targets, `${name}.generated.ts`);
}

async function isCurrent(name: string, header: string): Promise<boolean> {
  const current = await readFile(fileOf(name), "utf8").catch(() => "");
  return current.startsWith(`${header}\n`);
}

const sources = await readSources();
const hash = hashOf(sources, await readOwnSources());
const header = `// Generated by scripts/build-wasm.ts; do not edit. ${hash}`;
if ((await isCurrent("core", header)) && (await isCurrent("family", header))) {
  console.log("WebAssembly kernels are up to date");
} else {
  // Else the compiler reports on the console how it reads its own files.
  await runLLVM(undefined, {}, { fetchProgress: () => {} });
  const { core, family } = await compileBoth(sources);
  await write("core", header, core.relaxed, core.edits);
  await write("family", header, family.relaxed, family.edits);
}
