// @ts-check
// Compiles the C kernels for this machine's processor family, once per SIMD level, into build/native/,
// with the system's C compiler ($CC, else cc). Plain JavaScript and no packages but Node-API's headers,
// because it also runs where heed is installed. Where it cannot build, heed computes in WebAssembly:
// then it leaves the reason in build/native/build.json, for `heed devices`, and does not fail. It
// fails when the compiler refuses the kernels, except while npm installs.
//
// HEED_NATIVE=0 builds nothing; HEED_STRICT=1 makes warnings errors.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cFilesIn, readOps, shimSource } from "./native-shims.mjs";

const run = promisify(execFile);
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const kernels = path.join(root, "src/kernels");
const addon = path.join(root, "src/devices/native");
const target = path.join(root, "build/native");
const record = path.join(target, "build.json");

/** What the kernels are compiled with. Values are IEEE's to the last bit: only traps and errno go. */
const FLAGS = [
  "-std=gnu11",
  "-O3",
  "-fPIC",
  "-pthread",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
];

/**
 * The SIMD levels of a processor family, and what turns each on. src/devices/native/addon.c knows
 * which of them the processor has.
 *
 * @type {Readonly<Record<string, Readonly<Record<string, string[]>>>>}
 */
const LEVELS = {
  x64: {
    avx512: ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma", "-mbmi2"],
    avx2: ["-mavx2", "-mfma", "-mbmi2"],
    sse2: [],
  },
  arm64: { neon: [] },
};

/** Why native kernels cannot be built here, and what to do before building again. */
class Unavailable extends Error {
  /**
   * @param {{ reason: string; fix: string }} facts
   * @param {ErrorOptions} [options]
   */
  constructor({ reason, fix }, options) {
    super(reason, options);
    this.fix = fix;
  }
}

/** @param {string} folder every C file in it and below, by its path: the text */
function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => [name, readFileSync(path.join(folder, name), "utf8")]);
}

/** The folder of node_api.h, and its version. */
function findHeaders() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve("node-api-headers/package.json");
    return { folder: path.join(path.dirname(manifest), "include"), ...require(manifest) };
  } catch (error) {
    const reason = "the package node-api-headers was missing when heed was installed";
    throw new Unavailable({ reason, fix: "install it" }, { cause: error });
  }
}

/** The compiler's command and the first line of what it says about itself. */
async function findCompiler() {
  const [command = "cc", ...options] = (process.env["CC"] || "cc").split(/\s+/).filter(Boolean);
  try {
    const { stdout } = await run(command, [...options, "--version"]);
    return { command, options, version: stdout.split("\n")[0] ?? "" };
  } catch (error) {
    const reason = process.env["CC"]
      ? `the C compiler that CC named when heed was installed, ${process.env["CC"]}, did not run`
      : "no C compiler was found when heed was installed";
    throw new Unavailable({ reason, fix: "install one" }, { cause: error });
  }
}

/** How to link: a library that shows nothing but the function that Node looks for. */
function linkFlags(/** @type {string} */ folder) {
  if (process.platform === "darwin") {
    const only = "-Wl,-exported_symbol,_napi_register_module_v1";
    return ["-bundle", "-undefined", "dynamic_lookup", only];
  }
  const script = path.join(folder, "exports.map");
  writeFileSync(script, "{ global: napi_register_module_v1; local: *; };\n");
  return ["-shared", "-pthread", `-Wl,--version-script=${script}`, "-ldl", "-lm"];
}

/**
 * Runs the jobs, as many at a time as there are cores.
 *
 * @param {readonly (() => Promise<unknown>)[]} jobs
 */
async function atOnce(jobs) {
  const left = [...jobs];
  const work = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await job();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/**
 * Compiles every level into a folder of its own, then moves the libraries to where they are loaded
 * from: never half a file, not even for a moment.
 *
 * @param {{ command: string; options: string[] }} compiler
 * @param {Readonly<Record<string, string[]>>} levels
 * @param {string} headers
 */
async function compile(compiler, levels, headers) {
  const folder = path.join(target, `.building-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path.join(target, "shims.c"), shimSource(readOps(kernels)));
    const strict = process.env["HEED_STRICT"] === "1" ? ["-Werror"] : [];
    const include = [kernels, addon, headers].map((place) => `-I${place}`);
    const object = (/** @type {string} */ source, /** @type {string} */ name, level = [""]) => ({
      file: path.join(folder, `${name}.o`),
      flags: [...FLAGS, ...strict, ...include, ...level.filter(Boolean), "-c", source],
    });
    // Neither contains more than its processor family has, so that any of the libraries can be loaded.
    const common = [
      object(path.join(addon, "addon.c"), "addon"),
      object(path.join(target, "shims.c"), "shims"),
    ];
    const libraries = Object.entries(levels).map(([level, flags]) => ({
      level,
      objects: [
        object(path.join(addon, "level.c"), `${level}-level`, flags),
        ...cFilesIn(kernels).map((file) =>
          object(path.join(kernels, file), `${level}-${file.replace(/\W/g, "-")}`, flags),
        ),
      ],
    }));
    const all = [...common, ...libraries.flatMap(({ objects }) => objects)];
    await atOnce(
      all.map(
        ({ file, flags }) =>
          () =>
            cc(compiler, [...flags, "-o", file]),
      ),
    );
    const link = linkFlags(folder);
    await atOnce(
      libraries.map(({ level, objects }) => () => {
        const files = [...common, ...objects].map(({ file }) => file);
        return cc(compiler, [...files, ...link, "-o", path.join(folder, `heed-${level}.node`)]);
      }),
    );
    for (const { level } of libraries) {
      renameSync(path.join(folder, `heed-${level}.node`), path.join(target, `heed-${level}.node`));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {{ command: string; options: string[] }} compiler
 * @param {readonly string[]} flags
 */
async function cc({ command, options }, flags) {
  try {
    const { stderr } = await run(command, [...options, ...flags]);
    if (!installing) process.stderr.write(stderr);
  } catch (error) {
    const { stderr = "", message = "" } = /** @type {{ stderr?: string; message?: string }} */ (
      error
    );
    if (!installing) process.stderr.write(stderr);
    const first = stderr.split("\n").find((line) => /error/i.test(line)) ?? message.split("\n")[0];
    throw new Error(`the C compiler refused heed's kernels: ${first}`, { cause: error });
  }
}

/**
 * For src/devices/native/addon.ts, and for the next run of this.
 *
 * @param {{ hash?: string; levels: string[]; compiler?: string; reason: string | null; fix?: string }} facts
 */
function leave(facts) {
  mkdirSync(target, { recursive: true });
  const file = path.join(target, `.build.json-${process.pid}`);
  writeFileSync(file, `${JSON.stringify(facts, null, 2)}\n`);
  renameSync(file, record);
}

/** Removes the libraries of an earlier build. */
function removeLibraries() {
  for (const level of Object.values(LEVELS).flatMap(Object.keys)) {
    rmSync(path.join(target, `heed-${level}.node`), { force: true });
  }
}

/** @returns {Promise<string>} what was done */
async function build() {
  if (process.env["HEED_NATIVE"] === "0") {
    const reason = "HEED_NATIVE=0 was set when heed was installed";
    throw new Unavailable({ reason, fix: "unset it" });
  }
  const levels = LEVELS[process.arch];
  if (levels === undefined || !["linux", "darwin"].includes(process.platform)) {
    throw new Unavailable({
      reason: `heed has no native kernels for ${process.platform} on ${process.arch}`,
      fix: "use Linux or macOS on x64 or arm64",
    });
  }
  const headers = findHeaders();
  const compiler = await findCompiler();
  const made = [
    [process.platform, process.arch, headers.version, compiler.version, process.env["CC"]],
    [FLAGS, levels, readFileSync(fileURLToPath(import.meta.url), "utf8")],
    [shimSource(readOps(kernels)), sourcesIn(kernels), sourcesIn(addon)],
  ];
  const hash = createHash("sha256").update(JSON.stringify(made)).digest("hex");
  const names = Object.keys(levels);
  if (isCurrent(hash, names)) return "native kernels are up to date";
  await compile(compiler, levels, headers.folder);
  leave({ hash, levels: names, compiler: compiler.version, reason: null });
  return `native kernels: ${names.join(", ")}`;
}

/**
 * @param {string} hash
 * @param {readonly string[]} levels
 */
function isCurrent(hash, levels) {
  try {
    const files = readdirSync(target);
    const libraries = levels.every((level) => files.includes(`heed-${level}.node`));
    return libraries && JSON.parse(readFileSync(record, "utf8")).hash === hash;
  } catch {
    return false;
  }
}

const installing = process.env["npm_lifecycle_event"] === "install";
try {
  const done = await build();
  if (!installing) console.log(done);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  removeLibraries();
  leave({ levels: [], reason, ...(error instanceof Unavailable ? { fix: error.fix } : {}) });
  if (!(error instanceof Unavailable) && !installing) throw error;
  if (!installing) console.log(`native kernels were not built: ${reason}`);
}
