import { countThreads, nameOf } from "./contenders.ts";
import type { Results, Who } from "./results.ts";
import { formatSizes, SHAPES, type ShapeName } from "./shapes.ts";
import { median } from "./statistics.ts";
import { bestOf, everybody, gflops, shareOfCeiling, timesHeed, waysOf } from "./summary.ts";

/** Rows below a head, all text. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A Markdown table whose columns stand below one another in a terminal too. */
export function formatTable({ head, rows }: Table): string {
  const width = (column: number): number =>
    Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? "").length));
  const line = (row: readonly string[]): string =>
    `| ${head.map((_, i) => pad(row[i] ?? "", width(i), i > 0)).join(" | ")} |`;
  const rule = `|${head.map((_, i) => "-".repeat(width(i) + 1) + (i > 0 ? ":" : "-")).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}

/** Three digits that mean something; – for what was not measured. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

function formatPercent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(0)} %` : "–";
}

function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${formatNumber(ratio)} ×` : "–";
}

/** What the machine can do at most, over all rounds. */
export function ceilingTable({ ceilings }: Results): Table {
  const names = [...new Set(ceilings.map(({ name, node }) => key(name, node)))];
  const counts = [...new Set(ceilings.map(({ threads }) => threads))];
  return {
    head: ["GFLOP/s", ...counts.map(countThreads)],
    rows: names.map((name) => [
      name,
      ...counts.map((count) => {
        const mine = ceilings.filter((each) => key(each.name, each.node) === name);
        const rounds = mine.filter(({ threads }) => threads === count);
        return formatNumber(median(rounds.flatMap((each) => each.rounds)));
      }),
    ]),
  };
}

function key(name: string, node: string | null): string {
  return node === null ? name : `${name}, Node ${node}`;
}

/** Everybody's best way at one shape, against the ceiling and against heed with as many threads. */
export function shapeTable(results: Results, shape: string): Table {
  const rows = everybody(results).flatMap((who) => {
    const best = bestOf(results, who, shape);
    if (best === undefined) return [];
    const milliseconds = median(best.rounds);
    return [
      [
        nameOf(who),
        best.way,
        formatNumber(milliseconds),
        formatNumber(gflops(shape, milliseconds)),
        formatPercent(shareOfCeiling(results, who, shape)),
        formatRatio(timesHeed(results, who, shape, "native")),
        formatRatio(timesHeed(results, who, shape, "wasm")),
        Math.max(best.errors.forward, best.errors.backward).toExponential(0),
      ],
    ];
  });
  const [native, wasm] = ["time / heed native", "time / heed wasm"];
  return { head: [shape, "way", "ms", "GFLOP/s", "of ceiling", native, wasm, "error"], rows };
}

/** What was measured, in the order of the run. */
function shapesOf({ attention }: Results): string[] {
  return [...new Set(attention.map(({ shape }) => shape))];
}

/** "A: 128 × 11 × 29 × 256". */
export function shapeTitle(shape: ShapeName): string {
  return `${shape}: N × Td × Te × H = ${formatSizes(SHAPES[shape])}`;
}

/** Milliseconds of everybody's best way at every shape. */
export function overview(results: Results): Table {
  const shapes = shapesOf(results);
  const cell = (who: Who, shape: string): string => {
    const best = bestOf(results, who, shape);
    return best === undefined ? "–" : formatNumber(median(best.rounds));
  };
  return {
    head: ["ms", ...shapes],
    rows: everybody(results).map((who) => [
      nameOf(who),
      ...shapes.map((shape) => cell(who, shape)),
    ]),
  };
}

/** Every way of those who have several, in milliseconds. */
export function waysTable(results: Results): Table {
  const shapes = shapesOf(results);
  const rows = everybody(results).flatMap((who) => {
    const names = new Set(
      results.attention.filter((each) => nameOf(each.who) === nameOf(who)).map(({ way }) => way),
    );
    if (names.size < 2) return [];
    return [...names].map((way) => [
      `${nameOf(who)}: ${way}`,
      ...shapes.map((shape) => {
        const found = waysOf(results, who, shape).find((each) => each.way === way);
        return found === undefined ? "–" : formatNumber(median(found.rounds));
      }),
    ]);
  });
  return { head: ["ms", ...shapes], rows };
}

/** Training steps and decoding of the date model. */
export function trainingTable({ training }: Results): Table {
  return {
    head: ["date model", "way", "ms"],
    rows: training
      .filter(({ rounds }) => rounds.length > 0)
      .map(({ who, way, rounds }) => [nameOf(who), way, formatNumber(median(rounds))]),
  };
}

/** Import to first result. */
export function startTable({ start }: Results): Table {
  return {
    head: ["fresh process", "import → result, ms", "process → result, ms"],
    rows: start.map((each) => [
      `heed ${each.device} (Node ${each.node})`,
      formatNumber(each.importToResult),
      formatNumber(each.processToResult),
    ]),
  };
}
