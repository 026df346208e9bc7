import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Sweep, SweepPoint } from "./results.ts";
import type { Dimension } from "./sweep-dimensions.ts";

const WIDTH = 320;
const HEIGHT = 260;
/** Room for the title above and the legend below. */
const [TOP, BOTTOM] = [30, 30];

/** Told apart by those who see colours differently, too (Okabe & Ito). */
const COLOURS: Readonly<Record<string, string>> = {
  native: "#0072b2",
  "wasm relaxed": "#d55e00",
  "wasm simd128": "#009e73",
};

type Quantity = "milliseconds" | "gflops" | "megabytes";

const QUANTITIES: readonly { readonly of: Quantity; readonly label: string }[] = [
  { of: "milliseconds", label: "ms" },
  { of: "gflops", label: "GFLOP/s" },
  { of: "megabytes", label: "memory, MB" },
];

/** Time, rate and memory over one dimension, side by side, as the text of an SVG file. */
export function plotDimension({ points }: Sweep, dimension: Dimension): string {
  const mine = points.filter((point) => point.dimension === dimension.name);
  const plots = QUANTITIES.map(({ of, label }, i) => {
    const place = `transform="translate(${i * WIDTH} ${TOP})"`;
    return `<g ${place}>${plot(mine, of, label, dimension.axis)}</g>`;
  });
  const title = `How it grows: ${dimension.title}`;
  const [width, height] = [WIDTH * QUANTITIES.length, HEIGHT + TOP + BOTTOM];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`,
    ` viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="12" y="20" font-size="14">${title}</text>`,
    ...plots,
    legend(mine, height - 12),
    "</svg>\n",
  ].join("\n");
}

function plot(points: readonly SweepPoint[], of: Quantity, label: string, axis: string): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const logarithmic = of !== "gflops" && axis !== "threads";
  // What a process holds beyond the start is never less than a page or so; a logarithm wants it above 0.
  const data = points.map((point) => ({ ...point, shown: Math.max(point[of], 1e-3) }));
  const line = (kept: boolean): Plot.Markish[] => {
    const some = data.filter(({ way }) => (way === "weights kept") === kept);
    const channels = {
      x: "value",
      y: "shown",
      z: "device",
      stroke: ({ device }: SweepPoint): string => COLOURS[device] ?? "grey",
    };
    return [
      Plot.line(some, { ...channels, ...(kept ? {} : { strokeDasharray: "4 3" }) }),
      Plot.dot(some, { ...channels, r: 2 }),
    ];
  };
  const element = Plot.plot({
    document: document as unknown as Document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 48,
    x: {
      type: axis === "threads" ? "point" : "log",
      base: 2,
      label: axis,
      tickFormat: "d",
      ticks: 6,
    },
    y: {
      type: logarithmic ? "log" : "linear",
      label,
      grid: true,
      ...(logarithmic
        ? { ticks: logarithmicTicks(data.map(({ shown }) => shown)), tickFormat: String }
        : { domain: [0, Math.max(...data.map(({ shown }) => shown))], nice: true }),
    },
    marks: [...line(true), ...line(false)],
  });
  // One picture, not a picture in a picture, whose rules are for a page.
  return element.outerHTML
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/^<svg [^>]*>/, '<g text-anchor="middle" font-size="10">')
    .replace(/<\/svg>$/, "</g>");
}

/** Powers of ten, and 2 and 5 between them where there are few. */
function logarithmicTicks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const decades = Math.log10(most / least);
  const steps = decades > 2.5 ? [1] : [1, 2, 5];
  const first = Math.floor(Math.log10(least));
  return Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => 10 ** (first + i))
    .flatMap((power) => steps.map((step) => step * power))
    .filter((tick) => tick >= least && tick <= most);
}

function legend(points: readonly SweepPoint[], y: number): string {
  const devices = [...new Set(points.map(({ device }) => device))];
  const keys = [
    ...devices.map((device) => ({ text: device, colour: COLOURS[device] ?? "grey", dash: "" })),
    ...(points.some(({ way }) => way !== "weights kept")
      ? [{ text: "weights not kept", colour: "grey", dash: ' stroke-dasharray="4 3"' }]
      : []),
  ];
  return keys
    .map(({ text, colour, dash }, i) => {
      const x = 14 + 170 * i;
      return (
        `<line x1="${x}" x2="${x + 24}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2"${dash}/>` +
        `<text x="${x + 30}" y="${y}" font-size="12">${text}</text>`
      );
    })
    .join("\n");
}
