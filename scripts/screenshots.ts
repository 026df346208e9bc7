/**
 * Takes the pictures of docs/viewer.md anew, of the page as it was built: `npx tsx scripts/screenshots.ts`, with a
 * Chromium in the PATH.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { launchChromium } from "../tests/support/chromium.ts";

const FOLDER = "docs/images";
const SIZE = { width: 1180, height: 820 };

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly scheme: "light" | "dark";
  readonly prepare: (page: Page) => Promise<void>;
}

const TEXT = new URLSearchParams({ text: "Wednesday, June 27, 1990", beam: "4", at: "6," });

const READ = async (page: Page): Promise<void> => {
  await page.getByRole("region", { name: "Alternatives" }).getByRole("listitem").nth(1).waitFor();
};

const PICTURES: readonly Picture[] = [
  { name: "read-light", hash: `#/read?${TEXT}`, scheme: "light", prepare: READ },
  { name: "read-dark", hash: `#/read?${TEXT}`, scheme: "dark", prepare: READ },
  ...(["light", "dark"] as const).map((scheme) => ({
    name: `train-${scheme}`,
    hash: "#/train",
    scheme,
    prepare: async (page: Page) => {
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByText(/After epoch 3/).waitFor({ timeout: 120_000 });
    },
  })),
  ...(["light", "dark"] as const).map((scheme) => ({
    name: `notebook-${scheme}`,
    hash: "#/notebook",
    scheme,
    prepare: async (page: Page) => {
      await page.locator('td[aria-label^="c[2] ="]').first().click();
    },
  })),
];

const server = spawn(process.execPath, ["dist/cli/main.js", "serve", "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [said] = await once(server.stdout, "data");
const address = String(said).trim();
const browser = await launchChromium();
if (browser === null) throw new Error("there is no Chromium on this machine");
mkdirSync(FOLDER, { recursive: true });
for (const { name, hash, scheme, prepare } of PICTURES) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: SIZE });
  const page = await context.newPage();
  await page.goto(`${address}${hash}`);
  await prepare(page);
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${FOLDER}/${name}.png`, fullPage: name.startsWith("read") });
  await context.close();
}
await browser.close();
server.kill("SIGINT");
