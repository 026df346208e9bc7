import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { svgToPng } from "../../src/plot/svg-to-png.ts";
import { launchChromium, needChromium } from "../support/chromium.ts";
import { openPage } from "./plot-page.ts";

describe("svgToPng", () => {
  let browser: Browser | null = null;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it("draws a PNG of the size asked for, in the theme of the SVG", async (context) => {
    const { page, complaints } = await openPage(needChromium(browser, context));
    const [size, drawn, corner] = await page.evaluate(async () => {
      const map = { sourceSymbols: ["a"], outputSymbols: ["👩‍👩‍👧"], attention: [[1]] };
      const svg = heedPlot.attentionToSvg(map, { theme: "dark" });
      const png = await heedPlot.svgToPng(svg, { scale: 3 });
      const picture = await createImageBitmap(png);
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const pen = canvas.getContext("2d")!;
      pen.drawImage(picture, 0, 0);
      const pixel = [...pen.getImageData(40, picture.height / 2, 1, 1).data];
      const wanted = [/ width="(\d+)"/, / height="(\d+)"/].map(
        (side) => 3 * Number(side.exec(svg)![1]),
      );
      return [wanted, [picture.width, picture.height], pixel];
    });
    expect(drawn).toEqual(size);
    expect(corner).toEqual([13, 17, 23, 255]);
    expect(complaints).toEqual([]);
    const refusal = (text: string) =>
      page.evaluate((svg) => heedPlot.svgToPng(svg).then(String, String), text);
    expect(await refusal("<p>no</p>")).toMatch(/^DataError: svgToPng: expected an SVG of a width/);
    expect(await refusal('<svg width="2" height="2"><oops')).toMatch(/^DataError: svgToPng/);
    await page.context().close();
  });

  it("refuses outside of a page", async () => {
    await expect(svgToPng("<svg/>")).rejects.toThrow(/^svgToPng: expected a page/);
  });
});
