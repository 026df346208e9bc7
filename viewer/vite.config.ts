import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const of = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The parts of the command that pages use as well import heed as the command does. */
const oneHeed: Plugin = {
  name: "one-heed",
  enforce: "pre",
  resolveId: (name) => (name.endsWith("/../index.ts") ? of("../dist/browser.js") : null),
};

export default defineConfig({
  root: of("."),
  // Relative, so that the folder works wherever it is put.
  base: "./",
  plugins: [oneHeed],
  resolve: {
    alias: [
      { find: /^heed$/, replacement: of("../dist/browser.js") },
      { find: /^heed\/plot$/, replacement: of("../dist/plot.js") },
    ],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es", plugins: () => [oneHeed] },
  build: {
    outDir: of("../dist/viewer"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
});
