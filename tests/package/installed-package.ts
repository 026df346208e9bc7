import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** heed as the world gets it: packed, and installed in an empty folder. */
export interface InstalledPackage {
  /** The folder of the project that installed it. */
  readonly folder: string;
  /** The paths in the tarball. */
  readonly files: readonly string[];
  /** Bytes of the tarball. */
  readonly size: number;
  /** Why it could not be installed; null where it was. Never set under CI, which must install it. */
  readonly unavailable: string | null;
  run(command: string, ...arguments_: string[]): string;
  dispose(): void;
}

/**
 * Packs the built package and installs it. Its dependencies come from npm's cache, else from the
 * registry.
 *
 * @throws under CI when they come from neither
 */
export function installPackage(): InstalledPackage {
  if (!existsSync("dist/index.js")) throw new Error("dist/ is missing; `npm run build` makes it");
  const folder = mkdtempSync(join(tmpdir(), "heed-package-"));
  const run = (command: string, ...arguments_: string[]) =>
    execFileSync(command, arguments_, { cwd: folder, encoding: "utf8", stdio: "pipe" });
  // Without scripts: a build here would take dist/ from under the tests that run beside this one.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [report] = packReports(execFileSync("npm", pack, { encoding: "utf8", stdio: "pipe" }));
  // From version 12 on, npm runs no install script that was not approved, here the compiler's.
  const allowScripts = { [`file:${join(folder, report!.filename)}`]: true };
  const manifest = { type: "module", private: true, allowScripts };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest)}\n`);
  cpSync(resolve("tests/package/consumer"), folder, { recursive: true });
  return {
    folder,
    files: report!.files.map(({ path }) => path),
    size: report!.size,
    unavailable: tryInstall(run, report!.filename),
    run,
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly files: { readonly path: string }[];
}

/** npm prints an array up to version 11, and an object by package name from 12 on. */
function packReports(json: string): PackReport[] {
  const parsed: PackReport[] | Record<string, PackReport> = JSON.parse(json);
  return Array.isArray(parsed) ? parsed : Object.values(parsed);
}

function tryInstall(run: InstalledPackage["run"], tarball: string): string | null {
  try {
    run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`);
    return null;
  } catch (error) {
    if (process.env["CI"]) throw error;
    return `npm could not install heed's dependencies: ${(error as Error).message}`;
  }
}

/** The version in the repository's package.json. */
export function ownVersion(): string {
  return JSON.parse(readFileSync("package.json", "utf8")).version;
}
