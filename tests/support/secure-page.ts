import type { Browser, Page } from "playwright-core";

/** A page with nothing but a script, at /script.js. */
export interface SecurePage {
  readonly script: string;
  /** HTML of its body, which loads the script or leaves that to workers. */
  readonly body: string;
  /** Of both responses. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens it as if it came by https: WebGPU is for secure contexts. */
export async function openSecurePage(
  browser: Browser,
  { script, body, headers = {} }: SecurePage,
): Promise<Page> {
  const page = await browser.newPage();
  await page.route("https://heed.test/**", (route) =>
    route.fulfill(
      route.request().url().endsWith(".js")
        ? { headers, contentType: "text/javascript", body: script }
        : { headers, contentType: "text/html", body: `<!doctype html>${body}` },
    ),
  );
  await page.goto("https://heed.test/");
  return page;
}
