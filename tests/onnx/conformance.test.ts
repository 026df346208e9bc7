import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseCase } from "../../scripts/conformance/case-file.ts";
import { rounded } from "../../scripts/conformance/number-types.ts";
import { runCase } from "../../scripts/conformance/run-case.ts";
import { widenBfloat16, widenFloat16 } from "../../src/formats/float16.ts";
import { currentDevice } from "../../src/index.ts";
import { ending, type Run, temporaryFolder } from "../cli/run-heed.ts";
import { NO_GPU } from "../support/devices.ts";
import { asText, HAND_MADE, type HandMadeCase } from "./hand-made-cases.ts";

const PROGRAM = fileURLToPath(new URL("../../scripts/conformance.ts", import.meta.url));

function conformance(words: readonly string[], cwd: string): Promise<Run> {
  const arguments_ = ["--import", import.meta.resolve("tsx"), PROGRAM, ...words];
  return ending(spawn(process.execPath, arguments_, { cwd, stdio: "pipe" }));
}

const plain = HAND_MADE["without masks, all keys are met"]!;
const infinite = HAND_MADE["mode 2 gives what enters the softmax: capped first, then masked"]!;
const withPast = HAND_MADE["is_causal counts the keys of the past"]!;

/** The case with one of its expected numbers changed. */
function altered(handMade: HandMadeCase, output: string, at: number, value: unknown): string {
  const whole = JSON.parse(asText(handMade)) as { outputs: Record<string, { data: unknown[] }> };
  whole.outputs[output]!.data[at] = value;
  return JSON.stringify(whole);
}

describe("npm run conformance", () => {
  it("passes a folder of good cases, one line each", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "b.json"), asText(withPast));
    writeFileSync(join(folder, "a.json"), asText(infinite));
    writeFileSync(join(folder, "notes.txt"), "no case");
    const { code, stdout, stderr } = await conformance([".", "--device", "wasm"], folder);
    const lines = stdout.trim().split("\n");
    expect(stderr).toBe("");
    expect(lines[0]).toMatch(/^pass {2}a: Y absolute \S+, relative \S+; qk_matmul_output absolute/);
    expect(lines[1]).toMatch(/^pass {2}b: Y absolute .*; present_key absolute 0.*; present_value/);
    expect(lines[2]).toMatch(/^2 of 2 cases pass on WebAssembly/);
    expect(lines).toHaveLength(3);
    expect(code).toBe(0);
  });

  it("says why cases fail, and goes on after each", async () => {
    const folder = temporaryFolder();
    const files = {
      "1-wrong": altered(plain, "Y", 1, 7.01),
      "2-damaged": '{"opset": 24, "inputs"',
      "3-refused": asText({ ...plain, attributes: { is_causal: 2 } }),
      "4-unknown": asText(plain).replaceAll("float32", "complex64"),
      "6-good": asText(plain),
    };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, `${name}.json`), text);
    }
    mkdirSync(join(folder, "5-folder.json"));
    const { code, stdout, stderr } = await conformance([folder], "/");
    const lines = stdout.trim().split("\n");
    expect(stderr).toBe("");
    expect(lines[0]).toMatch(/^FAIL {2}1-wrong: Y absolute 0.010, relative 0.0014: 1 of 2 numbers/);
    expect(lines[0]).toMatch(/\[1\] is 7, must be 7.01$/);
    expect(lines[1]).toMatch(/^FAIL {2}2-damaged: not JSON/);
    expect(lines[2]).toMatch(/^FAIL {2}3-refused: onnxAttention: expected is_causal to be 0 or 1/);
    expect(lines[3]).toMatch(/^FAIL {2}4-unknown: input Q has the unknown dtype "complex64"/);
    expect(lines[4]).toMatch(/^FAIL {2}5-folder: .*EISDIR/);
    expect(lines[5]).toMatch(/^pass {2}6-good/);
    expect(lines[6]).toMatch(/^1 of 6 cases pass/);
    expect(code).toBe(1);
  });

  it("runs all devices of this machine", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.json"), asText(plain));
    const { code, stdout } = await conformance(["--device=all", folder], "/");
    expect(stdout).toMatch(/1 of 1 cases pass on native|left out: .*native/);
    expect(stdout).toMatch(/1 of 1 cases pass on WebAssembly/);
    expect(stdout).toMatch(/1 of 1 cases pass on WebGPU|left out: .*(no package webgpu|WebGPU)/);
    expect(stdout).toMatch(/1 of 1 cases pass on plain TypeScript/);
    expect(code).toBe(0);
  });

  it.skipIf(NO_GPU !== null)(
    `waits for the numbers of a GPU${NO_GPU === null ? "" : ` (skipped: ${NO_GPU})`}`,
    async () => {
      const folder = temporaryFolder();
      for (const [i, handMade] of Object.values(HAND_MADE).entries()) {
        writeFileSync(join(folder, `${i}.json`), asText(handMade));
      }
      writeFileSync(join(folder, "wrong.json"), altered(plain, "Y", 1, 7.01));
      const { code, stdout, stderr } = await conformance([folder, "--device", "webgpu"], "/");
      expect(stderr).toBe("");
      expect(stdout.match(/^FAIL .*$/gm)).toEqual([
        expect.stringMatching(/^FAIL {2}wrong: Y absolute 0.010, .*\[1\] is 7, must be 7.01$/),
      ]);
      const count = Object.keys(HAND_MADE).length;
      expect(stdout).toContain(`${count} of ${count + 1} cases pass on WebGPU, `);
      expect(code).toBe(1);
    },
  );

  it("refuses wrong calls in one line, exit code 2", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const calls: readonly (readonly [words: string[], message: RegExp])[] = [
      [[], /expected one folder, got 0/],
      [[".", "."], /expected one folder, got 2/],
      [["nowhere"], /nowhere: expected a folder of cases, got no such folder/],
      [["file"], /file: expected a folder of cases, got not a folder/],
      [["."], /\.: expected \*\.json in it, got none/],
      [[".", "--device", "gpu"], /--device: expected native, wasm, webgpu, reference or all/],
      [[".", "--device"], /--device/],
      [[".", "--tolerance", "1"], /--tolerance/],
    ];
    const runs = await Promise.all(calls.map(([words]) => conformance(words, folder)));
    for (const [i, { code, stdout, stderr }] of runs.entries()) {
      expect(stderr).toMatch(calls[i]![1]);
      expect(stderr).toMatch(/^heed: .*; npm run conformance -- FOLDER.*\n$/);
      expect(stdout).toBe("");
      expect(code).toBe(2);
    }
  });
});

describe("a case passes only with the right numbers", () => {
  const complaints = async (text: string): Promise<(string | null)[]> =>
    (await runCase(parseCase(text), currentDevice())).map(({ complaint }) => complaint);

  it.each([
    ["a share of 1e-3", altered(plain, "Y", 0, 7.007)],
    ["NaN", altered(plain, "Y", 0, "nan")],
    ["infinity", altered(plain, "Y", 0, "inf")],
    ["a large number for −∞", altered(infinite, "qk_matmul_output", 1, -1e30)],
    ["∞ for −∞", altered(infinite, "qk_matmul_output", 1, "inf")],
    ["the next number in a present", altered(withPast, "present_key", 0, 9.000001)],
    ["another dtype", asText(plain).replace(/(?<=outputs.*)float32/, "float64")],
    ["another shape", asText(plain).replace(/(?<=outputs.*)\[1,1,2,1\]/, "[1,1,1,2]")],
  ])("not with %s", async (_claim, text) => {
    expect((await complaints(text)).some((complaint) => complaint !== null)).toBe(true);
  });

  it("whatever the case calls its arrays, and however it writes infinity", async () => {
    const text = asText(infinite).replaceAll('"Q"', '"query"').replaceAll('"-inf"', "-Infinity");
    expect(await complaints(text)).toEqual([null, null]);
  });

  it.each([
    ["[]", /the file is not an object/],
    ["{}", /there is no input Q/],
    [asText({ ...plain, outputs: {} }), /no output is expected/],
    [asText(plain).replace("[1,1,3,1]", "[1,1,4,1]"), /input K has 3 numbers, its shape .* for 4/],
    [asText(plain).replace("[1,1,3,1]", "[1,1,-3,1]"), /input K has no shape/],
    [asText(plain).replace("[3,6,12]", '[3,6,"x"]'), /input V holds "x"/],
    [asText(plain).replace('["Q","K","V"]', '["Q","K"]'), /inputOrder lacks V/],
    [asText(plain).replace('["Q","K","V"]', '["Q","K","W"]'), /there is no input W/],
    [asText(plain).replace('["Q","K","V"]', '"QKV"'), /inputOrder is not an array/],
  ])("and one that is none is refused: %s", (text, message) => {
    expect(() => parseCase(text)).toThrow(message);
  });
});

describe("numbers of fewer bits", () => {
  const all = new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, i) => i).buffer);

  it.each([
    ["float16", widenFloat16(all)],
    ["bfloat16", widenBfloat16(all)],
  ] as const)("%s: each is itself, and the nearest to what lies around it", (dtype, values) => {
    const positive = [...values].filter((x) => x >= 0 && Number.isFinite(x)).sort((a, b) => a - b);
    for (const [i, x] of positive.entries()) {
      expect(rounded(dtype, x)).toBe(x);
      expect(rounded(dtype, -x)).toBe(-x);
      const next = positive[i + 1];
      if (next === undefined || next === x) continue;
      const [near, far] = [x + (next - x) * 0.49, x + (next - x) * 0.51];
      if (rounded(dtype, near) !== x || rounded(dtype, far) !== next) {
        throw new Error(
          `between ${x} and ${next}: ${rounded(dtype, near)}, ${rounded(dtype, far)}`,
        );
      }
    }
  });

  it("ties go to the even one, and what is too large to infinity", () => {
    expect(rounded("float16", 1 + 2 ** -11)).toBe(1);
    expect(rounded("float16", 1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    expect(rounded("float16", 2 ** -25)).toBe(0);
    expect(rounded("float16", 65519)).toBe(65504);
    expect(rounded("float16", -65520)).toBe(Number.NEGATIVE_INFINITY);
    expect(rounded("bfloat16", 1 + 2 ** -8)).toBe(1);
    expect(rounded("bfloat16", 3.4e38)).toBe(Number.POSITIVE_INFINITY);
    expect(rounded("bfloat16", Number.NaN)).toBeNaN();
  });
});
