import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { build, createLogger } from "vite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Outcome } from "./consumer/program.ts";
import { askPage, findChromium } from "./headless-browser.ts";
import { type InstalledPackage, installPackage, ownVersion } from "./installed-package.ts";

/** Where the native kernels lie that were built when heed was installed. */
const BUILT = "node_modules/heed/build";

let heed: InstalledPackage;

beforeAll(() => {
  heed = installPackage();
});
afterAll(() => heed?.dispose());

describe("the tarball", () => {
  it("holds the license, the README, the library, its types and the CLI", () => {
    expect(heed.files).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "dist/browser.js",
        "dist/cli/main.js",
        "dist/index.d.ts",
        "dist/index.js",
        "dist/plot.js",
        "dist/plot/index.d.ts",
        "package.json",
      ]),
    );
  });

  it("holds nothing that only this repository needs", () => {
    const foreign =
      /^(?!dist\/|src\/|scripts\/[^/]*native[^/]*\.mjs$|[^/]+$)|\.wgsl$|\/case[^/]*$|\.generated\.ts$|\.test\./;
    expect(heed.files.filter((file) => foreign.test(file))).toEqual([]);
  });

  it("holds what native kernels are built from, but nothing that was built", () => {
    const c = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.[ch]$/.test(name))
        .map((name) => posix.join(folder, name));
    expect(heed.files.filter((file) => /\.[ch]$/.test(file)).sort()).toEqual(c("src").sort());
    expect(heed.files.filter((file) => file.startsWith("scripts/"))).toEqual([
      "scripts/build-native.mjs",
      "scripts/native-shims.mjs",
    ]);
    expect(heed.files.filter((file) => file.endsWith(".node"))).toEqual([]);
  });

  const sourcesOf = (maps: readonly string[]) =>
    maps.flatMap((map) => {
      const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
      return sources.map((source) => posix.join(dirname(map), source));
    });

  it("holds the sources that its declaration maps point to, and no others", () => {
    const sources = sourcesOf(heed.files.filter((file) => file.endsWith(".d.ts.map")));
    const written = sources.filter((source) => !source.endsWith(".generated.ts"));
    const held = heed.files.filter((file) => /^src\/.*\.ts$/.test(file));
    expect(held).toEqual(written.sort());
    expect(written.length).toBeGreaterThan(20);
  });

  it("is one file for Node, one for pages, pictures and the command, with maps to sources that it holds", () => {
    const programs = ["dist/browser.js", "dist/cli/main.js", "dist/index.js"];
    // Pictures, what they share with the library, and what is imported only when it is needed.
    const parts = [
      "dist/cli/export-model.js",
      "dist/cli/npz.js",
      "dist/cli/server.js",
      "dist/plot.js",
      "dist/shared.js",
      "dist/webgpu-device.js",
    ];
    // The page is a program of its own, with names that change with what is in it.
    const isPart = (file: string) => file.endsWith(".js") && !file.startsWith("dist/viewer/");
    const scripts = heed.files.filter(isPart);
    expect(scripts).toEqual([...programs, ...parts].sort());
    for (const script of scripts) {
      expect(readFileSync(script, "utf8")).toMatch(/\n\/\/# sourceMappingURL=[\w-]+\.js\.map\s*$/);
      const sources = sourcesOf([`${script}.map`]);
      expect(heed.files).toEqual(expect.arrayContaining(sources));
      expect(sources.length).toBeGreaterThan(programs.includes(script) ? 20 : 0);
    }
  });

  it("runs nothing when it is installed but the compiler, for the native kernels", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(scripts["install"]).toBe("node scripts/build-native.mjs");
    expect(scripts).not.toHaveProperty("preinstall");
    expect(scripts).not.toHaveProperty("postinstall");
  });
});

describe("the installed package", () => {
  beforeEach((context) => {
    if (heed.unavailable !== null) context.skip(heed.unavailable);
  });

  const projects = {
    bundler: { module: "ESNext", moduleResolution: "bundler", noEmit: true },
    node16: { module: "node16", moduleResolution: "node16", outDir: "out" },
  };

  it.each(Object.entries(projects))("has types under moduleResolution %s", (name, options) => {
    expect(compile(name, options)).toBe("");
  });

  it("computes in Node on the default device, wasm and reference", () => {
    expect(compile("node16", projects.node16)).toBe("");
    const outcomes: Outcome[] = JSON.parse(heed.run(process.execPath, "out/main.js"));
    expectRight(outcomes, hasCompiler() ? "native" : "wasm");
  });

  it("draws in Node, with the library's own errors", () => {
    expect(compile("node16", projects.node16)).toBe("");
    expect(JSON.parse(heed.run(process.execPath, "out/draw.js"))).toEqual(DRAWN);
  });

  it("has types for who knows of no page", () => {
    expect(compile("bundler", { ...projects.bundler, lib: ["ES2022"] }, ["no-page.ts"])).toBe("");
  });

  it("says which device it uses, and why not a better one", () => {
    const lines = () => heed.run("npx", "heed", "devices");
    if (hasCompiler()) expect(lines()).toMatch(/^\* native {5}native, .*threads?$/m);
    renameSync(join(heed.folder, BUILT), join(heed.folder, "kept"));
    try {
      expect(lines()).toMatch(/native {5}not available: .*npm rebuild heed$/m);
      expect(lines()).toMatch(/^\* wasm {7}WebAssembly/m);
    } finally {
      renameSync(join(heed.folder, "kept"), join(heed.folder, BUILT));
    }
  });

  it("answers heed --version and heed --help", () => {
    expect(heed.run("npx", "heed", "--version").trim()).toBe(ownVersion());
    expect(heed.run("npx", "heed", "--help")).toMatch(/^Usage: heed/m);
  });
});

describe("a page that Vite bundled", () => {
  const chromium = findChromium();
  let warnings: string[] = [];

  beforeAll(async () => {
    if (heed.unavailable === null) warnings = await bundle();
  });
  beforeEach((context) => {
    if (heed.unavailable !== null) context.skip(heed.unavailable);
  });

  it("needs nothing of Node's", () => {
    expect(warnings).toEqual([]);
    const folder = join(heed.folder, "site/assets");
    const scripts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    expect(scripts.join("\n")).not.toMatch(/["'`]node:|browser-external/);
    // Of the native device, only the one function that refuses.
    expect(scripts.join("\n")).not.toMatch(/dlopen|\.node\b.*addressOf/);
  });

  describe("and a Chromium opened", () => {
    beforeEach((context) => {
      if (chromium !== null) return;
      if (process.env["CI"]) throw new Error("CI must have a Chromium, and there is none");
      context.skip("there is no Chromium on this machine");
    });

    it.each([true, false])(
      "computes, with workers where it is cross-origin isolated: %s",
      async (isolated) => {
        const answer = await askPage(chromium!, join(heed.folder, "site"), isolated);
        const [description, helped] = isolated
          ? [/SIMD, 2 threads$/, true]
          : [/SIMD, 1 thread: memory cannot be shared here$/, false];
        expect(answer).toMatchObject({
          isolated,
          threads: {
            description: expect.stringMatching(description),
            helped,
            byRule: { context: [0.5, 1], helped },
          },
        });
        expectRight((answer as { outcomes: Outcome[] }).outcomes, "wasm");
        expect((answer as { drawn: object }).drawn).toEqual({
          ...DRAWN,
          mounted: "output A ← source a: 0.250",
        });
      },
      90_000,
    );
  });
});

/** What the consumer's drawing comes to. */
const DRAWN = {
  csv: ",a,b\r\nA,0.25,0.75\r\n",
  svg: true,
  html: true,
  refused: true,
  mounted: "refused",
};

/** Whether this machine can build native kernels; under CI it must. */
function hasCompiler(): boolean {
  try {
    execFileSync(process.env["CC"] ?? "cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (process.env["CI"]) throw error;
    return false;
  }
}

/** Compiles the consumer against the installed package; returns what TypeScript has to say. */
function compile(name: string, options: object, include: readonly string[] = ["*.ts"]): string {
  const strict = { strict: true, skipLibCheck: false, types: [], target: "ES2022" };
  const config = {
    compilerOptions: {
      ...strict,
      lib: ["ES2022", "DOM"],
      rewriteRelativeImportExtensions: true,
      ...options,
    },
    include,
  };
  writeFileSync(join(heed.folder, `tsconfig.${name}.json`), JSON.stringify(config));
  const tsc = resolve("node_modules/typescript/bin/tsc");
  try {
    return execFileSync(process.execPath, [tsc, "--project", `tsconfig.${name}.json`], {
      cwd: heed.folder,
      encoding: "utf8",
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** Bundles the consumer's page into `site/`; returns the bundler's warnings. */
async function bundle(): Promise<string[]> {
  const page = '<!doctype html><script type="module" src="./page.ts"></script>';
  writeFileSync(join(heed.folder, "index.html"), page);
  const warnings: string[] = [];
  const customLogger = createLogger("silent");
  customLogger.warn = customLogger.warnOnce = (message) => warnings.push(message);
  const root = heed.folder;
  const options = { root, configFile: false, logLevel: "warn", customLogger } as const;
  await build({ ...options, build: { outDir: "site" } });
  return warnings;
}

/**
 * Scores ln 3 and 0 give the weights 3/4 and 1/4, and the unit vectors of the encoder make them the
 * output. For an upstream gradient (1, 0) the scores' gradient is ±3/16.
 */
function expectRight(outcomes: readonly Outcome[], usual: string): void {
  expect(outcomes.map(({ device }) => device)).toEqual([usual, "wasm", "reference"]);
  const through = (3 / 16) * Math.log(3);
  for (const { out, weights, dhsEnc, dhsDec } of outcomes) {
    expectClose(out, [0.75, 0.25]);
    expectClose(weights, [0.75, 0.25]);
    expectClose(dhsEnc, [0.75 + through, 0, 0.25 - through, 0]);
    expectClose(dhsDec, [3 / 16, -3 / 16]);
  }
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 6);
  });
}
