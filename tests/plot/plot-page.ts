import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { rolldown } from "rolldown";
import type * as plot from "../../src/plot/index.ts";
import { complaintsOf } from "../support/page-checks.ts";

/** What the pages of the tests know. */
declare global {
  var heedPlot: typeof plot;
  var shown: plot.MountedMap;
  var told: unknown[];
}

/** As strict as a policy can be that lets a page have one script: no styles, no markup from strings. */
const POLICY =
  "default-src 'none'; script-src 'self'; img-src blob:; require-trusted-types-for 'script'; trusted-types 'none'";

let script: Promise<string> | null = null;

/** heed/plot as one classic script, from its sources. */
export function plotScript(): Promise<string> {
  script ??= (async () => {
    const bundle = await rolldown({ input: join(process.cwd(), "src/plot/index.ts") });
    const { output } = await bundle.generate({ format: "iife", name: "heedPlot" });
    await bundle.close();
    return output[0].code;
  })();
  return script;
}

/** A page that has heed/plot and an element `#place`, and that collects what goes wrong in it. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  const body =
    '<!doctype html><html lang="en"><head><title>A page</title><script src="/plot.js"></script></head>' +
    '<body><main><h1>A page</h1><div id="place"></div></main></body></html>';
  const code = await plotScript();
  await page.route("http://heed.test/**", (route) =>
    route.request().url().endsWith("/plot.js")
      ? route.fulfill({ contentType: "text/javascript", body: code })
      : route.fulfill({
          contentType: "text/html; charset=utf-8",
          headers: { "Content-Security-Policy": POLICY },
          body,
        }),
  );
  await page.goto("http://heed.test/");
  return { page, complaints };
}

/** Opens a file as a reader who got it by mail would. */
export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  page.on("request", (request) => {
    if (!/^(?:file|data|blob):/.test(request.url())) complaints.push(`asks ${request.url()}`);
  });
  await page.goto(pathToFileURL(path).href);
  return { page, complaints };
}
