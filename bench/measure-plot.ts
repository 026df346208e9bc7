/**
 * How long a page takes to draw an attention map, and what the code for it weighs, for docs/plot.md:
 * `npx tsx --tsconfig bench/tsconfig.run.json bench/measure-plot.ts`, after `npm run build`.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { askPage, findChromium } from "../tests/package/headless-browser.ts";
import { strangersFolder } from "./measure-start.ts";

/** Runs in the page: milliseconds of each kind, the median of several and the quickest. */
const PAGE = `
import { attentionToSvg, mountAttentionGrid, mountAttentionMap } from "./plot.js";

const mapOf = (size, seed) => {
  const symbols = Array.from({ length: size }, (_, i) => "s" + i);
  const weight = (d, e) => Math.abs(Math.sin(d * 12.9 + e * 78.2 + seed) * 43758.5) % 1;
  const attention = symbols.map((_, d) => symbols.map((__, e) => weight(d, e) ** 4));
  return { sourceSymbols: symbols, outputSymbols: symbols, attention };
};
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
const median = (times) => {
  times.sort((a, b) => a - b);
  return [times[times.length >> 1], times[0]];
};
const timed = (run) => {
  const start = performance.now();
  run();
  document.body.getBoundingClientRect();
  return performance.now() - start;
};
async function measure(size) {
  const times = { mount: [], mountPainted: [], update: [], hover: [], svg: [] };
  for (let round = 0; round < 15; round++) {
    const map = mapOf(size, round);
    let shown;
    await painted();
    const start = performance.now();
    times.mount.push(timed(() => { shown = mountAttentionMap(document.body, map); }));
    await painted();
    times.mountPainted.push(performance.now() - start);
    const over = document.querySelector(".heed-over");
    const box = over.getBoundingClientRect();
    for (let move = 0; move < 20; move++) {
      const [x, y] = [box.width * (0.2 + 0.03 * move), box.height * 0.5 + move];
      const at = { clientX: box.x + x, clientY: box.y + y, bubbles: true };
      times.hover.push(timed(() => over.dispatchEvent(new PointerEvent("pointermove", at))));
    }
    const next = mapOf(size, round + 0.5);
    times.update.push(timed(() => shown.update(next)));
    times.svg.push(timed(() => attentionToSvg(map)));
    shown.destroy();
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}
async function measureGrid(count, size) {
  const times = [];
  for (let round = 0; round < 7; round++) {
    const maps = Array.from({ length: count }, (_, i) => ({ title: "head " + i, map: mapOf(size, i) }));
    let grid;
    await painted();
    times.push(timed(() => { grid = mountAttentionGrid(document.body, maps); }));
    grid.destroy();
  }
  return median(times);
}
const answer = { "20 × 20": await measure(20), "200 × 200": await measure(200), "144 heads of 20 × 20": { mount: await measureGrid(144, 20) } };
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
`;

const USES: readonly (readonly [what: string, names: string, from: string])[] = [
  ["attentionToSvg", "attentionToSvg", "heed/plot"],
  ["mountAttentionMap", "mountAttentionMap", "heed/plot"],
  ["both", "attentionToSvg, mountAttentionMap", "heed/plot"],
  ["and mountAttentionGrid", "attentionToSvg, mountAttentionMap, mountAttentionGrid", "heed/plot"],
];

async function weigh(names: string, from: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${names} } from "${from}"; console.log(${names});`,
      resolveDir: strangersFolder(),
    },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "silent",
  });
  const [bytes] = outputFiles.map(({ contents }) => contents);
  return `${bytes!.length} bytes minified, ${gzipSync(bytes!, { level: 9 }).length} with gzip`;
}

const chromium = findChromium();
if (chromium === null) throw new Error("there is no Chromium on this machine");
const folder = mkdtempSync(join(tmpdir(), "heed-plot-"));
try {
  for (const file of ["plot.js", "shared.js"]) copyFileSync(join("dist", file), join(folder, file));
  writeFileSync(join(folder, "page.js"), PAGE);
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>',
  );
  const answer = (await askPage(chromium, folder, false)) as Record<
    string,
    Record<string, [median: number, quickest: number]>
  >;
  for (const [what, times] of Object.entries(answer)) {
    console.log(`${what}, milliseconds:`);
    for (const [name, [median, quickest]] of Object.entries(times)) {
      console.log(`  ${name}: median ${median.toFixed(2)}, quickest ${quickest.toFixed(2)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const [what, names, from] of USES) console.log(`${what}: ${await weigh(names, from)}`);
