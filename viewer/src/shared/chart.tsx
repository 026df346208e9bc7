import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface ChartProps {
  readonly title: string;
  /** What stands beside the chart for who does not see it. */
  readonly summary: string;
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly xLabel: string;
  /** From 0 to 1, written as percent. */
  readonly isShare?: boolean;
}

const HEIGHT = 190;
/** Distances that marks of an axis of whole numbers may have. */
const WHOLE = Array.from({ length: 21 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** Math.floor(i / 3));

/** A curve that grows. */
export function Chart({ title, summary, xs, ys, xLabel, isShare = false }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = (): void => {
      chart.current?.destroy();
      chart.current = new uPlot(options(element, xLabel, isShare), [[], []], element);
    };
    draw();
    const observer = new ResizeObserver(() => {
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    // The colours of axes are drawn on a canvas, which styles do not reach.
    const themes = new MutationObserver(() => {
      const data = chart.current?.data;
      draw();
      if (data !== undefined) chart.current?.setData(data);
    });
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      observer.disconnect();
      themes.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [xLabel, isShare]);
  useEffect(() => chart.current?.setData([[...xs], [...ys]]), [xs, ys]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${summary}`} />
    </figure>
  );
}

function options(element: HTMLElement, xLabel: string, isShare: boolean): uPlot.Options {
  // Where a style brings a colour, since a variable comes as it is written, `light-dark(…)`.
  const { color: ink, borderTopColor: line, outlineColor: curve } = getComputedStyle(element);
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const percent = (_: uPlot, values: number[]): string[] => {
    return values.map((value) => `${Math.round(100 * value)} %`);
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: isShare ? { range: [0, 1] } : {} },
    axes: [
      // Steps and epochs are whole.
      { ...axis, label: xLabel, labelSize: 18, size: 34, incrs: WHOLE },
      { ...axis, size: 56, ...(isShare ? { values: percent } : {}) },
    ],
    series: [
      {},
      {
        stroke: curve,
        width: 2,
        points: { show: isShare },
      },
    ],
  };
}
