/**
 * Bundles the library into one file for Node and one for pages, because loading a hundred modules takes
 * longer than computing with them, and the command into one that imports the former. Names and comments
 * stay: they are read in stack traces and debuggers. The types come from tsc, file by file.
 */
import { rmSync } from "node:fs";
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

/** Source maps point to what is published beside them, which generated files are not. */
const unmapped: Plugin = {
  name: "unmapped",
  transform: {
    filter: { id: /\.generated\.ts$/ },
    handler: (code) => ({ code, map: { mappings: "" } }),
  },
};

const BUNDLES: readonly (readonly [entry: string, file: string, plugins: readonly Plugin[]])[] = [
  ["src/index.ts", "dist/index.js", [unmapped]],
  ["src/index.ts", "dist/browser.js", [unmapped, withoutNative]],
  ["src/cli/main.ts", "dist/cli/main.js", [publicEntry]],
];

// Emptied first, so that a file whose source is gone is not published.
rmSync(path.join(root, "dist"), { recursive: true, force: true });
for (const [entry, file, plugins] of BUNDLES) {
  const bundle = await rolldown({
    cwd: root,
    input: entry,
    // Packages and Node's modules are imported when the program runs.
    external: /^(node:|[@a-z])/,
    plugins: [...plugins],
    transform: { target: "es2022" },
  });
  // What the command imports when it needs it is a file of its own beside it.
  await bundle.write({
    dir: path.join(root, path.dirname(file)),
    entryFileNames: path.basename(file),
    chunkFileNames: "[name].js",
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await bundle.close();
}
