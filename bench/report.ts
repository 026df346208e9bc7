/**
 * Writes the tables of docs/performance.md, between their markers, and the plots beside it, from
 * results/peers.json (npm run bench:peers -- --json bench/results/peers.json), results/sweep.json,
 * results/family-*.json and results/accuracy.json.
 *
 *     npm run report --prefix bench
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BENCH } from "./cache.ts";
import type { FamilyRuns } from "./family/goals.ts";
import { familyParts } from "./family/report.ts";
import { goalTable } from "./goals.ts";
import { growthTable } from "./growth-table.ts";
import { instructionTable } from "./instructions.ts";
import { plotDimension } from "./plots.ts";
import { notes, provenance } from "./print.ts";
import type { Results, Sweep } from "./results.ts";
import { SHAPE_NAMES } from "./shapes.ts";
import { DIMENSIONS } from "./sweep-dimensions.ts";
import {
  ceilingTable,
  formatTable,
  overview,
  shapeTable,
  shapeTitle,
  startTable,
  trainingTable,
  waysTable,
} from "./tables.ts";

const DOCS = join(dirname(BENCH), "docs");
const PAGE = join(DOCS, "performance.md");

/** The text between the markers of a name becomes `text`. @throws Error where the page has no such markers */
function fill(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${PAGE} has no markers "${name}"`);
  return `${page.slice(0, start + begin.length)}\n\n${text}\n\n${page.slice(stop)}`;
}

function read<T>(name: string): T | null {
  const path = join(BENCH, "results", name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : null;
}

let page = readFileSync(PAGE, "utf8");
const results = read<Results>("peers.json");
if (results !== null) {
  const shapes = SHAPE_NAMES.map(
    (shape) => `### ${shapeTitle(shape)}\n\n${formatTable(shapeTable(results, shape))}`,
  );
  const parts: Record<string, string> = {
    provenance: provenance(results),
    goals: formatTable(goalTable(results)),
    ceilings: formatTable(ceilingTable(results)),
    overview: formatTable(overview(results)),
    shapes: shapes.join("\n\n"),
    ways: formatTable(waysTable(results)),
    model: `${formatTable(trainingTable(results))}\n\n${formatTable(startTable(results))}`,
    absent: notes(results).join("\n\n"),
  };
  for (const [name, text] of Object.entries(parts)) page = fill(page, name, text);
}
const sweep = read<Sweep>("sweep.json");
if (sweep !== null) {
  const parts = DIMENSIONS.map((dimension) => {
    writeFileSync(join(DOCS, `growth-${dimension.name}.svg`), plotDimension(sweep, dimension));
    const title = `How time, rate and memory grow with ${dimension.title}`;
    return `![${title}](growth-${dimension.name}.svg)\n\n${formatTable(growthTable(sweep, dimension))}`;
  });
  const { date, machine, node, command } = sweep;
  parts.unshift(`${date}, ${machine}, Node ${node}; \`${command}\`.`);
  page = fill(page, "growth", parts.join("\n\n"));
}
const family: FamilyRuns = {
  heads: read("family-heads.json"),
  causal: read("family-causal.json"),
  costs: read("family-costs.json"),
  window: read("family-window.json"),
  decoding: read("family-decoding.json"),
  memory: read("family-memory.json"),
  accuracy: read("accuracy.json"),
};
for (const [name, text] of Object.entries(familyParts(family))) page = fill(page, name, text);
const instructions = instructionTable("avx512", 12);
if (instructions !== null) page = fill(page, "instructions", formatTable(instructions));
writeFileSync(PAGE, page);
