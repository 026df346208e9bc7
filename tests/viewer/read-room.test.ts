import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { house, NO_BROWSER, type Visit } from "./visit.ts";

const HASH = "#/read?text=june+27%2C+1990";
const folder = mkdtempSync(join(tmpdir(), "heed-read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the model wrote, as soon as it is this. */
async function expectOutput(page: Page, text: string): Promise<void> {
  await expect.poll(() => outputOf(page), { timeout: 20_000 }).toBe(text);
}

function outputOf(page: Page): Promise<string> {
  return page.getByRole("status", { name: "Output" }).first().innerText();
}

function textBox(page: Page) {
  return page.getByRole("textbox", { name: "Text" });
}

/** A row's weights, as the map has them for who does not see it. */
async function saved(visit: Visit, name: string): Promise<string> {
  const [file] = await Promise.all([
    visit.page.waitForEvent("download"),
    visit.page.getByRole("button", { name, exact: true }).click(),
  ]);
  const path = join(folder, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

describe.skipIf(NO_BROWSER !== null)("the room where models are read", () => {
  const { visit } = house();

  it("answers as one types, and complains of nothing", async () => {
    const { page, complaints, requests, address } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    await textBox(page).fill("3 May 2011");
    await expectOutput(page, "2011-05-03");
    await expect.poll(() => page.url()).toContain("text=3+May+2011");
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(address) && !url.startsWith("blob:"))).toEqual(
      [],
    );
  });

  it("works offline once it is there", async () => {
    const { page } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    await page.context().setOffline(true);
    await textBox(page).fill("12/31/1999");
    await expectOutput(page, "1999-12-31");
  });

  it("answers texts that it has never seen the like of, and nothing", async () => {
    const { page, complaints } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    await textBox(page).fill("日本 \u202e 🏳️‍🌈");
    await page.getByText("has never seen").waitFor();
    await textBox(page).fill("");
    await expect.poll(() => outputOf(page)).toBe("(nothing)");
    expect(complaints).toEqual([]);
  });

  it("shows what else a beam finds, and decodes on from a piece of it", async () => {
    const { page } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    await page.getByRole("combobox", { name: "Beam" }).selectOption("4");
    const tree = page.getByRole("region", { name: "Alternatives" });
    await tree.getByRole("listitem").nth(1).waitFor();
    const other = tree.getByRole("listitem").last().getByRole("button");
    await other.click();
    await page.getByText("Decoded on from what you set by hand").waitFor();
    await expect.poll(() => page.url()).toContain("beam=4");
    await page.getByRole("button", { name: "Back to the model's own" }).click();
    await expectOutput(page, "1990-06-27");
  });

  it("keeps a row, and what is kept is in the link", async () => {
    const first = await visit(HASH);
    await expectOutput(first.page, "1990-06-27");
    const output = first.page.getByRole("status", { name: "Output" });
    await output.getByRole("button").nth(2).click();
    await expect.poll(() => first.page.url()).toContain("at=2%2C");
    const link = new URL(first.page.url());
    const second = await visit(link.hash);
    await expectOutput(second.page, "1990-06-27");
    const kept = second.page.getByRole("status", { name: "Output" }).getByRole("button").nth(2);
    await expect.poll(() => kept.getAttribute("aria-pressed")).toBe("true");
  });

  it("decodes on from a row that is set by hand, also by a link", async () => {
    const source = "june 27, 1990";
    const all = (at: number): string =>
      Array.from(source, (_, i) => (i === at ? "1" : "0")).join(",");
    // The first digit of the day looks at the last of the year.
    const set = `8:${all(12)}`;
    const params = new URLSearchParams({ text: source, fix: JSON.stringify([..."1990-06-"]), set });
    const { page } = await visit(`#/read?${params}`);
    await page.getByText("Decoded on from what you set by hand").waitFor();
    await expect.poll(() => outputOf(page)).toMatch(/^1990-06-0/);
    await page.getByRole("button", { name: "Back to the model's own" }).click();
    await expectOutput(page, "1990-06-27");
  });

  it("saves the map in each format, and opens the page of its own again", async () => {
    const here = await visit(HASH, { acceptDownloads: true });
    await expectOutput(here.page, "1990-06-27");
    const svg = readFileSync(await saved(here, "SVG"), "utf8");
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain("june 27, 1990 → 1990-06-27");
    const png = readFileSync(await saved(here, "PNG"));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const csv = readFileSync(await saved(here, "CSV"), "utf8");
    expect(csv.trimEnd().split(/\r?\n/)).toHaveLength(11);
    const html = await saved(here, "HTML");
    const page = await here.page.context().newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`file://${html}`);
    await page.getByText("1990-06-27").first().waitFor();
    expect(errors).toEqual([]);
  });

  it("opens a model file, and refuses what is none", async () => {
    const { page } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    const opened = page.getByLabel("Model: a file");
    const bytes = readFileSync("dist/viewer/dates.safetensors");
    await opened.setInputFiles({
      name: "mine.safetensors",
      mimeType: "application/octet-stream",
      buffer: bytes,
    });
    await page.getByRole("region", { name: "mine.safetensors" }).waitFor();
    await expectOutput(page, "1990-06-27");
    await opened.setInputFiles({
      name: "broken.safetensors",
      mimeType: "application/octet-stream",
      buffer: bytes.subarray(0, 1000),
    });
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/safetensors|file/);
  });

  it("shows two models side by side", async () => {
    const { page } = await visit(`${HASH}&with=dates`);
    await expect.poll(() => page.getByRole("status", { name: "Output" }).count()).toBe(2);
  });

  it("says which model a link is about that is not there", async () => {
    const { page } = await visit(`${HASH}&model=file%3Amine.safetensors`);
    await page.getByText("file:mine.safetensors, which is not here").waitFor();
  });
});

describe.skipIf(NO_BROWSER !== null)("models that heed serve was given", () => {
  const served = join(folder, "dates of mine.safetensors");
  const { visit, close } = house(() => {
    const bytes = readFileSync("dist/viewer/dates.safetensors");
    writeFileSync(served, bytes);
    return [served];
  });

  it("are there to be chosen", async () => {
    const { page } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    const picker = page.getByRole("combobox", { name: "Model", exact: true });
    await expect.poll(() => picker.locator("option").count()).toBe(2);
    const [, name] = await picker.locator("option").allInnerTexts();
    await picker.selectOption({ label: name! });
    await page.getByRole("region", { name: name! }).waitFor();
    await expectOutput(page, "1990-06-27");
  });

  it("go on being read when the server has ended", async () => {
    const { page } = await visit(HASH);
    await expectOutput(page, "1990-06-27");
    await close();
    await textBox(page).fill("may 3, 2011");
    await expectOutput(page, "2011-05-03");
  });
});
