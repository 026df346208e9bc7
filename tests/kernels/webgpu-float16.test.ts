import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import type { WebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import { attention, tensor, useDevice } from "../../src/index.ts";
import { attendCases } from "../../src/kernels/attend/cases.ts";
import { attentionCases } from "../../src/kernels/attention/cases.ts";
import type { KernelCase } from "../../src/kernels/case.ts";
import { opOf } from "../support/all-cases.ts";
import { complaints, distance } from "../support/compare.ts";
import { NO_GPU } from "../support/devices.ts";
import { expectedOf, runOn } from "../support/run-case.ts";
import { RUNS_ALL, shareOf } from "../support/shares.ts";
import { openTestGpu } from "../support/webgpu.ts";

/** float32 numbers have 24 binary digits, float16 numbers 11: bounds grow by what lies between. */
const COARSER = 2 ** 13;
/** The forward passes, whose products are of float16 … */
const ROUNDED = [
  "attendForward",
  "attentionForward",
  "attentionWeightForward",
  "weightSumForward",
] as const;
/** … and those that compute with the same kernels for gradients, or for scores that somebody asked for. */
const EXACT = ["attentionWeightBackward", "weightSumBackward", "attentionScores", "attendBackward"];
/** The largest number of float16, up to which cases may go. */
const LARGEST = 65504;
/** Cases of each; HEED_ALL_CASES=1 runs all. */
const MOST = 12;

function isInRange({ floats }: KernelCase): boolean {
  const fits = (x: number): boolean => !(Number.isFinite(x) && Math.abs(x) > LARGEST);
  return Object.values(floats).every(({ data }) => data.every(fits));
}

const cases = [...attentionCases(), ...attendCases()];

function casesOf(op: string): readonly KernelCase[] {
  return shareOf(
    cases.filter((each) => opOf(each) === op && isInRange(each)),
    MOST,
  );
}

function coarser(kernelCase: KernelCase): KernelCase {
  const { tolerance } = kernelCase;
  return {
    ...kernelCase,
    tolerance: { ...tolerance, times: (tolerance.times ?? 1) * COARSER },
  };
}

const why = NO_GPU === null ? "" : ` (skipped: ${NO_GPU})`;
describe.skipIf(NO_GPU !== null)(`WebGPU with float16${why}`, () => {
  let device: WebGpuDevice;
  let plain: WebGpuDevice;
  beforeAll(async () => {
    device = await openTestGpu({ float16: true });
    plain = await openTestGpu();
  });
  afterAll(() => {
    useDevice(new ReferenceDevice());
    device.gpu.destroy();
    plain.gpu.destroy();
  });

  it("is said", () => {
    expect(device.description).toMatch(/, float16$/);
    expect(plain.description).not.toMatch(/float16/);
  });

  it.each(ROUNDED)(
    "%s agrees with its definition to float16's digits, and no further",
    async (op) => {
      const found: string[] = [];
      let furthest = 0;
      for (const kernelCase of casesOf(op)) {
        const [answer, expected] = [
          await runOn(device, "float32", kernelCase),
          expectedOf(kernelCase),
        ];
        found.push(...complaints(coarser(kernelCase), "float32", answer, expected));
        const output = op === "attentionWeightForward" ? "weights" : "context";
        const { error, norm } = distance(expected.floats[output]!, answer.floats[output]!);
        if (norm > 0) furthest = Math.max(furthest, error / norm);
      }
      expect(found).toEqual([]);
      // Further than float32 ever is: float16 was at work.
      expect(furthest).toBeGreaterThan(5e-5);
    },
    RUNS_ALL ? 1_800_000 : undefined,
  );

  it("takes what is beyond float16 for its largest number, and nothing else for it", async () => {
    useDevice(device);
    const given = [
      1e9,
      -7e4,
      65519,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ];
    const [query, keys] = [tensor([[[0, 0]]]), tensor([[[0, 0]]])];
    const { context } = attention(query, keys, tensor([[given]]), { score: "dot" });
    expect([...(await context.read())]).toEqual([LARGEST, -LARGEST, LARGEST, ...given.slice(3)]);
  });

  it.each(EXACT)("%s has the bits that it has without", async (op) => {
    for (const kernelCase of casesOf(op).slice(0, 4)) {
      const answer = await runOn(device, "float32", kernelCase);
      const { floats } = await runOn(plain, "float32", kernelCase);
      expect(answer.floats, kernelCase.name).toEqual(floats);
    }
  });
});
