// Compiled without the types of a page.
import { attentionToCsv, attentionToHtml, type MapOptions, svgToPng } from "heed/plot";

const map = { sourceSymbols: ["a"], outputSymbols: ["A"], attention: [[1]] };
export const text: string = attentionToCsv(map) + attentionToHtml(map, { theme: "dark" });
export const options: MapOptions = { title: "t", pinned: { row: 0 } };
export const png: unknown = svgToPng(text);
