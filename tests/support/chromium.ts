import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import type { TestContext } from "vitest";
import { findChromium } from "../package/headless-browser.ts";

/**
 * The Chromium of this machine, to be driven; null where there is none.
 *
 * @param flags besides those that it always has
 */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser | null> {
  const command = findChromium();
  if (command === null) return null;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const executablePath = folders.map((folder) => join(folder, command)).find(existsSync) ?? command;
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", ...flags] });
}

/** Skips a test, with the reason, where there is no Chromium; under CI there must be one. */
export function needChromium(browser: Browser | null, context: TestContext): Browser {
  if (browser !== null) return browser;
  if (process.env["CI"]) throw new Error("CI must have a Chromium, and there is none");
  return context.skip("there is no Chromium on this machine");
}
