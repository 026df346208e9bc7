/**
 * Bundles what a file of `attentionToHtml` runs, from the sources that a page imports, and writes it as
 * text to src/plot/page-script.generated.ts, with the hash by which the file's own policy knows it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.join(root, "src/plot/page-script.generated.ts");

const entry = "virtual:page";
const bundle = await rolldown({
  cwd: root,
  input: entry,
  plugins: [
    {
      name: "page-entry",
      resolveId: (name) => (name === entry ? entry : null),
      load: (id) =>
        id === entry
          ? `import { startPage } from ${JSON.stringify(path.join(root, "src/plot/page.ts"))}; startPage(document);`
          : null,
    },
  ],
  transform: { target: "es2022" },
});
const { output } = await bundle.generate({ format: "iife", minify: true });
await bundle.close();
const script = output[0].code.trim();
// Either would end the script, or change how it is read, where it stands in HTML.
if (/<\/script|<!--/i.test(script)) throw new Error("the page's script cannot stand in HTML");
const hash = createHash("sha256").update(script).digest("base64");
const text = `// Written by scripts/build-page.ts.
/** What a file of attentionToHtml runs. */
export const PAGE_SCRIPT: string = ${JSON.stringify(script)};
/** The same as a content security policy names it. */
export const PAGE_SCRIPT_HASH: string = "sha256-${hash}";
`;
if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
