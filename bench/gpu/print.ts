import { goalLines } from "../goals.ts";
import { median } from "../statistics.ts";
import { formatNumber, formatTable, type Table } from "../tables.ts";
import { ratesOf } from "./arithmetic.ts";
import { gpuGoals, millisecondsOf, timesPyTorch } from "./goals.ts";
import { PARTS, type Part } from "./options.ts";
import type { GpuResults, GpuRow } from "./results.ts";

const TITLES: Readonly<Record<Part, string>> = {
  matmul: "matrix product",
  attention: "attention",
  training: "training step",
};

/** A run's results, as text with Markdown tables. */
export function formatGpuResults(results: GpuResults): string {
  const { date, machine, node, command, adapter, heed, torch } = results;
  const tables = [ceilingTable(results), ...PARTS.map((part) => partTable(results, part))];
  return `${[
    `${date}, ${adapter.name} (${adapter.driver}), ${machine}, Node ${node}; \`${command}\``,
    `heed: ${heed}`,
    `PyTorch: ${torch}`,
    ...(adapter.software
      ? ["This adapter computes on the processor: the figures say nothing of heed."]
      : []),
    ...tables.filter(({ rows }) => rows.length > 0).map(formatTable),
    formatTable(goalLines(gpuGoals(results))),
    ...notTimed(results),
  ].join("\n\n")}\n`;
}

function ceilingTable({ ceilings }: GpuResults): Table {
  const units = { operations: "float32 TFLOP/s", bytes: "GB/s, read + written" } as const;
  const scales = { operations: 1e12, bytes: 1e9 } as const;
  return {
    head: ["ceiling", "how", "measured"],
    rows: ceilings.map(({ kind, way, rounds }) => [
      units[kind],
      way,
      formatNumber(median(rounds) / scales[kind]),
    ]),
  };
}

/** heed at every size of a part, and PyTorch's ways beside it. */
export function partTable({ rows, peaks }: Pick<GpuResults, "rows" | "peaks">, part: Part): Table {
  const mine = rows.filter(({ size }) => size.part === part);
  const ways = [...new Set(mine.flatMap(({ torch }) => torch.map(({ way }) => way)))];
  const columns = ways.map((way) => `PyTorch ${way}, ms`);
  return {
    head: [
      TITLES[part],
      "ms",
      "TFLOP/s",
      "of peak",
      "of bandwidth",
      ...columns,
      ...(ways.length > 0 ? ["PyTorch / heed"] : []),
    ],
    rows: mine.map((row) => {
      const milliseconds = median(row.rounds);
      const { teraflops, ofPeak, ofBandwidth } = ratesOf(row, milliseconds, peaks);
      return [
        row.name,
        formatNumber(milliseconds),
        formatNumber(teraflops),
        formatShare(ofPeak),
        formatShare(ofBandwidth ?? Number.NaN),
        ...ways.map((way) => formatNumber(timeOf(row, way))),
        ...(ways.length > 0 ? [formatRatio(timesPyTorch(row))] : []),
      ];
    }),
  };
}

function timeOf({ torch }: GpuRow, way: string): number {
  const found = torch.find((each) => each.way === way);
  return found === undefined ? Number.NaN : millisecondsOf(found);
}

function formatShare(share: number): string {
  return Number.isFinite(share) ? `${formatNumber(100 * share)} %` : "–";
}

function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${formatNumber(ratio)} ×` : "–";
}

/** Who was not timed at what, and why; what many rows say alike, once. */
function notTimed({ rows }: GpuResults): string[] {
  const reasons = new Map<string, string[]>();
  const add = (reason: string | null, name: string): void => {
    if (reason !== null) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  };
  for (const { size, name, refused, torch } of rows) {
    add(refused, `heed, ${size.part} ${name}`);
    for (const { way, failed } of torch) add(failed, `PyTorch ${way}, ${size.part} ${name}`);
  }
  return [...reasons].map(([reason, names]) => `Not timed: ${names.join("; ")}: ${reason}`);
}
