/** Pictures of attention: everything a program imports from "heed/plot", and nothing else. */

export { DataError, DeviceError, type ErrorFacts, HeedError } from "../core/errors.ts";
export { attentionToCsv } from "./attention-csv.ts";
export { type AttentionHtmlOptions, attentionToHtml } from "./attention-html.ts";
export { visibleSymbol } from "./attention-labels.ts";
export type { AttentionMap } from "./attention-map.ts";
export { pageColour, type Theme } from "./attention-scale.ts";
export { type AttentionSvgOptions, attentionToSvg, type PlotTheme } from "./attention-svg.ts";
export { type AttentionTextOptions, attentionToText } from "./attention-text.ts";
export type { AxisLabels } from "./frame.ts";
export {
  type GridOptions,
  type MountedGrid,
  mountAttentionGrid,
  type TitledMap,
} from "./mount-grid.ts";
export {
  type MapOptions,
  type MountedMap,
  mountAttentionMap,
  type PageElement,
} from "./mount-map.ts";
export type { MapSelection } from "./spot.ts";
export { type PageBlob, type PngOptions, svgToPng } from "./svg-to-png.ts";
