import { describe, expect, it } from "vitest";
import type { Floats } from "../../src/kernels/arrays.ts";
import { AXES } from "../../src/kernels/attend/contract.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { allCases, opOf } from "../support/all-cases.ts";
import { complaints } from "../support/compare.ts";
import { expectedOf, runOn } from "../support/run-case.ts";
import { deviceWith } from "../support/wrong-device.ts";

type ArrayKernels = Kernels<Floats, Int32Array>;

const cases = allCases();

/** All complaints about a wrong kernel, in the cases of its op. */
async function complaintsAbout<Op extends keyof ArrayKernels>(
  op: Op,
  wrong: ArrayKernels[Op],
): Promise<string[]> {
  const device = deviceWith(op, wrong);
  const found: string[] = [];
  for (const kernelCase of cases.filter((c) => opOf(c) === op)) {
    const answer = await runOn(device, "float32", kernelCase);
    found.push(...complaints(kernelCase, "float32", answer, expectedOf(kernelCase)));
  }
  return found;
}

/** The same array with one more element behind it. */
function oneLonger(x: Floats): Floats {
  return new Float32Array(x.buffer, x.byteOffset, x.length + 1);
}

describe("a wrong kernel is caught", () => {
  it("not when it is right", async () => {
    expect(await complaintsAbout("softmaxForward", definitions.softmaxForward)).toEqual([]);
  });

  it("softmax without the maximum taken off: on large logits alone", async () => {
    const found = await complaintsAbout("softmaxForward", (x, y, rows, columns) => {
      for (let i = 0; i < rows; i++) {
        let total = 0;
        for (let j = 0; j < columns; j++) total += Math.exp(x[i * columns + j]!);
        const divisor = total === 0 ? 1 : total;
        for (let j = 0; j < columns; j++) {
          y[i * columns + j] = Math.exp(x[i * columns + j]!) / divisor;
        }
      }
    });
    expect(found.join("\n")).toContain("logits about 30000");
    expect(found.join("\n")).not.toContain("tiny");
  });

  it("softmax that gives NaN for a row of −∞ alone", async () => {
    const found = await complaintsAbout("softmaxForward", (x, y, rows, columns) => {
      definitions.softmaxForward(x, y, rows, columns);
      for (let i = 0; i < rows * columns; i += columns) {
        if (y.subarray(i, i + columns).every((weight) => weight === 0)) {
          y.fill(Number.NaN, i, i + columns);
        }
      }
    });
    expect(found.join("\n")).toContain("rows of −∞: y[0] is NaN, must be 0");
  });

  it("matmul that drops the last inner element", async () => {
    const found = await complaintsAbout(
      "matmul",
      (a, b, bias, c, rows, columns, inner, ...flags) => {
        const [transposeA, transposeB, accumulate] = flags;
        const left = transposeA ? a : shortened(a, rows, inner);
        const right = transposeB ? shortened(b, columns, inner) : b;
        const less = Math.max(inner - 1, 0);
        definitions.matmul(
          left,
          right,
          bias,
          c,
          rows,
          columns,
          less,
          transposeA,
          transposeB,
          accumulate,
        );
      },
    );
    expect(found.join("\n")).toContain("17 × 5 × 33, a b:");
    expect(found.join("\n")).toContain("17 × 5 × 33, aᵀ bᵀ bias added:");
  });

  it("matmul that adds to what stood there when it should not", async () => {
    const found = await complaintsAbout("matmul", (...all) => {
      all[9] = true;
      definitions.matmul(...all);
    });
    expect(found.join("\n")).toContain("a b: c[0] is NaN");
    expect(found.join("\n")).not.toContain("added");
  });

  it("matmul whose factors are off by 3e-6, as with a careless constant", async () => {
    const found = await complaintsAbout("matmul", (...all) => {
      const off = all[0].map((x) => x * (1 + 3e-6));
      definitions.matmul(...(all.with(0, off) as typeof all));
    });
    expect(found.join("\n")).toContain("5 × 17 × 1024");
    expect(found.join("\n")).toContain("L2 error");
  });

  it("attention that reads behind the length", async () => {
    const found = await complaintsAbout("attentionForward", (...all) => {
      all[3] = null;
      definitions.attentionForward(...all);
    });
    expect(found.join("\n")).toContain("lengths mixed");
    expect(found.join("\n")).toContain("lengths zero");
    expect(found.join("\n")).not.toContain("lengths full");
  });

  it("attention that multiplies masked values by a weight of 0", async () => {
    const found = await complaintsAbout("weightSumForward", (...all) => {
      const [values, weights, lengths, context, batch, queries, steps, size] = all;
      const zeroed = weights.slice();
      for (let i = 0; i < zeroed.length; i++) {
        const n = Math.floor(i / (queries * steps));
        if (lengths !== null && i % steps >= lengths[n]!) zeroed[i] = 0;
      }
      definitions.weightSumForward(values, zeroed, null, context, batch, queries, steps, size);
    });
    expect(found.join("\n")).toContain("is NaN, must be");
  });

  it("attention whose backward pass overwrites the sum when dKeys is dValues", async () => {
    const found = await complaintsAbout("attentionBackward", (...all) => {
      const values = all[9].slice();
      definitions.attentionBackward(...(all.with(9, values) as typeof all));
      if (all[9] !== all[8]) all[9].set(values);
    });
    expect(found.join("\n")).toContain("one array for gradients: dKeys");
  });

  it("attention whose backward pass takes the softmax's own term for 0", async () => {
    const found = await complaintsAbout("attentionBackward", (...all) => {
      all[5] = all[5].map(() => 0);
      definitions.attentionBackward(...all);
    });
    expect(found.join("\n")).toContain("N 5, Tq 3, Tk 4, D 5, lengths null: dQuery");
  });

  it("general attention that takes the mask of all heads for that of one", async () => {
    const found = await complaintsAbout("attendForward", (inputs, plan, ...rest) => {
      const oneHead = { ...plan, maskAxes: plan.maskAxes & ~AXES.heads };
      definitions.attendForward(inputs, oneHead, ...rest);
    });
    expect(found.join("\n")).toContain("maskAxes [batch heads queries steps]: context");
    expect(found.join("\n")).not.toContain("maskAxes [queries steps]");
  });

  it("general attention that counts places from the end of the longest sequence", async () => {
    const found = await complaintsAbout("attendBackward", (inputs, plan, ...rest) => {
      const shift = plan.toEnd ? plan.shift + plan.steps : plan.shift;
      definitions.attendBackward(inputs, { ...plan, shift, toEnd: false }, ...rest);
    });
    expect(found.join("\n")).toMatch(/lengths mixed, shift -6, toEnd, right 0.*: dQuery/);
    expect(found.filter((line) => !line.includes("toEnd"))).toEqual([]);
  });

  it("general attention whose heads meet the wrong heads of keys", async () => {
    const found = await complaintsAbout("attendForward", (inputs, plan, ...rest) => {
      const { batch, keyHeads, capacity, size, sideBySide } = plan;
      if (sideBySide || keyHeads < 2) {
        definitions.attendForward(inputs, plan, ...rest);
        return;
      }
      // The heads of each sequence's keys in turn, the last one first.
      const keys = inputs.keys.slice();
      const length = capacity * size;
      for (let i = 0; i < batch * keyHeads * length; i++) {
        const head = Math.floor(i / length);
        const other = head - (head % keyHeads) + keyHeads - 1 - (head % keyHeads);
        keys[i] = inputs.keys[other * length + (i % length)]!;
      }
      definitions.attendForward({ ...inputs, keys }, plan, ...rest);
    });
    expect(found.join("\n")).toContain("H 4/2, Tq 6, Tk 9, D 5/3, softcap 5: context");
    expect(found.join("\n")).not.toContain("H 4/1");
  });

  it("a kernel that writes one element past its output", async () => {
    const found = await complaintsAbout("add", (a, b, y, length) => {
      definitions.add(a, b, y, length);
      oneLonger(y)[length] = 0;
    });
    expect(found.join("\n")).toContain("outside of it, was overwritten with 0");
  });

  it("a kernel that leaves the last elements of its output", async () => {
    const found = await complaintsAbout("copy", (x, y, length) => {
      definitions.copy(x, y, length - (length % 4));
    });
    expect(found.join("\n")).toContain("copy: 17: y[16] is NaN, must be");
    expect(found.join("\n")).not.toContain("copy: 4:");
  });

  it("a kernel that uses an input as scratch", async () => {
    const found = await complaintsAbout("sum", (x, y, length) => {
      for (let i = 1; i < length; i++) x[i] = x[i]! + x[i - 1]!;
      y[0] = length === 0 ? 0 : x[length - 1]!;
    });
    expect(found.join("\n")).toContain("input x[1], was overwritten");
  });

  it("a kernel that reads past its input", async () => {
    const found = await complaintsAbout("sum", (x, y, length) => {
      definitions.sum(oneLonger(x), y, length + 1);
    });
    expect(found.join("\n")).toContain("is NaN, must be");
  });

  it("an LSTM that starts from zeros though an initial state is given", async () => {
    const found = await complaintsAbout("lstmForward", (...all) => {
      all[2] = null;
      definitions.lstmForward(...all);
    });
    expect(found.join("\n")).toContain("states given: h");
    expect(found.join("\n")).not.toContain("states given: none");
  });

  it("a loss that smooths nothing", async () => {
    const found = await complaintsAbout("softmaxCrossEntropyForward", (...all) => {
      all[3] = 0;
      definitions.softmaxCrossEntropyForward(...all);
    });
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((line) => !line.includes("smoothing"))).toEqual([]);
  });

  it("a mixture that forgets the first weight of a symbol that occurs twice", async () => {
    const found = await complaintsAbout("copyMixtureForward", (p, gate, weights, ids, ...rest) => {
      const [, batch, , steps] = rest;
      const kept = ids.slice();
      for (let n = 0; n < batch; n++) {
        const of = ids.subarray(n * steps, (n + 1) * steps);
        for (const [e, id] of of.entries()) {
          if (of.lastIndexOf(id) !== e) kept[n * steps + e] = -1;
        }
      }
      definitions.copyMixtureForward(p, gate, weights, kept, ...rest);
    });
    expect(found.join("\n")).toContain("symbols that occur twice");
  });

  it("an LSTM that goes forwards where it is to go backwards", async () => {
    const found = await complaintsAbout("lstmForward", (...all) => {
      all[12] = false;
      definitions.lstmForward(...all);
    });
    expect(found.join("\n")).toContain("reversed");
  });
});

/** (rows, inner) without its last column. */
function shortened(x: Floats, rows: number, inner: number): Floats {
  return Float32Array.from({ length: rows * Math.max(inner - 1, 0) }, (_, i) => {
    return x[Math.floor(i / (inner - 1)) * inner + (i % (inner - 1))]!;
  });
}
