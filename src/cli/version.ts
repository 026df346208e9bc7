import { readFileSync } from "node:fs";

/** The version of heed that is running, as its package says. */
export function version(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const found: unknown = JSON.parse(file);
  const has = typeof found === "object" && found !== null && "version" in found;
  return has ? String(found.version) : "unknown";
}
