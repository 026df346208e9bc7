import fc from "fast-check";
import { openDevice } from "heed";
import { expect, test } from "vitest";
import {
  cellsOf,
  type Expression,
  evaluate,
  type Values,
} from "../../../viewer/src/rooms/notebook/expression.ts";
import { type Edits, type Inputs, inputsOf } from "../../../viewer/src/rooms/notebook/inputs.ts";
import {
  indicesOf,
  type NamedArray,
  usesOf,
  valueAt,
  valuesIn,
} from "../../../viewer/src/rooms/notebook/named-array.ts";
import { stagesOf } from "../../../viewer/src/rooms/notebook/stages.ts";
import { SECTIONS } from "../../../viewer/src/rooms/notebook/state.ts";

const device = await openDevice("reference");

/** The arrays of every stage of the page, by its section, with its title where there are several. */
function allStages(inputs: Inputs, shift: number): Readonly<Record<string, readonly NamedArray[]>> {
  const stages = SECTIONS.flatMap((section) => {
    return stagesOf(section, inputs, shift).map(({ title, rows }, i) => {
      const arrays = rows.flatMap((row) => row.arrays.map(([, array]) => array));
      return [i === 0 ? section : `${section}: ${title}`, arrays] as const;
    });
  });
  return Object.fromEntries(stages);
}

/** Inputs as they may stand on the page: any seed and batch, some numbers put in by hand. */
const anyInputs = fc.record({
  seed: fc.nat(),
  N: fc.integer({ min: 1, max: 3 }),
  shift: fc.integer({ min: 0, max: 600 }),
  edits: fc.array(
    fc.tuple(
      fc.constantFrom("hs.0.1.2", "a.0.3", "h.0.0", "dc.0.1", "x.0.4", "dout.0.2", "hsDec.0.2.3"),
      fc.double({ min: -100, max: 100, noNaN: true }),
    ),
    { maxLength: 4 },
  ),
});

test("every cell is what the expression behind it says, forward and backward", () => {
  fc.assert(
    fc.property(anyInputs, ({ seed, N, shift, edits }) => {
      const inputs = inputsOf(device, seed, N, new Map(edits));
      for (const [section, arrays] of Object.entries(allStages(inputs, shift))) {
        const values = valuesIn(arrays);
        for (const array of arrays) {
          if (array.explain === null) continue;
          for (const index of indicesOf(array.shape)) {
            const expression = array.explain(index);
            const difference = Math.abs(evaluate(expression, values) - valueAt(array, index));
            const where = `${array.name}[${index}] of ${section}`;
            // Not an expect for each: there are thousands, and NaN must fail as well.
            if (!(difference <= 1e-12 * magnitude(expression, values)))
              expect.fail(`${where}: ${difference}`);
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});

/** What the parts of an expression come to without their signs: what rounding is relative to. */
function magnitude(expression: Expression, values: Values): number {
  const sizeOf = (each: Expression): number => {
    if (each.kind === "sum" || each.kind === "difference") {
      return each.of.reduce((total, part) => total + sizeOf(part), 0);
    }
    if (each.kind === "product")
      return each.of.reduce((product, part) => product * sizeOf(part), 1);
    return Math.abs(evaluate(each, values));
  };
  return Math.max(1, sizeOf(expression));
}

test("expressions read only cells that their section shows", () => {
  const inputs = inputsOf(device, 7, 2, new Map());
  for (const [section, arrays] of Object.entries(allStages(inputs, 0))) {
    expect(new Set(arrays.map(({ name }) => name)).size, section).toBe(arrays.length);
    const places = new Set(
      arrays.flatMap(({ name, shape }) => indicesOf(shape).map((index) => `${name}[${index}]`)),
    );
    for (const { name, shape, explain } of arrays) {
      for (const index of explain === null ? [] : indicesOf(shape)) {
        for (const { array, index: at } of cellsOf(explain!(index))) {
          expect(places, `${name}[${index}] of ${section}`).toContain(`${array}[${at}]`);
        }
      }
    }
  }
});

test("no sequence of a batch is made of another's numbers", () => {
  const inputs = inputsOf(device, 7, 3, new Map());
  for (const arrays of Object.values(allStages(inputs, 0))) {
    for (const { axes, shape, explain } of arrays) {
      if (axes[0] !== "N" || explain === null) continue;
      for (const index of indicesOf(shape)) {
        for (const each of cellsOf(explain(index))) expect(each.index[0]).toBe(index[0]);
      }
    }
  }
});

test("an edit of a given cell reaches exactly the cells that it goes into, step by step", () => {
  const before = allStages(inputsOf(device, 3, 2, new Map()), 0);
  const edits: Edits = new Map([["hs.1.2.3", 4.5]]);
  const after = allStages(inputsOf(device, 3, 2, edits), 0);
  const reached = reachedFrom({ array: "hs", index: [1, 2, 3] }, before["attention"]!);
  for (const [i, array] of before["attention"]!.entries()) {
    for (const index of indicesOf(array.shape)) {
      const differs = valueAt(array, index) !== valueAt(after["attention"]![i]!, index);
      if (differs) expect(reached).toContain(`${array.name}[${index}]`);
    }
  }
  expect(reached).toContain("out[1,0]");
  expect(reached).not.toContain("s[1,0]");
});

function reachedFrom(
  start: { readonly array: string; readonly index: readonly number[] },
  arrays: readonly NamedArray[],
): ReadonlySet<string> {
  const reached = new Set([`${start.array}[${start.index}]`]);
  const waiting = [start];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const use of usesOf(next, arrays)) {
      const name = `${use.array}[${use.index}]`;
      if (!reached.has(name)) waiting.push(use);
      reached.add(name);
    }
  }
  return reached;
}

test("dx is the jacobian that is shown, times dy", () => {
  const arrays = allStages(inputsOf(device, 4, 2, new Map()), 0)["softmax"]!;
  const [J, dy, dx] = ["J", "dy", "dx"].map((name) => arrays.find((each) => each.name === name)!);
  for (const [n = 0, t = 0] of indicesOf(dx!.shape)) {
    const product = [0, 1, 2, 3, 4].reduce((sum, k) => {
      return sum + valueAt(J!, [n, k, t]) * valueAt(dy!, [n, k]);
    }, 0);
    expect(valueAt(dx!, [n, t])).toBeCloseTo(product, 12);
  }
});

test("gradients are those of the layers, by central differences through the page's own arrays", () => {
  const step = 1e-5;
  const find = (arrays: readonly NamedArray[], name: string): NamedArray => {
    return arrays.find((each) => each.name === name)!;
  };
  // loss = Σ dout ⊙ out, so its gradient with respect to hs is what the page calls dhs (dhsEnc).
  const loss = (section: string, out: string, upstream: string, edits: Edits): number => {
    const arrays = allStages(inputsOf(device, 5, 2, edits), 0)[section]!;
    const [outs, weights] = [find(arrays, out).values, find(arrays, upstream).values];
    return Array.from(outs).reduce((sum, each, i) => sum + each * weights[i]!, 0);
  };
  for (const [section, out, upstream, gradient] of [
    ["weight-sum", "c", "dc", "dhs"],
    ["attention-weight", "a", "da", "dhs"],
    ["attention", "out", "dout", "dhs"],
    ["time-attention", "out", "dout", "dhsEnc"],
  ] as const) {
    const inputs = inputsOf(device, 5, 2, new Map());
    const arrays = allStages(inputs, 0)[section]!;
    for (const index of [
      [0, 0, 0],
      [1, 4, 3],
    ]) {
      const at = valueAt(arrays[0]!, index);
      const [up, down] = [at + step, at - step].map((value) => {
        return loss(section, out, upstream, new Map([[`hs.${index.join(".")}`, value]]));
      });
      const measured = (up! - down!) / (2 * step);
      expect(valueAt(find(arrays, gradient), index), section).toBeCloseTo(measured, 7);
    }
  }
});
