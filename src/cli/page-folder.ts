import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WorkError } from "./errors.ts";

/** Where the build puts the page: as far from here as from the bundle of the command. */
export const PAGE_FOLDER = fileURLToPath(new URL("../../dist/viewer", import.meta.url));

/** Throws WorkError where the page is not built. */
export async function checkPage(folder: string): Promise<void> {
  const index = await stat(join(folder, "index.html")).catch(() => null);
  if (index?.isFile() === true) return;
  throw new WorkError({
    where: "heed serve",
    expected: `the page in ${folder}`,
    received: "no index.html there: it is not built",
    fix: "`npm run build` in heed's folder builds it",
  });
}
