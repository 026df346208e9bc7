import { describe, expect, it } from "vitest";
import type { KernelCase } from "../../src/kernels/case.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import { allCases, opOf } from "../support/all-cases.ts";
import { complaints } from "../support/compare.ts";
import { devicesUnderTest, REQUIRED } from "../support/devices.ts";
import { type Answer, expectedOf, runOn } from "../support/run-case.ts";
import { RUNS_ALL, shareOf } from "../support/shares.ts";

const cases = allCases();
const byOp = new Map<string, KernelCase[]>();
for (const kernelCase of cases) {
  const op = opOf(kernelCase);
  byOp.set(op, [...(byOp.get(op) ?? []), kernelCase]);
}

/**
 * How many cases of an op run on a GPU, evenly spread: in software, all of them take half an hour.
 * HEED_ALL_CASES=1 runs all.
 */
const MOST_ON_GPU = new Map([
  ["webgpu", 60],
  ["webgpu, subgroups", 20],
]);

/** The cases of an op that run on a device. */
function casesOn(name: string, group: readonly KernelCase[]): readonly KernelCase[] {
  return shareOf(group, MOST_ON_GPU.get(name) ?? group.length);
}

const executed = new Map<string, number>();
const answers = new Map<KernelCase, Answer>();

function expected(kernelCase: KernelCase): Answer {
  const answer = answers.get(kernelCase) ?? expectedOf(kernelCase);
  answers.set(kernelCase, answer);
  return answer;
}

describe("the cases", () => {
  it("have names of their own", () => {
    const names = cases.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it("cover every op of the contract", () => {
    expect([...byOp.keys()].sort()).toEqual(Object.keys(definitions).sort());
  });

  it("call the op that they are named for, and no other", () => {
    for (const kernelCase of cases) {
      const called: string[] = [];
      const recorder = new Proxy(definitions, {
        get: (_, op) => () => called.push(String(op)),
      });
      kernelCase.call(recorder, expected(kernelCase).floats, expected(kernelCase).ints);
      expect(called).toEqual([opOf(kernelCase)]);
    }
  });
});

for (const { name, dtype, device, skip } of devicesUnderTest) {
  describe(skip === null ? name : `${name} (skipped: ${skip})`, () => {
    for (const [op, group] of byOp) {
      it.skipIf(skip !== null)(
        `${op} agrees with its definition in ${casesOn(name, group).length} cases`,
        async () => {
          if (device === null) throw new Error("a skipped device must not run");
          const found: string[] = [];
          for (const kernelCase of casesOn(name, group)) {
            const answer = await runOn(device, dtype, kernelCase);
            found.push(...complaints(kernelCase, dtype, answer, expected(kernelCase)));
            executed.set(name, (executed.get(name) ?? 0) + 1);
          }
          expect(found).toEqual([]);
        },
        RUNS_ALL ? 1_800_000 : undefined,
      );
    }
  });
}

describe.skipIf(process.env["CI"] === undefined)("in continuous integration", () => {
  it.each(REQUIRED)("every case of its share really ran on %s", (name) => {
    const shares = [...byOp.values()].map((group) => casesOn(name, group).length);
    expect(executed.get(name)).toBe(shares.reduce((sum, share) => sum + share, 0));
  });
});
