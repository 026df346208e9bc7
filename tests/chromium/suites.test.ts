import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ISOLATION } from "../package/headless-browser.ts";
import { launchChromium, needChromium } from "../support/chromium.ts";
import { DAWN_TOGGLES, GPU_FLAGS } from "../support/gpu-flags.ts";
import { openSecurePage } from "../support/secure-page.ts";
import { sharedPath } from "../support/shared-files.ts";
import { RUNS_ALL } from "../support/shares.ts";
import { bundleSuites } from "./bundle-suites.ts";
import type { GpuReport, Task, TestReport } from "./report.ts";
import { IN_FULL_RUNS, LEFT_OUT, SUITES } from "./suite-list.ts";

const tests = fileURLToPath(new URL("../", import.meta.url));
const golden = sharedPath("golden");
const hasGolden = existsSync(golden);

describe("suites of layers, attention and models in Chromium", () => {
  it("are those that run on every device, but for what is left out with a reason", () => {
    const found = readdirSync(tests, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => ({ name: `tests/${name}`, text: readFileSync(join(tests, name), "utf8") }))
      .filter(({ text }) => /import .*\bopenDevices\b.* from/.test(text));
    const listed = { ...SUITES, ...IN_FULL_RUNS, ...LEFT_OUT };
    const unlisted = found.filter(({ name }) => !(name in listed));
    expect(
      unlisted.map(({ name }) => name),
      "to be listed in suite-list.ts",
    ).toEqual([]);
    for (const { name, text } of found) {
      if (text.includes('"in full runs"')) expect(Object.keys(IN_FULL_RUNS)).toContain(name);
    }
  });

  it("pass on its GPU", async (context) => {
    const flags = [...GPU_FLAGS, `--${DAWN_TOGGLES}`];
    const browser = needChromium(await launchChromium(flags), context);
    try {
      const script = await bundleSuites();
      const page = await openSecurePage(browser, { script, body: "", headers: ISOLATION });
      const { reports, gpu } = await page.evaluate(runInPage, {
        full: RUNS_ALL,
        files: filesOfTests(),
      });
      const complaints = reports.flatMap(({ file, name, complaint }) =>
        complaint === null ? [] : [`${file}: ${name}: ${complaint}`],
      );
      expect(complaints).toEqual([]);
      // None of it was for nothing: the GPU did it, and no file was passed over.
      expect(gpu.description).toMatch(/^WebGPU, /);
      expect(gpu.dispatches).toBeGreaterThan(5000);
      const busy = reports.filter(({ calls }) => calls > 0);
      expect(busy.length).toBeGreaterThanOrEqual(hasGolden ? 185 : 115);
      const files = new Set(reports.map(({ file }) => file));
      const silent = Object.keys(SUITES).filter((name) => !files.has(name));
      expect(silent).toEqual(hasGolden ? [] : ["tests/layers/golden.test.ts"]);
    } finally {
      await browser.close();
    }
  }, 1_200_000);
});

/** What tests read, under the addresses that their paths become in a page. */
function filesOfTests(): Record<string, string> {
  const numbers = join(tests, "layers/multi-head/torch-numbers.json");
  const files = { "/torch-numbers.json": readFileSync(numbers, "utf8") };
  if (!hasGolden) return files;
  const names = readdirSync(golden, { recursive: true, encoding: "utf8" });
  const entries = names
    .filter((name) => name.endsWith(".json"))
    .map((name) => [`/shared/golden/${name}`, readFileSync(join(golden, name), "utf8")]);
  return { ...files, ...Object.fromEntries(entries) };
}

/** Starts both workers, and waits for what came of the tests. It goes to the page as text. */
async function runInPage(task: Task): Promise<{ reports: TestReport[]; gpu: GpuReport }> {
  const start = (name: string): Worker => new Worker("/script.js", { type: "module", name });
  const answer = <T>(worker: Worker, message: unknown, ports: MessagePort[] = []): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<T>) => resolve(data);
      worker.onerror = ({ message: reason }) => reject(new Error(reason));
      worker.postMessage(message, ports);
    });
  const { port1, port2 } = new MessageChannel();
  const gpu = start("gpu");
  await answer<GpuReport>(gpu, { port: port1 }, [port1]);
  const reports = await answer<TestReport[]>(start("tests"), { ...task, port: port2 }, [port2]);
  return { reports, gpu: await answer<GpuReport>(gpu, null) };
}
