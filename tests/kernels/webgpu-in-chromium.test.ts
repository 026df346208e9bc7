import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "../package/headless-browser.ts";
import { allCases } from "../support/all-cases.ts";
import { launchChromium } from "../support/chromium.ts";
import { GPU_FLAGS } from "../support/gpu-flags.ts";
import type {} from "../support/gpu-page.ts";
import { openSecurePage } from "../support/secure-page.ts";
import { RUNS_ALL } from "../support/shares.ts";

/**
 * One case of so many, of each op: Node runs all of them on the same WebGPU, so that what is left to show here is that a
 * page's does as well. HEED_ALL_CASES=1 runs all of them here too. In a worker, tests/chromium/ runs layers and models.
 */
const EVERY = RUNS_ALL ? 1 : 61;
const missing = process.env["CI"] === undefined && findChromium() === null;

describe.skipIf(missing)(`WebGPU in Chromium${missing ? " (skipped: there is none)" : ""}`, () => {
  let browser: Browser | null = null;
  let page: Page;
  beforeAll(async () => {
    const bundle = await rolldown({ input: join(process.cwd(), "tests/support/gpu-page.ts") });
    const { output } = await bundle.generate({ format: "iife", name: "gpuPage" });
    await bundle.close();
    browser = await launchChromium(GPU_FLAGS);
    const body = '<script src="/script.js"></script>';
    page = await openSecurePage(browser!, { script: output[0].code, body });
  });
  afterAll(() => browser?.close());

  it("agrees with the definitions in a page", async () => {
    const report = await page.evaluate((every: number) => globalThis.runShare(every), EVERY);
    const cases = Math.ceil(allCases().length / EVERY);
    expect(report.complaints).toEqual([]);
    expect(report.ran).toBe(cases);
    expect(report.dispatches).toBeGreaterThan(cases / 2);
    expect(report.description).toMatch(/^WebGPU, /);
  }, 900_000);
});
