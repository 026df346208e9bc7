import type * as Plot from "@observablehq/plot";
import { percent } from "../output.ts";
import { safeText } from "../safe-text.ts";
import { bestEpoch, type EpochPoint, type StepPoint, type TrainingLog } from "./training-log.ts";

/** What the curves are drawn over. */
export type Over = "steps" | "seconds";

const WIDTH = 900;
/** Room around the picture, and for a line of the title and of the legend. */
const [MARGIN, TITLE, LEGEND_LINE] = [16, 34, 20];
const [PANEL_WIDTH, PANEL_HEIGHT] = [(WIDTH - 3 * MARGIN) / 2, 210];
/** Most points of a curve; of longer ones, a point is the mean of a few steps. */
const MOST_POINTS = 400;
/** The same of a curve of speeds, which other processes make uneven. */
const MOST_SPEEDS = 100;
/** The ratio of largest and smallest number from which an axis is logarithmic. */
const WIDE = 20;

/** Told apart by those who see colours differently, too (Okabe & Ito, without their yellow). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/** From run to run after as many as there are colours. */
const DASHES = [null, "5 3", "1.5 2.5", "8 3 1.5 3"] as const;

/** One of the small plots: a number of a step or of an epoch. */
interface Panel {
  readonly title: string;
  readonly points: (log: TrainingLog) => readonly Point[];
  readonly scale: "linear" | "from zero" | "log if wide";
  /** Measured now and then, so that each point is worth a dot. */
  readonly dots: boolean;
}

interface Point {
  readonly step: number;
  readonly seconds: number;
  readonly value: number;
}

const PANELS: readonly Panel[] = [
  stepPanel("Loss (nats per symbol)", "loss", "log if wide"),
  epochPanel("Exact match on dev pairs (%)", "exactMatch", "linear"),
  stepPanel("Gradient norm before clipping", "gradientNorm", "log if wide"),
  epochPanel("Symbol error rate on dev pairs (%)", "symbolErrorRate", "log if wide"),
  stepPanel("Learning rate", "rate", "from zero"),
  stepPanel("Speed (pairs per second)", "pairsPerSecond", "from zero"),
];

function stepPanel(title: string, key: keyof StepPoint, scale: Panel["scale"]): Panel {
  return { title, points: ({ steps }) => thinned(steps, key), scale, dots: false };
}

function epochPanel(title: string, key: keyof EpochPoint, scale: Panel["scale"]): Panel {
  const points = ({ epochs }: TrainingLog): Point[] =>
    epochs.map((epoch) => ({ ...epoch, value: 100 * epoch[key] }));
  return { title, points, scale, dots: true };
}

/**
 * The curves of training runs, one colour a run, as the text of an SVG file: loss, gradient norm,
 * learning rate and speed of the steps, exact match and symbol error rate of the epochs.
 */
export async function curvesToSvg(logs: readonly TrainingLog[], over: Over): Promise<string> {
  // Loaded here and not with the command: this takes longer than all of its other modules.
  const [plot, { parseHTML }] = await Promise.all([
    import("@observablehq/plot"),
    import("linkedom"),
  ]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const legend = legendOf(logs);
  const top = TITLE + legend.lines * LEGEND_LINE;
  const panels = PANELS.map((panel, i) => {
    const element = plot.plot({
      document: document as unknown as Document,
      ...panelOptions(plot, panel, logs, over),
    });
    element.querySelector("style")?.remove(); // rules for a page
    element.setAttribute("x", String(MARGIN + (i % 2) * (PANEL_WIDTH + MARGIN)));
    element.setAttribute("y", String(top + Math.floor(i / 2) * PANEL_HEIGHT));
    element.setAttribute("class", "panel");
    element.setAttribute("text-anchor", "middle");
    return element.outerHTML;
  });
  const title = logs.length === 1 ? "Training curves" : `Training curves of ${logs.length} runs`;
  const height = top + Math.ceil(PANELS.length / 2) * PANEL_HEIGHT + MARGIN / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}"`,
    ` viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" role="img">`,
    `<title>${title}: ${logs.map(({ name }) => escaped(name)).join(", ")}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${MARGIN}" y="${TITLE - 10}" font-size="17" font-weight="600">${title}</text>`,
    legend.text,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function panelOptions(
  plot: typeof Plot,
  panel: Panel,
  logs: readonly TrainingLog[],
  over: Over,
): Plot.PlotOptions {
  const curves = logs.map((log) => panel.points(log));
  const values = curves
    .flat()
    .map(({ value }) => value)
    .filter(Number.isFinite);
  const [least, most] = extent(values);
  const logarithmic = panel.scale === "log if wide" && least > 0 && most / least > WIDE;
  const domain = logarithmic ? null : linearDomain(least, most, panel.scale === "from zero");
  const x = over === "steps" ? "step" : "seconds";
  const ends = logs.flatMap(({ steps, epochs }) => [
    steps.at(-1)?.[x] ?? 0,
    epochs.at(-1)?.[x] ?? 0,
  ]);
  const longest = Math.max(1, ...ends.filter(Number.isFinite));
  return {
    width: PANEL_WIDTH,
    height: PANEL_HEIGHT,
    marginLeft: 52,
    marginRight: 24,
    marginTop: 36,
    marginBottom: 36,
    style: { fontSize: "11px" },
    x: {
      domain: [0, longest],
      label: over === "steps" ? "step" : "time (s)",
      labelAnchor: "right",
      labelArrow: "none",
      ticks: Math.min(6, longest),
    },
    y: {
      type: logarithmic ? "log" : "linear",
      label: null,
      grid: true,
      nice: !logarithmic,
      ...(logarithmic
        ? { ticks: logarithmicTicks(least, most), tickFormat: String }
        : { ticks: 5 }),
      ...(domain === null ? {} : { domain }),
    },
    marks: [
      plot.text([panel.title], {
        frameAnchor: "top-left",
        dx: -44,
        dy: -26,
        fontSize: 12.5,
        fontWeight: 600,
      }),
      plot.text(values.length === 0 ? ["nothing measured yet"] : [], { frameAnchor: "middle" }),
      ...curves.flatMap((points, i) => marks(plot, panel, points, x, styleOf(i))),
    ],
  };
}

function marks(
  plot: typeof Plot,
  panel: Panel,
  points: readonly Point[],
  x: "step" | "seconds",
  { colour, dash }: Style,
): Plot.Markish[] {
  const channels = { x, y: "value", stroke: colour };
  const line = {
    ...channels,
    strokeWidth: 1.4,
    ...(dash === null ? {} : { strokeDasharray: dash }),
  };
  if (!panel.dots) return [plot.line(points, line)];
  return [plot.line(points, line), plot.dot(points, { ...channels, fill: colour, r: 1.8 })];
}

/**
 * A quantity of the steps, as the means of runs of them where there are many. Speeds have harmonic means,
 * which are the speeds over several steps.
 */
function thinned(steps: readonly StepPoint[], key: keyof StepPoint): Point[] {
  const isSpeed = key === "pairsPerSecond";
  const size = Math.ceil(steps.length / (isSpeed ? MOST_SPEEDS : MOST_POINTS));
  const points: Point[] = [];
  for (let begin = 0; begin < steps.length; begin += size) {
    const run = steps.slice(begin, begin + size);
    const finite = run.map((step) => step[key]).filter(Number.isFinite);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const value = isSpeed ? 1 / mean(finite.map((speed) => 1 / speed)) : mean(finite);
    points.push({ ...run.at(-1)!, value });
  }
  return points;
}

function extent(values: readonly number[]): [least: number, most: number] {
  return [
    values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ];
}

/** What a linear axis spans; null: what it would by itself. */
function linearDomain(least: number, most: number, fromZero: boolean): [number, number] | null {
  if (fromZero && most > 0) return [0, most];
  return least === most
    ? [least - 0.1 * Math.abs(least || 1), most + 0.1 * Math.abs(most || 1)]
    : null;
}

/** Powers of ten, and 2 and 5 between them where there are few. */
function logarithmicTicks(least: number, most: number): number[] {
  const decades = Math.log10(most / least);
  const digits = decades > 3 ? [1] : [1, 2, 5];
  const first = Math.floor(Math.log10(least));
  return Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => first + i)
    .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
    .filter((tick) => tick >= least && tick <= most);
}

interface Style {
  readonly colour: string;
  readonly dash: string | null;
}

function styleOf(run: number): Style {
  const round = Math.floor(run / COLOURS.length) % DASHES.length;
  return { colour: COLOURS[run % COLOURS.length]!, dash: DASHES[round]! };
}

/** One entry a run, with the best it reached, in as many lines as that takes. */
function legendOf(logs: readonly TrainingLog[]): { readonly text: string; readonly lines: number } {
  const perCharacter = 6.9;
  let [x, line] = [MARGIN, 1];
  const entries = logs.map((log, i) => {
    const best = bestEpoch(log);
    const text = best === null ? log.name : `${log.name} (best ${percent(best.exactMatch)})`;
    const width = 32 + text.length * perCharacter + 18;
    if (x > MARGIN && x + width > WIDTH - MARGIN) [x, line] = [MARGIN, line + 1];
    const y = TITLE + line * LEGEND_LINE - 8;
    const { colour, dash } = styleOf(i);
    const entry =
      `<line x1="${x}" x2="${x + 26}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" ` +
      `stroke-width="2"${dash === null ? "" : ` stroke-dasharray="${dash}"`}/>` +
      `<text x="${x + 32}" y="${y}" font-size="12.5">${escaped(text)}</text>`;
    x += width;
    return entry;
  });
  return { text: entries.join("\n"), lines: line };
}

function escaped(text: string): string {
  return safeText(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
