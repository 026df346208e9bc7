import type { Sweep } from "./results.ts";
import type { Dimension } from "./sweep-dimensions.ts";
import { formatNumber, type Table } from "./tables.ts";

/** Milliseconds, GFLOP/s and megabytes of every device at every value of a dimension. */
export function growthTable({ points }: Sweep, { name, axis, values }: Dimension): Table {
  const mine = points.filter(({ dimension }) => dimension === name);
  const series = [...new Set(mine.map(({ device, way }) => `${device}|${way}`))];
  const title = (key: string): string => {
    const [device = "", way] = key.split("|");
    return way === "weights kept" ? device : `${device}, ${way}`;
  };
  return {
    head: [`${axis}: ms · GFLOP/s · MB`, ...series.map(title)],
    rows: values.map((value) => [
      String(value),
      ...series.map((key) => {
        const point = mine.find(
          (each) => each.value === value && `${each.device}|${each.way}` === key,
        );
        if (point === undefined) return "–";
        const { milliseconds, gflops, megabytes } = point;
        return [milliseconds, gflops, Math.max(0, megabytes)].map(formatNumber).join(" · ");
      }),
    ]),
  };
}
