import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium, needChromium } from "../support/chromium.ts";
import { expectAccessible } from "../support/page-checks.ts";
import { openPage } from "./plot-page.ts";

const MAP = {
  sourceSymbols: ["e", "<b>", "שלום", " "],
  outputSymbols: ["d", "\u0000", "👩‍👩‍👧"],
  attention: [
    [0.873, 0.1, 0.027, 0],
    [0.25, 0.25, 0.5, Number.NaN],
    [0, 0, 0, 1],
  ],
};

let browser: Browser | null = null;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

describe("a mounted map", () => {
  let page: Page;
  let complaints: string[];

  beforeEach(async (context) => {
    ({ page, complaints } = await openPage(needChromium(browser, context)));
    return () => page.context().close();
  });

  /** Mounts the map, and collects what the callbacks are told. */
  const mount = (options: object = {}, map = MAP) =>
    page.evaluate(
      ([map, options]) => {
        globalThis.told = [];
        globalThis.shown = heedPlot.mountAttentionMap(document.querySelector("#place")!, map, {
          onSelect: (selection) => globalThis.told.push(selection),
          ...options,
        });
      },
      [map, options] as const,
    );
  const told = () => page.evaluate(() => globalThis.told);
  const readout = () => page.locator(".heed-readout").innerText();
  /** Where a cell lies on the screen; -1 is the label. */
  const at = async (row: number, column: number): Promise<[number, number]> => {
    const box = (await page.locator(".heed-view svg").boundingBox())!;
    const transform = (await page.locator(".heed-lines").locator("..").getAttribute("transform"))!;
    const [left = 0, top = 0, cell = 0] = [...transform.matchAll(/[\d.]+/g)].map(Number);
    return [box.x + left + (column + 0.5) * cell, box.y + top + (row + 0.5) * cell];
  };
  const hover = async (row: number, column: number) => page.mouse.move(...(await at(row, column)));
  const click = async (row: number, column: number) => page.mouse.click(...(await at(row, column)));

  it("says what the pointer is at, below the map, and nothing when it has left", async () => {
    await mount({ title: "a title" });
    await hover(0, 0);
    expect(await readout()).toMatch(/^output d ← source e: 0\.873\n/);
    expect(await readout()).toContain("largest source: e 0.873 · <b> 0.100 · שלום 0.027");
    await hover(1, 3);
    expect(await readout()).toMatch(/^output ␀ ← source ␣: unknown\n/);
    const below = await page.locator(".heed-readout").boundingBox();
    const view = await page.locator(".heed-view").boundingBox();
    expect(below!.y).toBeGreaterThanOrEqual(view!.y + view!.height);
    await page.mouse.move(0, 0);
    expect(await readout()).toBe("");
    expect(complaints).toEqual([]);
  });

  it("brings out a row and a column by their labels, as far as they weigh", async () => {
    await mount();
    const bars = () => page.locator(".heed-bars").getAttribute("d");
    const longs = async () =>
      [...(await bars())!.matchAll(/M[\d.]+ [\d.]+[hv][\d.]+[hv]-([\d.]+)/g)].map((m) =>
        Number(m[1]),
      );
    await hover(0, -1);
    expect(await readout()).toMatch(/^output d ← 4 × source\n\nlargest source: e 0\.873/);
    const [first = 0, second = 0, , last] = await longs();
    expect(first / second).toBeCloseTo(8.73, 0);
    expect(last).toBe(0);
    await hover(-1, 3);
    expect(await readout()).toMatch(/^source ␣ → 3 × output\n\nlargest output: 👩‍👩‍👧 1\.000$/);
    expect(await longs()).toHaveLength(3);
  });

  it("keeps what is clicked until it is clicked again or Escape is pressed", async () => {
    await mount();
    await click(0, 0);
    await hover(2, 3);
    expect(await readout()).toMatch(/^output d ← source e: 0\.873/);
    await page.mouse.move(0, 0);
    expect(await readout()).toMatch(/^output d ← source e: 0\.873/);
    await click(0, 0);
    await page.mouse.move(0, 0);
    expect(await readout()).toBe("");
    await click(1, -1);
    await page.keyboard.press("Escape");
    await page.mouse.move(0, 0);
    expect(await readout()).toBe("");
    expect(await told()).toEqual([{ row: 0, column: 0 }, null, { row: 1 }, null]);
  });

  it("is walked over with the keyboard, and says each place as a grid does", async () => {
    await mount({ title: "walk" });
    await page.keyboard.press("Tab");
    const active = () =>
      page.evaluate(() => {
        const grid = document.activeElement!;
        const cell = document.getElementById(grid.getAttribute("aria-activedescendant")!)!;
        return [grid.getAttribute("role"), cell.getAttribute("role"), cell.textContent];
      });
    expect(await active()).toEqual(["grid", "gridcell", "0.873"]);
    expect(await readout()).toMatch(/^output d ← source e: 0\.873/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    expect(await active()).toEqual(["grid", "gridcell", "0.250"]);
    expect(await readout()).toMatch(/^output ␀ ← source <b>: 0\.250/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("End");
    expect(await active()).toEqual(["grid", "gridcell", "unknown"]);
    expect(await readout()).toMatch(/^output ␀ ← source <b>: 0\.250/);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    expect(await active()).toEqual(["grid", "rowheader", "␀"]);
    await page.keyboard.press(" ");
    expect(await told()).toEqual([{ row: 1, column: 1 }, null, { row: 1 }]);
    expect(await page.locator("[aria-selected=true]").innerText()).toBe("␀");
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("ArrowUp");
    expect(await active()).toEqual(["grid", "columnheader", "e"]);
    expect(complaints).toEqual([]);
  });

  it("takes a finger's tap for a click", async (context) => {
    await page.context().close();
    ({ page } = await openPage(needChromium(browser, context), { hasTouch: true }));
    await mount();
    await page.touchscreen.tap(...(await at(2, 3)));
    expect(await readout()).toMatch(/^output 👩‍👩‍👧 ← source ␣: 1\.000/);
    expect(await told()).toEqual([{ row: 2, column: 3 }]);
  });

  it("draws another map in its place, and keeps what is still there", async () => {
    await mount({ pinned: { row: 1, column: 2 } });
    expect(await readout()).toMatch(/^output ␀ ← source שלום: 0\.500/);
    await page.evaluate((map) => {
      const grown = { ...map, sourceSymbols: [...map.sourceSymbols, "x"] };
      shown.update({ ...grown, attention: map.attention.map((row) => [...row, 0.125]) });
    }, MAP);
    expect(await readout()).toMatch(/^output ␀ ← source שלום: 0\.500/);
    expect(await page.locator("svg text", { hasText: "x" }).count()).toBe(1);
    await page.evaluate((map) => {
      shown.update({ ...map, outputSymbols: ["d"] });
    }, MAP);
    expect(await readout()).toBe("");
    expect(await told()).toEqual([null]);
    await page.evaluate(() => {
      shown.select({ column: 0 });
    });
    expect(await readout()).toMatch(/^source e → 1 × output/);
    await page.evaluate(() => {
      shown.update({ sourceSymbols: [], outputSymbols: [], attention: [] });
    });
    expect(await page.locator(".heed-over").getAttribute("role")).toBe("img");
    await page.evaluate(() => shown.destroy());
    expect(await page.locator("#place").innerHTML()).toBe("");
    expect(complaints).toEqual([]);
  });

  it("has all weights as a table, once it is opened", async () => {
    await mount();
    expect(await page.locator("table").count()).toBe(0);
    await page.locator("summary").click();
    const rows = await page.locator("tr").allInnerTexts();
    expect(rows.map((row) => row.split("\t").map((cell) => cell.trim()))).toEqual([
      ["", "e", "<b>", "שלום", "␣"],
      ["d", "0.873", "0.100", "0.027", "0.000"],
      ["␀", "0.250", "0.250", "0.500", "unknown"],
      ["👩‍👩‍👧", "0.000", "0.000", "0.000", "1.000"],
    ]);
  });

  it.each([
    ["by the reader's setting", "dark", "", {}, "dark"],
    ["by the page's over the reader's", "dark", "light", {}, "light"],
    ["by the page's", "light", "dark", {}, "dark"],
    ["by its own over the page's", "light", "dark", { theme: "light" }, "light"],
  ] as const)("is light or dark %s", async (_, colorScheme, attribute, options, expected) => {
    await page.emulateMedia({ colorScheme });
    await page.evaluate((theme) => {
      if (theme !== "") document.querySelector("main")!.setAttribute("data-theme", theme);
    }, attribute);
    await mount(options);
    const colours = await page.evaluate(() => {
      const style = (selector: string) => getComputedStyle(document.querySelector(selector)!);
      return [style(".heed-map").backgroundColor, style("path.w40").stroke];
    });
    const right = {
      light: ["rgb(255, 255, 255)", "rgb(33, 38, 95)"],
      dark: ["rgb(13, 17, 23)", "rgb(250, 243, 146)"],
    };
    expect(colours).toEqual(right[expected]);
    const svg = await page.evaluate(() => shown.svg());
    const dark = svg.includes("heed-dark") || svg.includes("prefers-color-scheme");
    expect(dark).toBe(expected === "dark");
  });

  it("gives axe nothing to find: at rest, kept, being set, with its table, empty, light and dark", async () => {
    await mount({ title: "a title" });
    await expectAccessible(page);
    await page.evaluate(() => shown.destroy());
    await page.evaluate((map) => {
      const place = document.querySelector("#place")!;
      globalThis.shown = heedPlot.mountAttentionMap(place, map, {
        title: "set",
        onEdit: () => {},
        pinned: { row: 0 },
      });
    }, MAP);
    await page.locator("summary").click();
    expect(await page.locator("input[type=range]").count()).toBe(4);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page);
    await page.evaluate(() => {
      shown.update({ sourceSymbols: [], outputSymbols: [], attention: [] });
    });
    await expectAccessible(page);
  });

  it("lives in a shadow root too", async () => {
    const background = await page.evaluate((map) => {
      const root = document.querySelector("#place")!.attachShadow({ mode: "open" });
      const place = document.createElement("div");
      root.append(place);
      heedPlot.mountAttentionMap(place, map);
      return getComputedStyle(root.querySelector(".heed-map")!).backgroundColor;
    }, MAP);
    expect(background).toBe("rgb(255, 255, 255)");
  });

  it("refuses what it cannot draw, with what it wants instead", async () => {
    const refusals = await page.evaluate((map) => {
      const { mountAttentionMap } = heedPlot;
      const place = document.querySelector("#place")!;
      const calls = [
        () => mountAttentionMap(null as unknown as Element, map),
        () => mountAttentionMap(place, null as unknown as typeof map),
        () => mountAttentionMap(place, map, { colour: 1 } as object),
        () => mountAttentionMap(place, map, { theme: "pink" as "light" }),
        () => mountAttentionMap(place, map, { cellSize: 0 }),
        () => mountAttentionMap(place, map, { onEdit: 1 as unknown as () => void }),
        () => mountAttentionMap(place, map, { pinned: { row: 3 } }),
        () => mountAttentionMap(place, map, { pinned: {} }),
        () => mountAttentionMap(place, map).select({ row: -1, column: 0 }),
      ];
      return calls.map((call) => {
        try {
          call();
          return "nothing";
        } catch (error) {
          return String(error);
        }
      });
    }, MAP);
    expect(refusals).toEqual([
      expect.stringMatching(
        /^DataError: mountAttentionMap: expected an element of a page, got null; /,
      ),
      expect.stringMatching(/^DataError: mountAttentionMap: expected a map: .*, got null/),
      expect.stringMatching(/got the option "colour"/),
      expect.stringMatching(/expected theme to be "auto", "light" or "dark", got "pink"/),
      expect.stringMatching(/expected cellSize to be a number of pixels from 1 to 200, got 0/),
      expect.stringMatching(/expected onEdit to be a function, got 1/),
      expect.stringMatching(/pinned: expected row below 3 or column below 4, or both, got row 3/),
      expect.stringMatching(/got row undefined, column undefined/),
      expect.stringMatching(/MountedMap.select: expected row below 3 .* got row -1, column 0/),
    ]);
  });

  it("draws 40,000 cells as few elements, with one listener of each kind, and hovers at once", async () => {
    const size = 200;
    const took = await page.evaluate((size) => {
      const symbols = Array.from({ length: size }, (_, i) => `s${i}`);
      const attention = symbols.map((_, d) => symbols.map((__, e) => ((d * 7 + e * 13) % 41) / 40));
      const place = document.querySelector("#place")!;
      const start = performance.now();
      heedPlot.mountAttentionMap(place, {
        sourceSymbols: symbols,
        outputSymbols: symbols,
        attention,
      });
      place.getBoundingClientRect();
      return performance.now() - start;
    }, size);
    expect(await page.locator("#place *").count()).toBeLessThan(300);
    // Ten times what it takes on a slow machine: it is to notice that it takes a second.
    expect(took).toBeLessThan(2000);
  });
});
