import { pageColour } from "./attention-scale.ts";
import { PAGE_COLOURS } from "./attention-svg.ts";
import { STEPS } from "./frame.ts";

const both = (light: string, dark: string): string => `light-dark(${light},${dark})`;
const either = (name: "page" | "ink" | "quiet"): string =>
  `var(--heed-${name},${both(PAGE_COLOURS.light[name], PAGE_COLOURS.dark[name])})`;

/**
 * The style of what is mounted in a page. The nearest `data-theme` around it holds, since a custom
 * property is inherited; without one, the reader's setting does.
 */
function rules(): string {
  const colours = Array.from({ length: STEPS }, (_, i) => {
    const [light, dark] = [
      pageColour(i / (STEPS - 1), "light"),
      pageColour(i / (STEPS - 1), "dark"),
    ];
    return `.heed-map .w${i}{color:${both(light, dark)}}`;
  });
  const accent = both("#b35900", "#ffa657");
  return `
[data-theme=light]{--heed-scheme:light}
[data-theme=dark]{--heed-scheme:dark}
[data-theme=auto]{--heed-scheme:light dark}
.heed-map{color-scheme:var(--heed-scheme,light dark);background:${either("page")};color:${either("ink")};font:14px/1.5 system-ui,sans-serif;padding:8px;border-radius:6px}
.heed-map *{box-sizing:border-box}
.heed-map .heed-name{font-weight:600;padding:0 8px;overflow-wrap:anywhere}
.heed-map .heed-view{position:relative;overflow:auto;width:fit-content;max-width:100%;touch-action:pan-x pan-y pinch-zoom}
.heed-map svg{display:block;max-width:none}
.heed-map text{fill:${either("ink")};font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
.heed-map text.axis{fill:${either("quiet")};font:12px system-ui,sans-serif}
.heed-map rect{fill:currentColor}
.heed-map .heed-cells path{stroke:currentColor}
.heed-map .heed-none{fill:none;stroke:${either("quiet")}}
.heed-map .heed-lines{fill:none;stroke:${either("page")}}
.heed-map .heed-dim{fill:${either("page")};opacity:.65}
.heed-map .heed-bars{fill:${accent};opacity:.4}
.heed-map .heed-ring{fill:none;stroke:${accent};stroke-width:2}
.heed-map .heed-at{fill:none;stroke:${either("ink")};stroke-width:1;stroke-dasharray:3 2}
.heed-map .heed-over{position:absolute;top:0;left:0;cursor:pointer;outline-offset:-2px}
.heed-map .heed-unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;pointer-events:none}
.heed-map .heed-readout{min-height:3em;padding:0 8px;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.heed-map p{margin:0}
.heed-map .heed-readout p:first-child{font-weight:600}
.heed-map bdi{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
.heed-map .heed-hint,.heed-map summary{color:${either("quiet")};font-size:12px;padding:0 8px}
.heed-map summary{cursor:pointer}
.heed-map .heed-editor:not([hidden]){border:0;margin:4px 0;padding:0 8px;display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:2px 16px;max-height:16em;overflow:auto}
.heed-map .heed-editor label{display:grid;grid-template-columns:5em 1fr 3.5em;gap:6px;align-items:center}
.heed-map .heed-editor bdi{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;text-align:end}
.heed-map input{min-width:0;accent-color:${accent}}
.heed-map .heed-table{overflow:auto;max-height:24em;margin:4px 8px}
.heed-map table{border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums}
.heed-map th,.heed-map td{padding:1px 6px;text-align:end;font-weight:400}
.heed-map .heed-many{display:flex;flex-wrap:wrap;gap:8px}
.heed-map button{font:inherit;font-size:12px;color:inherit;background:none;border:1px solid ${either("quiet")};border-radius:4px;padding:4px;cursor:pointer}
.heed-map .heed-many button{display:grid;justify-items:center;gap:2px}
.heed-map button[aria-pressed=true]{outline:2px solid ${accent}}
.heed-map :focus-visible{outline:2px solid ${accent}}
@media (forced-colors:active){.heed-map svg{forced-color-adjust:none}}
${colours.join("\n")}`;
}

const sheets = new WeakMap<Document, CSSStyleSheet>();

/**
 * Gives the document, and the shadow root if the element is in one, the style. A sheet that a program
 * makes is nothing that a content security policy forbids, as an element `<style>` would be.
 */
export function adoptStyle(element: Element): void {
  const page = element.ownerDocument;
  let sheet = sheets.get(page);
  if (sheet === undefined) {
    sheet = new (page.defaultView ?? globalThis).CSSStyleSheet();
    sheet.replaceSync(rules());
    sheets.set(page, sheet);
  }
  for (const root of [page, element.getRootNode()]) {
    if (!("adoptedStyleSheets" in root)) continue;
    const holder = root as DocumentOrShadowRoot;
    if (!holder.adoptedStyleSheets.includes(sheet)) {
      holder.adoptedStyleSheets = [...holder.adoptedStyleSheets, sheet];
    }
  }
}
