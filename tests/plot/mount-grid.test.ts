import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium, needChromium } from "../support/chromium.ts";
import { expectAccessible } from "../support/page-checks.ts";
import { openPage } from "./plot-page.ts";

let browser: Browser | null = null;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

describe("mounted maps side by side", () => {
  let page: Page;
  let complaints: string[];
  beforeEach(async (context) => {
    ({ page, complaints } = await openPage(needChromium(browser, context)));
    return () => page.context().close();
  });

  const mount = (count: number, options: object = {}) =>
    page.evaluate(
      ([count, options]) => {
        globalThis.told = [];
        const maps = Array.from({ length: count }, (_, i) => ({
          title: `head ${i} <`,
          map: {
            sourceSymbols: ["a", "b"],
            outputSymbols: ["x"],
            attention: [[i / count, 1 - i / count]],
          },
        }));
        const place = document.querySelector("#place")!;
        Object.assign(globalThis, {
          maps,
          grid: heedPlot.mountAttentionGrid(place, maps, {
            onPick: (index) => globalThis.told.push(index),
            ...options,
          }),
        });
      },
      [count, options] as const,
    );

  it("show one large when it is clicked, another, and none", async () => {
    await mount(3);
    const large = page.locator(".heed-map .heed-map");
    await page.getByRole("button", { name: "head 1 <" }).click();
    expect(await large.locator(".heed-name").innerText()).toBe("head 1 <");
    expect(await page.locator("[aria-pressed=true]").innerText()).toBe("head 1 <");
    await expectAccessible(page);
    await page.getByRole("button", { name: "head 2 <" }).click();
    expect(await large.locator(".heed-name").innerText()).toBe("head 2 <");
    await page.getByRole("button", { name: "head 2 <" }).click();
    expect(await large.count()).toBe(0);
    expect(await page.evaluate(() => globalThis.told)).toEqual([1, 2, null]);
    expect(complaints).toEqual([]);
  });

  it("have the colours of their weights", async () => {
    await mount(2);
    const strokes = await page.locator("button").evaluateAll((buttons) => {
      return buttons.map((button) =>
        [...button.querySelectorAll("path")].map((path) => getComputedStyle(path).stroke),
      );
    });
    // Of weights 0 and 1, and of two that are a half.
    expect(strokes).toEqual([["rgb(245, 244, 229)", "rgb(33, 38, 95)"], ["rgb(0, 159, 153)"]]);
  });

  it("stay in place when they are drawn anew, with what is picked", async () => {
    await mount(3);
    await page.getByRole("button", { name: "head 1 <" }).click();
    await page.evaluate(() => {
      const { maps, grid } = globalThis as unknown as {
        maps: { title: string; map: object }[];
        grid: { update(maps: unknown): void };
      };
      const map = { sourceSymbols: ["c"], outputSymbols: ["x"], attention: [[0.4]] };
      grid.update(maps.map(({ title }) => ({ title, map })).slice(0, 2));
    });
    expect(await page.getByRole("button").count()).toBe(2);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("head 1 <");
    expect(await page.locator(".heed-map .heed-map td").count()).toBe(0);
    await page.locator("summary").click();
    expect(await page.locator("td").last().innerText()).toBe("0.400");
  });

  it("leave it to the page to enlarge where they are told to", async () => {
    await mount(2, { enlarge: false });
    await page.getByRole("button", { name: "head 0 <" }).click();
    expect(await page.locator(".heed-map .heed-map").count()).toBe(0);
    expect(await page.evaluate(() => globalThis.told)).toEqual([0]);
  });
});
