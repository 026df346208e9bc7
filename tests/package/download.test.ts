import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { expect, it } from "vitest";
import { core } from "../../src/devices/wasm/core.generated.ts";
import { family } from "../../src/devices/wasm/family.generated.ts";

/** What a browser may have to download to run a trained model, in bytes of gzip. */
const MOST = 116_500;

/** The page: it gets a model that was trained elsewhere, and asks it. */
const PAGE = `
import { AttentionSeq2seq } from ${JSON.stringify(resolve("dist/browser.js"))};
const answer = await fetch("model.safetensors");
const model = AttentionSeq2seq.fromBytes(new Uint8Array(await answer.arrayBuffer()));
const { output } = await model.transduce("a text");
document.body.textContent = output;
`;

it(`running a trained model costs a browser at most ${MOST / 1000} kB, kernels included`, async () => {
  const scripts = await bundle(PAGE);
  // By name, a page tells the errors of a model that it cannot read from others; minifiers rename classes.
  for (const name of ["DataError", "DeviceError", "ShapeError"]) {
    expect(scripts.join("\n")).toMatch(new RegExp(`["'\`]${name}["'\`]`));
  }
  const bytes = Buffer.from(scripts.join("\n"));
  const size = gzipSync(bytes, { level: 9 }).length;
  console.log(`a page with a model: ${bytes.length} bytes minified, ${size} with gzip`);
  expect(size).toBeLessThanOrEqual(MOST);
}, 60_000);

/** Pages by what they use, and whether the family of attention is part of that. */
const USES = [
  ["AttentionSeq2seq", "AttentionSeq2seq.fromBytes(new Uint8Array(8))", true],
  ["openDevice", 'await openDevice("reference")', false],
  ["attention", "attention", true],
] as const;

it.each(USES)(
  "a page with %s has the kernels that it needs alone",
  async (name, use, whole) => {
    const entry = JSON.stringify(resolve("dist/browser.js"));
    const scripts = await bundle(`import { ${name} } from ${entry}; console.log(${use});`);
    const page = scripts.join("\n");
    const size = gzipSync(Buffer.from(page), { level: 9 }).length;
    console.log(`a page with ${name}: ${page.length} bytes minified, ${size} with gzip`);
    // Not the page itself, which nobody wants to read in a report.
    const has = {
      core: page.includes(core.relaxed),
      family: page.includes(family.relaxed),
      definitions: /\bbiasSize\b/.test(page), // a name in src/kernels/attend/rows.ts
      calls: /\.copyBlocks\(/.test(page),
    };
    expect(has).toEqual({ core: true, family: whole, definitions: whole, calls: whole });
  },
  60_000,
);

/** The scripts that Vite makes of a module, minified. */
async function bundle(source: string): Promise<string[]> {
  if (!existsSync("dist/browser.js")) throw new Error("dist/ is missing; `npm run build` makes it");
  const root = mkdtempSync(join(tmpdir(), "heed-download-"));
  try {
    const input = join(root, "page.js");
    writeFileSync(input, source);
    const options = { write: false, minify: true, rolldownOptions: { input } };
    const built = await build({ root, configFile: false, logLevel: "error", build: options });
    const { output } = built as Rolldown.RolldownOutput;
    return output.map((file) => (file.type === "chunk" ? file.code : String(file.source)));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
