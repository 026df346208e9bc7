import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { house, NO_BROWSER } from "./visit.ts";

/** A section of the notebook, by its heading. */
function section(page: Page, name: string | RegExp): Locator {
  return page.getByRole("region", { name });
}

/** A number of an array, in the first picture of it there is in a section. */
function cell(within: Locator, name: string): Locator {
  return within.locator(`td[aria-label^="${name} ="]`).first();
}

describe.skipIf(NO_BROWSER !== null)("the room that is a notebook", () => {
  const { visit } = house();

  it("says of a number what made it, and lights that up", async () => {
    const { page, complaints } = await visit("#/notebook?at=weight-sum");
    const here = section(page, /WeightSum, a layer/);
    const c = cell(here, "c[0,0]");
    await c.hover();
    await here.getByText(/c\[0,0\] = .*a\[0,0\].*hs\[0,0,0\]/).waitFor();
    expect(await cell(here, "hs[0,0,0]").getAttribute("class")).toContain("from");
    expect(await cell(here, "hs[0,0,1]").getAttribute("class")).not.toContain("from");
    expect(complaints).toEqual([]);
  });

  it("says of a gradient where it came from", async () => {
    const { page } = await visit("#/notebook?at=weight-sum");
    const here = section(page, /WeightSum, a layer/);
    await cell(here, "dhs[0,1,2]").focus();
    await here.getByText(/dhs\[0,1,2\] = dt\[0,1,2\]·a\[0,1\]/).waitFor();
    expect(await cell(here, "a[0,1]").getAttribute("class")).toContain("from");
  });

  it("holds a number that is clicked until Escape", async () => {
    const { page } = await visit("#/notebook?at=softmax");
    const here = section(page, /Softmax/);
    const first = here.getByRole("gridcell").first();
    await first.click();
    await page.getByRole("heading", { level: 1 }).hover();
    expect(await first.getAttribute("aria-selected")).toBe("true");
    await first.press("Escape");
    expect(await first.getAttribute("aria-selected")).toBe("false");
  });

  it("recomputes what depends on a number that is typed, and puts it into the link", async () => {
    const { page } = await visit("#/notebook?at=weight-sum");
    const here = section(page, /WeightSum, a layer/);
    const before = await cell(here, "c[0,0]").innerText();
    await cell(here, "hs[0,0,0]").dblclick();
    const field = here.getByRole("textbox", { name: "New number for hs[0,0,0]" });
    await field.fill("x");
    await field.press("Enter");
    await expect.poll(() => here.getByRole("alert").allInnerTexts()).not.toEqual([""]);
    await field.fill("100");
    await field.press("Enter");
    await expect.poll(() => cell(here, "c[0,0]").innerText()).not.toBe(before);
    await expect.poll(() => page.url()).toContain("edits=");
    const { page: again } = await visit(new URL(page.url()).hash);
    const there = section(again, /WeightSum, a layer/);
    await expect.poll(() => cell(there, "hs[0,0,0]").innerText()).toMatch(/^100/);
    await again.getByRole("button", { name: "Reset" }).click();
    await expect.poll(() => cell(there, "c[0,0]").innerText()).toBe(before);
  });

  it("moves the sum with a slider", async () => {
    const { page } = await visit("#/notebook");
    const here = section(page, /One sequence/);
    const before = await cell(here, "c[0]").innerText();
    await here.getByRole("slider").nth(1).fill("1");
    await expect.poll(() => cell(here, "c[0]").innerText()).not.toBe(before);
  });

  it("is walked through with the arrow keys", async () => {
    const { page } = await visit("#/notebook?at=sequence");
    const here = section(page, /One sequence/);
    await cell(here, "hs[0,0]").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    const label = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(label).toMatch(/^hs\[1,1\]/);
  });

  it("has every layer, forward and backward, with its code", async () => {
    const { page } = await visit("#/notebook");
    for (const name of [
      /WeightSum, a layer/,
      /Similarity/,
      /Softmax/,
      /AttentionWeight/,
      /\bAttention$/,
      /TimeAttention/,
    ]) {
      const here = section(page, name);
      await here.getByText("Backward", { exact: true }).first().waitFor();
      await here.getByText("Code", { exact: true }).click();
      await here.locator("pre, code").first().waitFor();
    }
  });
});
