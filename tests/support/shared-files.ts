import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Data and golden values that lie beside the repository on some machines, and not in a user's clone. */
const SHARED = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** The path of a shared file or folder. */
export function sharedPath(name: string): string {
  return `${SHARED}${name}`;
}

/** Why a test that needs a shared file is skipped; undefined where the file is there. */
export function missing(name: string): string | undefined {
  return existsSync(sharedPath(name)) ? undefined : `skipped: ../shared/${name} is not here`;
}
