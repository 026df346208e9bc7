import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { FOR_EVER, NO_CACHE } from "./headers.ts";
import { type Exchange, refuse, refuseUnknown, refuseUnreadable } from "./refuse.ts";
import { sendFile } from "./send-file.ts";

/** What Vite names by what is in it: `assets/index-B2x_9dQk.js`. */
const HASHED = /^assets\/(?:.+\/)?[^/]+-[\w-]{8}\.\w+$/;

/** Answers with a file of the page, whose folder is `root`, by its real path; `/` is its `index.html`. */
export async function sendPageFile(
  exchange: Exchange,
  root: string,
  pathname: string,
): Promise<void> {
  const names = namesIn(pathname);
  if (names === null) return refuse(exchange, 400, "The address names no file.");
  if (names.some((name) => name === "" || name.startsWith(".") || name.includes(":"))) {
    return refuseUnknown(exchange); // `:` is a drive or a stream on Windows
  }
  let path: string;
  try {
    path = await realpath(join(root, ...names));
  } catch (error) {
    return refuseUnreadable(exchange, error);
  }
  // A symbolic link may lead out of the folder, and what it leads to is not the page's.
  if (!path.startsWith(root + sep)) return refuseUnknown(exchange);
  const cacheControl = HASHED.test(names.join("/")) ? FOR_EVER : NO_CACHE;
  await sendFile(exchange, { path, cacheControl });
}

/**
 * The names of folders and file in an address, decoded once, so that what was encoded twice stays a name that no file
 * has; null where they are no names: broken encoding, `..`, characters that separate on some system.
 */
function namesIn(pathname: string): string[] | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends a path for the system, and others hide.
  if (!decoded.startsWith("/") || /[\\\u0000-\u001f\u007f]/.test(decoded)) return null;
  const names = decoded.slice(1).split("/");
  if (names.some((name) => name === "." || name === "..")) return null;
  return names.length === 1 && names[0] === "" ? ["index.html"] : names;
}
