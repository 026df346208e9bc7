import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { house, NO_BROWSER } from "./visit.ts";

/** The newest exact match that the page tells, in percent; NaN before the first. */
async function exactMatch(page: Page): Promise<number> {
  const said = await page.getByRole("status").allInnerTexts();
  const [, percent] = /: ([\d.]+) % of what was held out/.exec(said.join(" ")) ?? [];
  return Number(percent);
}

describe.skipIf(NO_BROWSER !== null)("the room where models are trained", () => {
  const { visit } = house();

  it("learns dates to 95 % within 90 seconds, smoothly, and reads with what it learned", async () => {
    const { page, complaints } = await visit("#/train");
    await page.getByRole("button", { name: "Start" }).waitFor();
    await watchFrames(page);
    await page.getByRole("button", { name: "Start" }).click();
    await expect.poll(() => exactMatch(page), { timeout: 90_000 }).toBeGreaterThanOrEqual(95);
    console.log(`longest tasks of the page in ms: ${(await longTasks(page)).join(", ") || "none"}`);
    await page.getByRole("region", { name: "What it looks at" }).waitFor();
    await page.getByRole("button", { name: "Read with it" }).click();
    const output = page.getByRole("status", { name: "Output" });
    await expect.poll(() => output.innerText(), { timeout: 20_000 }).toBe("1990-06-27");
    expect(complaints).toEqual([]);
  }, 150_000);

  it("pauses, goes on, and stops; the model can be downloaded", async () => {
    const { page } = await visit("#/train", { acceptDownloads: true });
    await page.getByRole("combobox", { name: "Pairs" }).selectOption("roman");
    await page.getByRole("button", { name: "Start" }).click();
    const bar = page.getByRole("progressbar", { name: "Steps of training" });
    const steps = async (): Promise<number> => Number(await bar.getAttribute("value"));
    await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(5);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused.").waitFor();
    await page.waitForTimeout(500);
    const paused = await steps();
    await page.waitForTimeout(700);
    expect(await steps()).toBe(paused);
    await page.getByRole("button", { name: "Resume" }).click();
    await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(paused);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the model" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("my roman.safetensors");
  });

  it("goes on while its visitor is in another room", async () => {
    const { page } = await visit("#/train");
    await page.getByRole("button", { name: "Start" }).click();
    const bar = page.getByRole("progressbar", { name: "Steps of training" });
    const steps = async (): Promise<number> => Number(await bar.getAttribute("value"));
    await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(5);
    const before = await steps();
    await page.getByRole("link", { name: "Read" }).click();
    await page.getByRole("status", { name: "Output" }).waitFor();
    await page.getByRole("link", { name: "Train" }).click();
    await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(before);
    expect(await page.getByRole("button", { name: "Start" }).isDisabled()).toBe(true);
  });

  it("trains on pairs that are pasted, and tells epochs apart", async () => {
    const { page, complaints } = await visit("#/train");
    await page.getByRole("combobox", { name: "Pairs" }).selectOption("own");
    const pairs = Array.from({ length: 120 }, (_, i) => {
      const text = (i + 100).toString(3);
      return `${text}\t${[...text].reverse().join("")}`;
    });
    await page.getByRole("textbox", { name: /One pair a line/ }).fill(pairs.join("\n"));
    await page.getByRole("spinbutton", { name: "Epochs" }).fill("2");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText(/Done; the best had/).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Compare epochs" }).click();
    await expect.poll(() => page.getByRole("region", { name: /epoch/ }).count()).toBe(2);
    expect(complaints).toEqual([]);
  });

  it.each([
    ["one column", "abc\nabd", /tab/],
    ["a single source", "a\tb\na\tc", /at least two different sources/],
    ["nothing", "", /pair/],
  ])("refuses %s in the words of the library", async (_, text, message) => {
    const { page } = await visit("#/train");
    await page.getByRole("combobox", { name: "Pairs" }).selectOption("own");
    await page.getByRole("textbox", { name: /One pair a line/ }).fill(text);
    await page.getByRole("button", { name: "Start" }).click();
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(message);
    expect(await page.getByRole("button", { name: "Start" }).isEnabled()).toBe(true);
  });
});

/** Collects what keeps the page's own thread for longer than 50 ms. */
async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(Math.round(duration));
    }).observe({ type: "longtask", buffered: false });
  });
}

function longTasks(page: Page): Promise<number[]> {
  return page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
}
