import { openDevice } from "heed";
import { expect, test } from "vitest";
import { cellAfter, gridsOf } from "../../../viewer/src/rooms/notebook/grid.ts";
import { inputsOf, NOTEBOOK_WEIGHTS } from "../../../viewer/src/rooms/notebook/inputs.ts";
import { lightOf, stillThere } from "../../../viewer/src/rooms/notebook/light.ts";
import type { NamedArray } from "../../../viewer/src/rooms/notebook/named-array.ts";
import { definitionOf } from "../../../viewer/src/rooms/notebook/sources.ts";
import { stagesOf } from "../../../viewer/src/rooms/notebook/stages.ts";

const device = await openDevice("reference");
const inputs = inputsOf(device, 1, 3, new Map());
const arraysOf = (section: "weight-sum" | "softmax"): readonly NamedArray[] => {
  return stagesOf(section, inputs, 0).flatMap(({ rows }) => {
    return rows.flatMap((row) => row.arrays.map(([, array]) => array));
  });
};
const find = (name: string): NamedArray => {
  return [...arraysOf("weight-sum"), ...arraysOf("softmax")].find((each) => each.name === name)!;
};

test("steps go down and numbers of a state across, so that weights stand beside their steps", () => {
  const [hs] = gridsOf(find("hs"), 1);
  expect(hs).toMatchObject({ label: "hs: T by H", corner: "T\\H", columns: ["0", "1", "2", "3"] });
  expect(hs?.rows.map(({ cells }) => cells.length)).toEqual([4, 4, 4, 4, 4]);
  expect(hs?.rows[2]?.cells[3]).toEqual([1, 2, 3]);
  const [a] = gridsOf(find("a"), 1);
  expect(a).toMatchObject({ corner: "T", columns: ["a"] });
  expect(a?.rows.map(({ cells }) => cells)).toEqual([0, 1, 2, 3, 4].map((t) => [[1, t]]));
  const [c] = gridsOf(find("c"), 1);
  expect(c?.rows).toEqual([{ label: "c", cells: [0, 1, 2, 3].map((h) => [1, h]) }]);
  const [max] = gridsOf(find("max"), 2);
  expect(max).toMatchObject({ label: "max: one number", columns: [], rows: [{ cells: [[2]] }] });
});

test("a batch has a picture for every sequence", () => {
  const grids = gridsOf(find("hs"), null);
  expect(grids.map(({ label }) => label)).toEqual(
    [0, 1, 2].map((n) => `hs, sequence ${n}: T by H`),
  );
  expect(grids.map(({ rows }) => rows[0]?.cells[0])).toEqual([0, 1, 2].map((n) => [n, 0, 0]));
});

test("keys move within a grid and stop at its edges", () => {
  const [grid] = gridsOf(find("hs"), 0);
  const from = (row: number, column: number, key: string) => cellAfter(grid!, row, column, key);
  expect(from(0, 0, "ArrowUp")).toEqual([0, 0]);
  expect(from(4, 3, "ArrowDown")).toEqual([4, 3]);
  expect(from(1, 1, "ArrowRight")).toEqual([1, 2]);
  expect(from(1, 1, "ArrowLeft")).toEqual([1, 0]);
  expect(from(2, 1, "Home")).toEqual([2, 0]);
  expect(from(2, 1, "End")).toEqual([2, 3]);
  expect(from(2, 1, "a")).toBeNull();
});

test("a cell lights up what made it, and what is made with it", () => {
  const arrays = arraysOf("weight-sum");
  const light = lightOf({ array: "da", index: [0, 2] }, null, null, arrays);
  expect(light.here).toBe("da[0,2]");
  expect([...light.from]).toEqual([0, 1, 2, 3].map((h) => `dar[0,2,${h}]`));
  expect(light.to.size).toBe(0);
  const weight = lightOf({ array: "a", index: [0, 1] }, null, null, arrays);
  expect(weight.from.size).toBe(0);
  const uses = [0, 1, 2, 3].flatMap((h) => [`c[0,${h}]`, `dhs[0,1,${h}]`]);
  expect(new Set(weight.to)).toEqual(new Set(uses));
});

test("what was held is let go when the batch no longer has it", () => {
  const cell = { array: "c", index: [2, 0] };
  expect(stillThere(cell, arraysOf("weight-sum"))).toBe(cell);
  const smaller = stagesOf("weight-sum", inputsOf(device, 1, 2, new Map()), 0);
  const arrays = smaller.flatMap(({ rows }) =>
    rows.flatMap((row) => row.arrays.map(([, each]) => each)),
  );
  expect(stillThere(cell, arrays)).toBeNull();
});

test("the notebook's weights come first, and weights of any seed are 1 in sum", () => {
  expect(Array.from(inputs.a.data.subarray(0, 5))).toEqual(NOTEBOOK_WEIGHTS);
  for (let seed = 1; seed < 40; seed++) {
    const { data } = inputsOf(device, seed, 3, new Map()).a;
    for (let n = 0; n < 3; n++) {
      const row = Array.from(data.subarray(n * 5, (n + 1) * 5));
      expect(row.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
    }
  }
});

test("a sequence has the same numbers in a batch of any size", () => {
  const alone = inputsOf(device, 9, 1, new Map());
  const together = inputsOf(device, 9, 3, new Map());
  for (const key of ["hs", "a", "dc", "hsDec"] as const) {
    const { data, size } = alone[key];
    expect(together[key].data.subarray(0, size)).toEqual(data);
  }
});

test("the code that is shown is the whole function, as it stands in heed", () => {
  const names = [
    "weightSumForward",
    "weightSumBackward",
    "softmaxForward",
    "softmaxRow",
    "softmaxBackward",
    "attentionWeightForward",
    "attentionWeightBackward",
    "attentionForward",
    "attentionBackward",
  ];
  for (const name of names) {
    const source = definitionOf(name);
    expect(source, name).toMatch(/^\/\*\*/);
    expect(source, name).toMatch(/\n}$/);
    expect(source.match(/export function (\w+)/g), name).toEqual([`export function ${name}`]);
  }
  expect(definitionOf("weightSumForward")).toContain(
    "context[(n * queries + q) * size + d] = total;",
  );
  expect(() => definitionOf("attend")).toThrow("attend");
});
