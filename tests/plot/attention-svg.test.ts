import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attentionToSvg } from "../../src/plot/attention-svg.ts";

const map = {
  sourceSymbols: ["<", "&", '"', " "],
  outputSymbols: ["x", "\u001b"],
  attention: [
    [0.7, 0.1, 0.1, 0.1],
    [0, 0.25, Number.NaN, 0.5],
  ],
};

/** Every tag closed in order, every attribute quoted, every `&` an entity, no forbidden character. */
function expectWellFormed(xml: string): void {
  expect(xml).not.toMatch(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  const open: string[] = [];
  const token = /<(\/?)([a-zA-Z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let at = 0;
  for (const [whole, close, name, attributes = "", empty, text = ""] of xml.matchAll(token)) {
    expect(`${attributes}${text}`).not.toMatch(/&(?!(?:amp|lt|gt|quot);)/);
    if (name !== undefined && close === "/") expect(open.pop()).toBe(name);
    else if (name !== undefined && empty !== "/") open.push(name);
    at += whole.length;
  }
  expect(xml.slice(at)).toBe("");
  expect(open).toEqual([]);
}

describe("attentionToSvg", () => {
  const svg = attentionToSvg(map, { title: 'a < "b" & \u0007' });

  it("is well-formed, with the symbols and the title escaped", () => {
    expectWellFormed(svg);
    expect(svg).toContain("<title>a &lt; &quot;b&quot; &amp; ␇</title>");
    expect(svg).toContain(">␛</text>");
    expect(svg).toContain(">&lt;</text>");
  });

  it("is well-formed whatever the symbols", () => {
    const symbols = fc.array(fc.string({ unit: "binary", maxLength: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(symbols, symbols, fc.string({ unit: "binary" }), (sources, outputs, title) => {
        const attention = outputs.map(() => sources.map(() => 0.5));
        const any = { sourceSymbols: sources, outputSymbols: outputs, attention };
        expectWellFormed(attentionToSvg(any, { title }));
      }),
    );
  });

  it("has one cell with a tooltip per pair of symbols", () => {
    const cells = [...svg.matchAll(/<rect class="(\w+)" [^>]*><title>([^<]*)<\/title>/g)];
    expect(cells.map(([, level, tip]) => `${level} ${tip}`)).toEqual([
      "w28 x ← &lt;: 0.700",
      "w4 x ← &amp;: 0.100",
      "w4 x ← &quot;: 0.100",
      "w4 x ← ␣: 0.100",
      "w0 ␛ ← &lt;: 0.000",
      "w10 ␛ ← &amp;: 0.250",
      "none ␛ ← &quot;: unknown",
      "w20 ␛ ← ␣: 0.500",
    ]);
  });

  it("names itself to a screen reader and says what it shows", () => {
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-label="a &lt;/);
    expect(svg).toMatch(/<desc>How much each of 2 output symbols .* 4 source symbols/);
  });

  it("has colours for light and for dark pages, each set in its place", () => {
    const [light = "", dark = ""] = svg.split("@media (prefers-color-scheme:dark)");
    expect(light.match(/\.w\d+\{/g)).toHaveLength(41);
    expect(dark.match(/\.w\d+\{/g)).toHaveLength(41);
  });

  it("styles nothing outside itself", () => {
    const style = /<style>(.*)<\/style>/s.exec(svg)?.[1] ?? "";
    for (const [, selector] of style.matchAll(/(?:^|[{}])([^{}@]+)\{/g)) {
      expect(selector).toMatch(/^\.heed-attention/);
    }
  });

  it("gives the same text for the same map", () => {
    expect(attentionToSvg(map)).toBe(attentionToSvg(structuredClone(map)));
  });

  it("draws a map of very many cells by colour, each cell once", () => {
    const symbols = Array.from({ length: 150 }, (_, i) => `s${i}`);
    // Three neighbours each are of one colour.
    const step = (d: number, e: number): number => (d * 7 + Math.floor(e / 3)) % 41;
    const attention = symbols.map((_, d) =>
      symbols.map((__, e) => (d === 3 && e === 3 ? Number.NaN : step(d, e) / 40)),
    );
    const any = { sourceSymbols: symbols, outputSymbols: symbols, attention };
    const large = attentionToSvg(any, { cellSize: 4 });
    expectWellFormed(large);
    const drawn = symbols.map(() => symbols.map(() => -1));
    let lines = 0;
    for (const [, step, path] of large.matchAll(/<path class="w(\d+)" d="([^"]*)"/g)) {
      for (const [, e, d, length] of path!.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
        lines += 1;
        drawn[Number(d)]!.fill(Number(step), Number(e), Number(e) + Number(length));
      }
    }
    expect(drawn).toEqual(
      attention.map((row) => row.map((w) => (Number.isNaN(w) ? -1 : Math.round(w * 40)))),
    );
    expect(lines).toBe(150 * 50);
    expect(large).toMatch(/<path class="none" d="M3\.1 3\.1h\.8v\.8h-\.8z"/);
    // Labels of 4 pixels would lie on each other: every fourth is written.
    expect(large.match(/>s\d+<\/text>/g)).toHaveLength(2 * 38);
  });

  it("takes a theme, names for its axes and a size of cells", () => {
    const dark = attentionToSvg(map, {
      theme: "dark",
      labels: { source: "<key>", output: "query" },
      cellSize: 30,
    });
    expectWellFormed(dark);
    expect(dark).not.toContain("prefers-color-scheme");
    expect(dark).toContain("#0d1117");
    expect(dark).not.toContain("#ffffff");
    expect(dark).toContain(">&lt;key&gt; →</text>");
    expect(dark).toContain(">← query</text>");
    expect(dark).toContain('width="29" height="29"');
    // Two in one page, of which each keeps its own colours.
    expect(attentionToSvg(map, { theme: "light" })).toContain(".heed-attention.heed-light .w0{");
  });

  it.each([
    [{ theme: "pink" }, /theme to be "auto", "light" or "dark", got "pink"/],
    [{ cellSize: 0.5 }, /cellSize to be a number of pixels from 1 to 200, got 0.5/],
    [{ labels: { row: "x" } }, /options as an object of source, output, got the option "row"/],
    [{ colour: 1 }, /got the option "colour"/],
  ])("refuses %o", (options, message) => {
    expect(() => attentionToSvg(map, options as object)).toThrow(message);
  });

  it("draws maps without output, without source and without both", () => {
    for (const [sourceSymbols, outputSymbols] of [
      [["a"], []],
      [[], ["b"]],
      [[], []],
    ] as [string[], string[]][]) {
      const attention = outputSymbols.map(() => []);
      expectWellFormed(attentionToSvg({ sourceSymbols, outputSymbols, attention }));
    }
  });
});
