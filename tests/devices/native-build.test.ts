import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOps, shimSource } from "../../scripts/native-shims.mjs";

const KERNEL = `#include "../vector.h"
EXPORT(twice)
void twice(const float *x, float *y, u32 seed, i32 length) {
  for (i32 i = 0; i < length; i++) y[i] = 2 * x[i] + (float)(seed > 4000000000u);
}
`;

let folder: string;

/** What the build needs of this repository, with one small kernel. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heed-native-"));
  for (const part of ["scripts", "src/devices/native"]) {
    cpSync(part, join(folder, part), { recursive: true });
  }
  mkdirSync(join(folder, "src/kernels/twice"), { recursive: true });
  for (const name of ["vector.h", "waiting.h", "parallel.h", "parallel.c"]) {
    cpSync(join("src/kernels", name), join(folder, "src/kernels", name));
  }
  writeFileSync(join(folder, "src/kernels/twice/kernel.c"), KERNEL);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(
    resolve("node_modules/node-api-headers"),
    join(folder, "node_modules/node-api-headers"),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(env: Readonly<Record<string, string>>) {
  const { CC: _cc, HEED_NATIVE: _native, npm_lifecycle_event: _event, ...inherited } = process.env;
  const run = spawnSync(process.execPath, [join(folder, "scripts/build-native.mjs")], {
    env: { ...inherited, ...env },
    encoding: "utf8",
  });
  const built = join(folder, "build/native");
  return {
    code: run.status,
    output: run.stdout + run.stderr,
    files: readdirSync(built).filter((name) => name.endsWith(".node")),
    left: readdirSync(built).filter((name) => name.startsWith(".")),
    record: JSON.parse(readFileSync(join(built, "build.json"), "utf8")),
  };
}

/** A C compiler that says its version and refuses everything else. */
function refusingCompiler(): string {
  const file = join(folder, "refuse");
  const text =
    '#!/bin/sh\n[ "$1" = --version ] && echo cc 1 && exit\necho "error: no" >&2; exit 1\n';
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

function hasCompiler(): boolean {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (process.env["CI"]) throw error;
    return false;
  }
}

const installing = { npm_lifecycle_event: "install" };

describe("building native kernels", () => {
  it.each([
    { why: "there is no compiler", env: { CC: "/nowhere/cc" }, reason: /CC named.*did not run/ },
    { why: "HEED_NATIVE is 0", env: { HEED_NATIVE: "0" }, reason: /HEED_NATIVE=0 was set/ },
  ])("leaves the reason and succeeds where $why", ({ env, reason }) => {
    const quiet = build({ ...env, ...installing });
    expect(quiet).toMatchObject({ code: 0, output: "", files: [], left: [] });
    expect(quiet.record).toMatchObject({ levels: [], reason: expect.stringMatching(reason) });
    expect(build(env)).toMatchObject({ code: 0, output: expect.stringMatching(reason) });
  });

  it("fails where the compiler refuses the kernels, but not while npm installs", () => {
    const env = { CC: refusingCompiler() };
    expect(build(env)).toMatchObject({ code: 1, output: expect.stringContaining("error: no") });
    const quiet = build({ ...env, ...installing });
    expect(quiet).toMatchObject({ code: 0, output: "", files: [], left: [] });
    expect(quiet.record.reason).toBe("the C compiler refused heed's kernels: error: no");
  });

  it.skipIf(!hasCompiler())(
    "makes addons that compute, once, and anew when a kernel changed",
    () => {
      const first = build({ HEED_STRICT: "1", ...installing });
      expect(first).toMatchObject({ code: 0, output: "", left: [], record: { reason: null } });
      expect(first.files.length).toBeGreaterThan(0);
      const least = first.files.find((name) => /sse2|neon/.test(name))!;
      const file = join(folder, "build/native", least);
      const program = `
      const module = { exports: {} };
      process.dlopen(module, ${JSON.stringify(file)});
      const { level, open, addressOf } = module.exports;
      const [x, y] = [new Float32Array([1, 2, 3]), new Float32Array(3)];
      const { twice } = open(1, false);
      twice(addressOf(x.buffer), addressOf(y.buffer), 4294967295, 3);
      let refused = 0;
      for (const call of [() => twice(1, 2), () => twice("x", 0, 0, 0), () => addressOf(1), () => open()]) {
        try { call(); } catch (error) { if (error instanceof TypeError) refused++; }
      }
      console.log(level, y.join(), refused);
    `;
      const output = execFileSync(process.execPath, ["-e", program], { encoding: "utf8" });
      expect(output).toMatch(/^(?:sse2|neon) 3,5,7 4\n$/);

      const { mtimeMs } = statSync(file);
      expect(build({}).output).toBe("native kernels are up to date\n");
      expect(statSync(file).mtimeMs).toBe(mtimeMs);
      writeFileSync(join(folder, "src/kernels/twice/kernel.c"), KERNEL.replace("2 *", "3 *"));
      expect(build({}).code).toBe(0);
      expect(statSync(file).mtimeMs).toBeGreaterThan(mtimeMs);
      expect(build({ HEED_NATIVE: "0" }).files).toEqual([]);
      expect(existsSync(file)).toBe(false);
    },
    120_000,
  );
});

describe("the shims", () => {
  const opsOf = (source: string) => {
    const file = join(folder, "src/kernels/twice/kernel.c");
    writeFileSync(file, source);
    return readOps(join(folder, "src/kernels"));
  };

  it("know every argument type, by any way to write it", () => {
    const ops = opsOf(`EXPORT(f) void f(const float *a, float* b,
      const i32 *restrict c, i32 *d, i32 e, u32 g, float h, double i) {}
      /* EXPORT(gone) void gone(int x); */ // EXPORT(gone) void gone(int x)`);
    expect(ops).toHaveLength(1);
    const source = shimSource(ops);
    expect(source).toContain('{"f", "fFiInusd", 8, call_f},');
    expect(source).toContain("op_shim_count = 1");
  });

  it.each([
    ["an unknown type", "EXPORT(f) void f(long x) {}", /twice\/kernel\.c: f has .*"long x"/],
    ["a result", "EXPORT(f) float f(i32 x) {}", /kernel\.c: expected EXPORT\(name\) void/],
    ["another name", "EXPORT(f) void g(i32 x) {}", /EXPORT\(f\)/],
    [
      "a name twice",
      "EXPORT(f) void f(i32 x) {} EXPORT(f) void f(i32 x) {}",
      /f is exported twice/,
    ],
  ])("refuse %s", (_, source, message) => {
    expect(() => opsOf(source)).toThrow(message);
  });

  it("are made for every op of the contract", () => {
    const names = readOps("src/kernels").map(({ name }) => name);
    expect(names).toContain("attentionBackward");
    expect(names.length).toBeGreaterThan(20);
  });
});
