import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { expectAccessible } from "../support/page-checks.ts";
import { house, NO_BROWSER, plainHost } from "./visit.ts";

/** What a visitor may have to download before a model, in bytes of gzip. */
const MOST = 150_000;

const ROOMS = [
  ["read", "#/read?text=june+27%2C+1990&beam=4&at=2,", "Alternatives"],
  ["train", "#/train", "Start"],
  ["notebook", "#/notebook", "Softmax"],
] as const;

describe.skipIf(NO_BROWSER !== null)("the page", () => {
  const { visit } = house();

  describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
    it.each(ROOMS)("%s: axe finds nothing, and the console is silent", async (_, hash, there) => {
      const { page, complaints } = await visit(hash, { colorScheme });
      await page.getByText(there).first().waitFor({ timeout: 20_000 });
      await expectAccessible(page);
      expect(complaints).toEqual([]);
    });
  });

  it.each(ROOMS)("%s: nothing is wider than a small screen", async (_, hash, there) => {
    const { page } = await visit(hash, { viewport: { width: 390, height: 800 } });
    await page.getByText(there).first().waitFor({ timeout: 20_000 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(390);
  });

  it("downloads at most 150 kB of script for any room", async () => {
    for (const [room, hash, there] of ROOMS) {
      const { page, requests } = await visit(hash);
      await page.getByText(there).first().waitFor({ timeout: 20_000 });
      const scripts = new Set(requests.filter((url) => url.endsWith(".js")));
      let size = 0;
      for (const url of scripts) {
        const file = join("dist/viewer/assets", new URL(url).pathname.split("/").at(-1)!);
        size += gzipSync(readFileSync(file), { level: 9 }).length;
      }
      console.log(`${room}: ${size} bytes of script with gzip`);
      expect(size).toBeLessThanOrEqual(MOST);
    }
  });

  it("keeps the theme that was chosen, and draws in it", async () => {
    const { page } = await visit("#/read", { colorScheme: "light" });
    await page.getByRole("combobox", { name: "Theme" }).selectOption("dark");
    const paper = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await expect.poll(paper).toBe("rgb(13, 17, 23)");
    await page.reload();
    await expect.poll(paper).toBe("rgb(13, 17, 23)");
  });

  it("goes from room to room by keyboard", async () => {
    const { page } = await visit("#/read");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Skip");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("room");
    await page.getByRole("link", { name: "Train" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Start" }).waitFor();
    expect(await page.title()).toBe("Train – heed");
  });

  it("has a room for every link", async () => {
    const { page, complaints } = await visit("#/nowhere?text=%E0%A4%A&at=,,&set=x:y&fix={&beam=99");
    await page.getByRole("heading", { name: "Read" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(NO_BROWSER !== null)("on a host of static files, under a path", () => {
  const { visit } = plainHost();

  it("reads", async () => {
    const { page } = await visit("#/read?text=june+27%2C+1990");
    const output = page.getByRole("status", { name: "Output" });
    await expect.poll(() => output.innerText(), { timeout: 20_000 }).toBe("1990-06-27");
  });

  it("trains on one thread, and says why", async () => {
    const { page, complaints } = await visit("#/train");
    await page.getByRole("combobox", { name: "Pairs" }).selectOption("roman");
    await page.getByRole("spinbutton", { name: "Epochs" }).fill("1");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText(/Without cross-origin isolation the page has one thread/).waitFor();
    await page.getByText(/Done; the best had/).waitFor({ timeout: 60_000 });
    // The list of models that heed serve would have, which such a host has not.
    expect(complaints.filter((each) => !each.includes("404"))).toEqual([]);
  });
});

describe.skipIf(NO_BROWSER !== null || process.arch !== "x64")("in a browser without SIMD", () => {
  // V8 has SIMD from SSE 4.1 on.
  const { visit } = house(
    () => [],
    ["--js-flags=--no-enable-sse3 --no-enable-ssse3 --no-enable-sse4-1"],
  );

  it("says what is needed", async () => {
    const { page } = await visit("#/read");
    await page.getByText(/expected an engine with WebAssembly SIMD, got one without/).waitFor();
  });
});

describe("the folder", () => {
  it("asks nobody else for anything", () => {
    const names = readdirSync("dist/viewer", { recursive: true, encoding: "utf8" });
    const texts = names.filter((name) => /\.(html|css|js)$/.test(name));
    for (const name of texts) {
      const text = readFileSync(join("dist/viewer", name), "utf8");
      const addresses = text.match(/(?:src|href|url)\s*[=(]\s*["']?https?:\/\/[^"')\s]+/g) ?? [];
      expect(addresses, name).toEqual([]);
    }
    expect(names).toContain("dates.safetensors");
  });
});
