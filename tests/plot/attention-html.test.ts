import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attentionToHtml } from "../../src/plot/attention-html.ts";
import { launchChromium, needChromium } from "../support/chromium.ts";
import { expectAccessible } from "../support/page-checks.ts";
import { openFile } from "./plot-page.ts";

const ATTACK = "</script><script>document.title='taken'</script><!--<script>";
const MAP = {
  sourceSymbols: ["a", ATTACK, "שלום"],
  outputSymbols: ["d", "</style><img src=x onerror=alert(1)>"],
  attention: [
    [0.873, 0.1, 0.027],
    [0.5, Number.NaN, 0.5],
  ],
};

describe("attentionToHtml", () => {
  it("holds its scripts together whatever the symbols and the title", () => {
    const nasty = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(ATTACK, "<!--", "]]>"));
    fc.assert(
      fc.property(nasty, nasty, nasty, (source, output, title) => {
        const map = { sourceSymbols: [source], outputSymbols: [output], attention: [[0.5]] };
        const html = attentionToHtml(map, { title });
        expect(html.match(/<script\b/gi)).toHaveLength(2);
        expect(html.match(/<\/script/gi)).toHaveLength(2);
        const json = /id="heed-data">(.*)<\/script>\n<script>/s.exec(html)![1]!;
        expect(json).not.toContain("<");
        // JSON writes half of a surrogate pair as an escape, so that nothing is lost.
        expect(JSON.parse(json).maps[0].map).toEqual(map);
      }),
      { numRuns: 50 },
    );
  });

  it("allows the script that it holds, and no other", () => {
    const html = attentionToHtml(MAP);
    const script = /<script>(.*)<\/script>/s.exec(html)![1]!;
    const hash = createHash("sha256").update(script).digest("base64");
    // Not the page itself, which nobody wants to read in a report.
    expect(/content="([^"]*)"/.exec(html)![1]).toMatch(
      new RegExp(`^default-src 'none'; script-src 'sha256-${hash.replace(/[+/]/g, "\\$&")}';`),
    );
    expect(/(?:src|href)="?https?:/.test(html)).toBe(false);
  });

  it("gives the same text for the same map", () => {
    expect(attentionToHtml(MAP) === attentionToHtml(structuredClone(MAP))).toBe(true);
  });

  it("refuses what is no map and no list of them with titles", () => {
    expect(() => attentionToHtml(null as never)).toThrow(/^attentionToHtml: expected a map/);
    expect(() => attentionToHtml([MAP] as never)).toThrow(/maps to be an array of { title, map }/);
    expect(() => attentionToHtml([{ title: "t", map: 1 }] as never)).toThrow(
      /map 0: expected a map/,
    );
    expect(() => attentionToHtml(MAP, { cellSize: 3 } as never)).toThrow(/the option "cellSize"/);
  });
});

describe("the file, opened by Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "heed-html-"));
  const [one, many] = [join(folder, "one.html"), join(folder, "many.html")];
  let browser: Browser | null = null;
  beforeAll(async () => {
    writeFileSync(one, attentionToHtml(MAP, { title: `one ${ATTACK}` }));
    const maps = ["first", "second"].map((title) => ({ title, map: MAP }));
    writeFileSync(many, attentionToHtml(maps, { title: "many", theme: "dark" }));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is interactive, asks for nothing, runs nothing of the data's, and is accessible", async (context) => {
    const { page, complaints } = await openFile(needChromium(browser, context), one);
    expect(await page.title()).toBe(`one ${ATTACK}`);
    await page.keyboard.press("Tab");
    expect(await page.locator(".heed-readout").innerText()).toMatch(/^output d ← source a: 0\.873/);
    await page.locator("summary").click();
    expect(await page.locator("th[scope=col]").nth(1).innerText()).toBe(ATTACK);
    await expectAccessible(page);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("saves itself as SVG, PNG and CSV", async (context) => {
    const { page, complaints } = await openFile(needChromium(browser, context), one);
    const save = async (name: string): Promise<Buffer> => {
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: `save as ${name}` }).click();
      return readFileSync(await (await download).path());
    };
    expect((await save("SVG")).toString()).toMatch(/^<svg .*<\/svg>\n$/s);
    expect((await save("PNG")).subarray(1, 4).toString()).toBe("PNG");
    expect((await save("CSV")).toString()).toMatch(/,שלום\r\nd,0\.873,0\.1,0\.027\r\n/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("shows many side by side, and one of them large", async (context) => {
    const { page, complaints } = await openFile(needChromium(browser, context), many);
    await expectAccessible(page);
    await page.getByRole("button", { name: "second" }).click();
    expect(await page.locator(".heed-name").innerText()).toBe("second");
    expect(await page.getByRole("button", { name: "save as CSV" }).isVisible()).toBe(true);
    await expectAccessible(page);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("is a picture and a table where scripts are off", async (context) => {
    const options = { javaScriptEnabled: false };
    const { page } = await openFile(needChromium(browser, context), one, options);
    expect(await page.locator("svg.heed-attention").isVisible()).toBe(true);
    await page.locator("summary").click();
    expect(await page.locator("td").allInnerTexts()).toEqual([
      "",
      "0.873",
      "0.100",
      "0.027",
      "0.500",
      "unknown",
      "0.500",
    ]);
    await page.context().close();
  });
});
