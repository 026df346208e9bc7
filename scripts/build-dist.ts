/**
 * Bundles the library into one file for Node and one for pages, because loading a hundred modules takes
 * longer than computing with them, its pictures into one for both, and the command into one that imports
 * the former. Names and comments stay: they are read in stack traces and debuggers. The types come from
 * tsc, file by file.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** A page's bundle has none of the native device but the function that refuses to open it. */
const withoutNative: Plugin = {
  name: "without-native",
  resolveId: (name) =>
    name.endsWith("/native/native-device.ts")
      ? path.join(root, "src/devices/native/absent.ts")
      : null,
};

/** The command imports the library: two copies of it would be two classes of tensors. */
const publicEntry: Plugin = {
  name: "public-entry",
  resolveId: (name) =>
    name.endsWith("../index.ts") ? { id: "../index.js", external: "relative" } : null,
};

/**
 * The device for GPUs, a file that is loaded when it is opened, has its own copy of the few functions
 * and constants that it needs. Shared ones would have to be files of their own, which everybody loads.
 */
const COPY = "?copy";
const ownCopies: Plugin = {
  name: "own-copies",
  resolveId(name, importer) {
    const from = importer?.replace(COPY, "") ?? "";
    const isGpu = from.includes("/src/devices/webgpu/") || importer?.endsWith(COPY) === true;
    if (!isGpu || !name.startsWith(".")) return null;
    const target = path.join(path.dirname(from), name);
    // Classes of errors and tensors there is one of.
    const isShared = target.startsWith(path.join(root, "src/core/"));
    const isOwn = target.startsWith(path.join(root, "src/devices/webgpu/"));
    return isShared || isOwn ? target : `${target}${COPY}`;
  },
  load: (id) =>
    id.endsWith(COPY)
      ? { code: readFileSync(id.slice(0, -COPY.length), "utf8"), moduleType: "ts" }
      : null,
};

/** Source maps point to what is published beside them, which generated files are not. */
const unmapped: Plugin = {
  name: "unmapped",
  transform: {
    filter: { id: /\.generated\.ts$/ },
    handler: (code) => ({ code, map: { mappings: "" } }),
  },
};

interface Bundle {
  readonly folder: string;
  /** Sources by the name of what is made of them. */
  readonly entries: Readonly<Record<string, string>>;
  readonly plugins: readonly Plugin[];
}

/** What both entries need is a file that both import, so that there is one class `DataError` too. */
const plot = { plot: "src/plot/index.ts" };
const BUNDLES: readonly Bundle[] = [
  { folder: "dist", entries: { index: "src/index.ts", ...plot }, plugins: [unmapped, ownCopies] },
  {
    folder: "dist",
    entries: { browser: "src/index.ts", ...plot },
    plugins: [unmapped, ownCopies, withoutNative],
  },
  { folder: "dist/cli", entries: { main: "src/cli/main.ts" }, plugins: [publicEntry] },
];

/** Of the two entries. */
const SHARED = { name: "shared", minShareCount: 2 };

// Emptied first, so that a file whose source is gone is not published.
rmSync(path.join(root, "dist"), { recursive: true, force: true });
for (const { folder, entries, plugins } of BUNDLES) {
  const bundle = await rolldown({
    cwd: root,
    input: { ...entries },
    // Packages and Node's modules are imported when the program runs.
    external: /^(node:|[@a-z])/,
    plugins: [...plugins],
    transform: { target: "es2022" },
  });
  const output = {
    dir: path.join(root, folder),
    entryFileNames: "[name].js",
    // What the command imports when it needs it is a file of its own beside it.
    chunkFileNames: "[name].js",
    sourcemap: true,
    sourcemapExcludeSources: true,
    sourcemapPathTransform: (source: string) => source.replace(COPY, ""),
    codeSplitting: folder === "dist" ? { groups: [SHARED] } : true,
  };
  for (const file of (await bundle.generate(output)).output) {
    // The library for Node and that for pages share their pictures; each must fit to both.
    const place = path.join(root, folder, file.fileName);
    const text = file.type === "chunk" ? file.code : file.source;
    if (existsSync(place) && readFileSync(place, "utf8") !== text) {
      throw new Error(`${file.fileName} is not the same for Node and for pages`);
    }
  }
  await bundle.write(output);
  await bundle.close();
}
