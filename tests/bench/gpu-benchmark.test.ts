import { describe, expect, it } from "vitest";
import { goalLines } from "../../bench/goals.ts";
import { adapterFacts } from "../../bench/gpu/adapter.ts";
import { parametersOf, ratesOf, workOf } from "../../bench/gpu/arithmetic.ts";
import { columnSums, type Head, keyRow, queryRow } from "../../bench/gpu/attention-rows.ts";
import { copying, multiplyAdd, STEPS } from "../../bench/gpu/ceiling-shaders.ts";
import { gpuGoals, timesPyTorch } from "../../bench/gpu/goals.ts";
import { peaksOf } from "../../bench/gpu/measure-ceilings.ts";
import { readGpuOptions } from "../../bench/gpu/options.ts";
import { formatGpuResults, partTable } from "../../bench/gpu/print.ts";
import { randomNumbers } from "../../bench/gpu/random-numbers.ts";
import type { GpuResults, GpuRow } from "../../bench/gpu/results.ts";
import { type GpuSize, nameOfSize, sizesOf } from "../../bench/gpu/sizes.ts";
import { isStable, timeRounds } from "../../bench/gpu/timing.ts";
import { AttentionSeq2seq, attention, defaultConfig, tensor, Vocabulary } from "../../src/index.ts";

const MATMUL: GpuSize = { part: "matmul", size: 4096, transposeA: false, transposeB: false };
const FORWARD: GpuSize = { part: "attention", steps: 4096, heads: 8, size: 64, backward: false };
const BOTH: GpuSize = { ...FORWARD, backward: true };
const STEP: GpuSize = { part: "training", hidden: 1024 };

/** A GPU of 10 TFLOP/s and 1 TB/s. */
const PEAKS = { operations: 1e13, bytes: 1e12 };

function row(size: GpuSize, milliseconds: number, torch: Record<string, number> = {}): GpuRow {
  return {
    size,
    name: nameOfSize(size),
    ...workOf(size),
    error: 0,
    rounds: [milliseconds],
    refused: null,
    torch: Object.entries(torch).map(([way, time]) => ({ way, rounds: [time], failed: null })),
  };
}

describe("options of the GPU benchmark", () => {
  it("are all parts at all sizes, without PyTorch and on a GPU, unless said otherwise", () => {
    expect(readGpuOptions([])).toEqual({
      quick: false,
      only: ["matmul", "attention", "training"],
      python: null,
      json: null,
      software: false,
      float16: false,
    });
  });

  it("are read, parts in the order in which they run", () => {
    const given = ["--quick", "--only", "training,matmul", "--python", "py", "--json", "x.json"];
    expect(readGpuOptions([...given, "--software", "--float16"])).toEqual({
      quick: true,
      only: ["matmul", "training"],
      python: "py",
      json: "x.json",
      software: true,
      float16: true,
    });
  });

  it.each([["--only", "matmul,decoding"], ["--only", ","], ["--fast"], ["4096"]])(
    "are refused where they do not exist: %s %s",
    (...given) => {
      expect(() => readGpuOptions(given)).toThrow(TypeError);
    },
  );
});

describe("the work of a call", () => {
  it("of a product of n × n matrices is 2 n³ operations on three matrices", () => {
    expect(workOf(MATMUL)).toEqual({ operations: 2 * 4096 ** 3, bytes: 3 * 4096 ** 2 * 4 });
  });

  it("of attention is 4 · H · T² · D operations on four arrays; 12 on eight with the backward pass", () => {
    const array = 8 * 4096 * 64 * 4;
    expect(workOf(FORWARD)).toEqual({ operations: 4 * 8 * 4096 ** 2 * 64, bytes: 4 * array });
    expect(workOf(BOTH)).toEqual({ operations: 12 * 8 * 4096 ** 2 * 64, bytes: 8 * array });
  });

  it("of a training step counts the parameters that the date model has", () => {
    const pairs = [{ source: "a".repeat(29), target: "b".repeat(11), line: 1 }];
    const config = defaultConfig(pairs, {
      embeddingSize: 16,
      hiddenSize: 24,
      targetLength: 11,
      bidirectional: false,
      attention: "dot",
      inputFeeding: false,
      attentionalSize: null,
      bridge: "hidden",
    });
    const symbols = Array.from({ length: 59 }, (_, id) => String.fromCharCode(40 + id));
    const vocabulary = new Vocabulary({
      symbols,
      tokens: "chars",
      normalization: "none",
      pad: 0,
      begin: 1,
      end: null,
      unknown: null,
    });
    const model = new AttentionSeq2seq(config, vocabulary, vocabulary);
    expect(parametersOf(24)).toBe(model.parameterCount);
    expect(workOf({ part: "training", hidden: 24 }).bytes).toBe(6 * 4 * model.parameterCount);
  });

  it("of a training step is mostly that of its cells where states are large", () => {
    const cells = 3 * 2 * 128 * 40 * (16 + 1024) * 4 * 1024;
    const { operations } = workOf(STEP);
    expect(operations / cells).toBeGreaterThan(1);
    expect(operations / cells).toBeLessThan(1.02);
  });
});

describe("how near a time is to what the GPU can do", () => {
  it("is a share of the float32 peak", () => {
    const work = { operations: 1e12, bytes: 1e9 };
    expect(ratesOf(work, 200, PEAKS)).toEqual({ teraflops: 5, ofPeak: 0.5, ofBandwidth: null });
  });

  it("is a share of the bandwidth too where moving takes longer than computing", () => {
    const work = { operations: 1e9, bytes: 1e9 };
    const { ofPeak, ofBandwidth } = ratesOf(work, 4, PEAKS);
    expect(ofPeak).toBeCloseTo(0.025, 12);
    expect(ofBandwidth).toBeCloseTo(0.25, 12);
  });

  it("is measured by the best of the ways, each by its median", () => {
    const ceilings = [
      { kind: "operations", way: "2 chains", rounds: [1, 2, 30] },
      { kind: "operations", way: "4 chains", rounds: [3, 3, 4] },
      { kind: "bytes", way: "16", rounds: [7] },
    ] as const;
    expect(peaksOf(ceilings)).toEqual({ operations: 3, bytes: 7 });
  });

  it("is against the best of PyTorch's ways", () => {
    expect(timesPyTorch(row(FORWARD, 2, { eager: 9, sdpa: 3 }))).toBe(1.5);
    expect(timesPyTorch(row(FORWARD, 2))).toBeNaN();
    const failed = [{ way: "eager", rounds: [], failed: "out of memory" }];
    expect(timesPyTorch({ ...row(FORWARD, 2), torch: failed })).toBeNaN();
  });
});

describe("rounds", () => {
  /** A clock of work that takes 0.5 ms a repetition, and 3 ms to be waited for. */
  function machine(each = 0.5, wait = 3): { calls: number[]; rounds: Promise<number[]> } {
    let clock = 0;
    const calls: number[] = [];
    const repeat = async (times: number): Promise<void> => {
      calls.push(times);
      clock += wait + each * times;
    };
    const pace = { slice: 100, least: 5, most: 15 };
    return { calls, rounds: timeRounds(repeat, pace, () => clock) };
  }

  it("are of so many repetitions that the wait at their end hardly counts, and end when they agree", async () => {
    const { calls, rounds } = machine();
    const found = await rounds;
    expect(found).toHaveLength(5);
    for (const each of found) expect(each).toBeCloseTo(0.5, 1);
    expect(calls.at(-1)).toBeGreaterThan(150);
    expect(calls.at(-1)).toBeLessThan(250);
  });

  it("are of one repetition where that takes long enough", async () => {
    const { calls, rounds } = machine(400, 0);
    expect(await rounds).toEqual([400, 400, 400, 400, 400]);
    expect(new Set(calls)).toEqual(new Set([1]));
  });

  it("go on while they scatter", () => {
    expect(isStable([10, 10.01, 9.99, 10, 10.02])).toBe(true);
    expect(isStable([10, 12, 9, 14, 8])).toBe(false);
  });
});

describe("sizes", () => {
  it("hold those that goals are about, in a quick run too", () => {
    for (const scale of ["full", "quick"] as const) {
      for (const size of [MATMUL, FORWARD, BOTH, STEP]) {
        expect(sizesOf(scale)).toContainEqual(size);
      }
    }
  });

  it("are all that was to be measured, no two of one name", () => {
    const all = sizesOf("full");
    const attentions = all.filter(({ part }) => part === "attention");
    expect(attentions).toHaveLength(7 * 2 * 2);
    expect(all.filter(({ part }) => part === "matmul")).toHaveLength(5 * 3);
    expect(new Set(all.map(nameOfSize)).size).toBe(all.length);
  });

  it("have names that say them", () => {
    expect([MATMUL, BOTH, STEP].map(nameOfSize)).toEqual([
      "4096³",
      "T 4096, 8 heads of 64, forward + backward",
      "H 1024, batch 128",
    ]);
    expect(nameOfSize({ ...MATMUL, transposeB: true })).toBe("4096³, b transposed");
  });
});

describe("an adapter", () => {
  const info = (parts: object): GPUAdapterInfo =>
    ({
      vendor: "nvidia",
      architecture: "hopper",
      device: "",
      description: "NVIDIA: 570.1",
      isFallbackAdapter: false,
      ...parts,
    }) as GPUAdapterInfo;

  it("is named, with its driver", () => {
    const facts = { name: "nvidia hopper", driver: "NVIDIA: 570.1", software: false };
    expect(adapterFacts(info({}))).toEqual(facts);
  });

  it("that computes on the processor is known as such, whether it says so or not", () => {
    expect(adapterFacts(info({ isFallbackAdapter: true })).software).toBe(true);
    expect(adapterFacts(info({ device: "llvmpipe (LLVM 19)" })).software).toBe(true);
    expect(adapterFacts(info({ architecture: "swiftshader" })).software).toBe(true);
  });
});

describe("shaders of the ceilings", () => {
  it("multiply and add as often as is counted", () => {
    const code = multiplyAdd(4);
    const [, loops] = /i < (\d+)u/.exec(code) ?? [];
    expect(code.match(/fma\(/g)).toHaveLength((4 * STEPS) / Number(loops));
  });

  it("copy as often as is counted", () => {
    expect(copying(8, 1024).match(/result\[start/g)).toHaveLength(8);
  });
});

describe("rows that attention is held against", () => {
  it("are those of the definition", () => {
    const [T, D] = [7, 5];
    const numbers = [1, 2, 3, 4].map((seed) => randomNumbers(T * D, seed));
    const [query, keys, values, dContext] = numbers as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const head: Head = { query, keys, values, dContext, steps: T, size: D };
    const float64 = { dtype: "float64" } as const;
    const [q, k, v, d] = numbers.map((each) => tensor(each, [1, T, D], float64));
    const result = attention(q!, k!, v!, { score: "scaled-dot" });
    const gradients = result.backward(d!);
    for (let i = 0; i < T; i++) {
      const { context, dQuery } = queryRow(head, i);
      const { dKeys, dValues } = keyRow(head, i);
      const pairs = [
        [result.context, context],
        [gradients.dQuery, dQuery],
        [gradients.dKeys, dKeys],
        [gradients.dValues, dValues],
      ] as const;
      for (const [all, one] of pairs) {
        const right = all.data.subarray(i * D, (i + 1) * D);
        for (const [j, number] of one.entries()) expect(number).toBeCloseTo(right[j]!, 10);
      }
    }
    const sums = columnSums(Float32Array.from(gradients.dValues.data), D);
    for (const [j, sum] of columnSums(dContext, D).entries()) expect(sums[j]).toBeCloseTo(sum, 5);
  });
});

describe("what is printed", () => {
  const rows = [
    row(MATMUL, 20, { matmul: 10 }),
    row(FORWARD, 8, { eager: 36, sdpa: 12 }),
    { ...row(BOTH, 1), rounds: [], refused: "kernels.attendBackward is not a function" },
    row(STEP, 40, { eager: 60, "eager, fused Adam": 50 }),
  ];

  it("says of every goal whether it is met", () => {
    const { rows: lines } = goalLines(gpuGoals({ rows, peaks: PEAKS }));
    expect(lines.map(([, ...rest]) => rest)).toEqual([
      ["≥ 50 %", "68.7 %", "yes"],
      ["≥ 35 %", "42.9 %", "yes"],
      ["≥ 25 %", "not measured", "–"],
      ["≥ 1 ×", "1.25 ×", "yes"],
    ]);
    const slow = goalLines(gpuGoals({ rows: [row(MATMUL, 40)], peaks: PEAKS })).rows[0];
    expect(slow?.slice(1)).toEqual(["≥ 50 %", "34.4 %", "no: 69 %"]);
  });

  it("is a column for each way of PyTorch, and one for how it compares", () => {
    const { head, rows: lines } = partTable({ rows, peaks: PEAKS }, "attention");
    expect(head.slice(5)).toEqual(["PyTorch eager, ms", "PyTorch sdpa, ms", "PyTorch / heed"]);
    expect(lines[0]?.slice(1)).toEqual(["8.00", "4.29", "42.9 %", "–", "36.0", "12.0", "1.50 ×"]);
    expect(lines[1]?.slice(1)).toEqual(["–", "–", "–", "–", "–", "–", "–"]);
  });

  it("says who was not timed, and why", () => {
    const results: GpuResults = {
      date: "2026-01-01",
      machine: "a processor",
      node: "20.0.0",
      command: "npm run bench:gpu",
      adapter: { name: "nvidia hopper", driver: "NVIDIA: 570.1", software: false },
      heed: "WebGPU",
      torch: "takes no part",
      peaks: PEAKS,
      ceilings: [],
      rows,
    };
    expect(formatGpuResults(results)).toContain(
      "Not timed: heed, attention T 4096, 8 heads of 64, forward + backward: kernels.attendBackward is not",
    );
  });
});
