import { gzipSync } from "node:zlib";
import { reasonOf } from "./contenders.ts";
import { strangersFolder } from "./measure-start.ts";
import type { Absent, DownloadResult } from "./results.ts";

/** What a page needs in order to run a model that was trained elsewhere. */
const PAGE = `
import { AttentionSeq2seq } from "heed";
const bytes = new Uint8Array(await (await fetch("model.safetensors")).arrayBuffer());
const { output } = await AttentionSeq2seq.fromBytes(bytes).transduce("a date");
document.body.textContent = output;
`;

/** The size of the bundle of such a page: its code and heed's, both builds of the kernels included. */
export async function measureDownload(absent: Absent[]): Promise<DownloadResult | null> {
  try {
    const { build } = await import("esbuild");
    const { outputFiles } = await build({
      stdin: { contents: PAGE, resolveDir: strangersFolder() },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      write: false,
      outdir: "page",
      logLevel: "silent",
    });
    const sizes = outputFiles.map(({ contents }) => [
      contents.length,
      gzipSync(contents, { level: 9 }).length,
    ]);
    const total = (i: number): number => sizes.reduce((sum, size) => sum + (size[i] ?? 0), 0);
    return { minified: total(0), gzipped: total(1) };
  } catch (error) {
    absent.push({ name: "size of the download", reason: reasonOf(error) });
    return null;
  }
}
