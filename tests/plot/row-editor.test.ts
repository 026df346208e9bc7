import fc from "fast-check";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { withWeight } from "../../src/plot/row-editor.ts";
import { launchChromium, needChromium } from "../support/chromium.ts";
import { openPage } from "./plot-page.ts";

describe("withWeight", () => {
  it("gives a row that sums to 1, has the weight asked for, and keeps the others' proportions", () => {
    const weight = fc.double({ min: 0, max: 1, noNaN: true });
    const row = fc.array(fc.oneof(weight, fc.constantFrom(0, Number.NaN, -1)), { minLength: 2 });
    fc.assert(
      fc.property(row, fc.nat(), weight, (before, at, asked) => {
        const column = at % before.length;
        const after = withWeight(before, column, asked);
        expect(after[column]).toBe(asked);
        expect(after.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 9);
        expect(Math.min(...after)).toBeGreaterThanOrEqual(0);
        const others = before.map((w) => (w > 0 ? w : 0)).filter((_, e) => e !== column);
        const total = others.reduce((sum, w) => sum + w, 0);
        if (total === 0) return;
        const shares = after.filter((_, e) => e !== column);
        shares.forEach((share, i) => {
          expect(share).toBeCloseTo(((others[i] ?? 0) / total) * (1 - asked), 9);
        });
      }),
    );
  });

  it("leaves a single source all of it", () => {
    expect(withWeight([0.3], 0, 0.2)).toEqual([1]);
  });
});

describe("a row that is set by hand", () => {
  let browser: Browser | null = null;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async (context) => {
    ({ page } = await openPage(needChromium(browser, context)));
    await page.evaluate(() => {
      globalThis.told = [];
      const map = {
        sourceSymbols: ["a", "b", "c"],
        outputSymbols: ["x", "y"],
        attention: [
          [0.5, 0.25, 0.25],
          [1, 0, 0],
        ],
      };
      globalThis.shown = heedPlot.mountAttentionMap(document.querySelector("#place")!, map, {
        onEdit: (row, weights) => {
          globalThis.told.push([row, weights]);
          // As a page does whose model was run again: with all rows, and symbols as they came.
          const attention = [...map.attention];
          attention[row] = weights;
          shown.update({ ...structuredClone(map), attention });
        },
      });
    });
    return () => page.context().close();
  });
  const told = () => page.evaluate(() => globalThis.told);

  it("is offered for a row that is kept, and no other", async () => {
    expect(await page.locator("fieldset").isVisible()).toBe(false);
    await page.evaluate(() => shown.select({ column: 1 }));
    expect(await page.locator("fieldset").isVisible()).toBe(false);
    await page.evaluate(() => shown.select({ row: 0 }));
    expect(await page.locator("fieldset").isVisible()).toBe(true);
    const values = () =>
      page.locator("input").evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
    expect(await values()).toEqual(["0.5", "0.25", "0.25"]);
    await page.evaluate(() => shown.select({ row: 1, column: 2 }));
    expect(await values()).toEqual(["1", "0", "0"]);
    expect(await page.locator("legend").innerText()).toBe("weights of output y");
  });

  it("follows number keys and arrows, and stays in hand while the map is drawn anew", async () => {
    await page.evaluate(() => shown.select({ row: 0 }));
    const slider = page.getByRole("slider", { name: "a", exact: true });
    await slider.focus();
    await page.keyboard.press("8");
    expect(await told()).toEqual([[0, [0.8, expect.closeTo(0.1), expect.closeTo(0.1)]]]);
    await page.keyboard.press("ArrowUp");
    expect((await told()).at(-1)).toEqual([
      0,
      [0.81, expect.closeTo(0.095), expect.closeTo(0.095)],
    ]);
    expect(await slider.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(await page.locator(".heed-readout").innerText()).toContain("a 0.810 · b 0.095");
  });

  it("follows the pointer", async () => {
    await page.evaluate(() => shown.select({ row: 0 }));
    const box = (await page.getByRole("slider", { name: "b", exact: true }).boundingBox())!;
    await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    const all = await told();
    expect(all.length).toBeGreaterThan(1);
    expect(all.at(-1)).toEqual([0, [0, 1, 0]]);
  });

  it("is let go by Escape, and the keyboard is in the map again", async () => {
    await page.evaluate(() => shown.select({ row: 0 }));
    await page.getByRole("slider", { name: "a", exact: true }).focus();
    await page.keyboard.press("Escape");
    expect(await page.locator("fieldset").isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
  });
});
