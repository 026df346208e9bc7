import fc from "fast-check";
import { expect, test } from "vitest";
import { normalised, rebalanced } from "../../../viewer/src/rooms/notebook/inputs.ts";
import {
  edited,
  FIRST_STATE,
  type NotebookState,
  readSection,
  readState,
  SECTIONS,
  stateParams,
  withBatch,
  withWeights,
} from "../../../viewer/src/rooms/notebook/state.ts";
import { readRoute, writeRoute } from "../../../viewer/src/route.ts";

const anyNumber = fc.double({ min: -100, max: 100, noNaN: true });
const places = ["hs.0.4.3", "a.0.0", "h.1.3", "hsDec.0.2.0", "doutSteps.1.0.1", "x.1.4"];

const anyState: fc.Arbitrary<NotebookState> = fc.record({
  seed: fc.nat({ max: 2 ** 31 - 1 }),
  N: fc.constantFrom(2, 3),
  n: fc.constantFrom(0, 1),
  keepSum: fc.boolean(),
  shift: fc.integer({ min: 0, max: 1000 }),
  edits: fc.array(fc.tuple(fc.constantFrom(...places), anyNumber)).map((edits) => new Map(edits)),
});

test("a link holds all of a state, whatever numbers were put in", () => {
  fc.assert(
    fc.property(anyState, fc.constantFrom(null, ...SECTIONS), (state, section) => {
      const { room, params } = readRoute(writeRoute("notebook", stateParams(state, section)));
      expect(room).toBe("notebook");
      // −0 and 0 are one number to read.
      const edits = new Map([...state.edits].map(([place, value]) => [place, value + 0]));
      expect(readState(params)).toEqual({ ...state, edits });
      expect(readSection(params)).toBe(section);
    }),
  );
});

test("the first state needs no parameters, and what makes no sense in a link is as at first", () => {
  expect(writeRoute("notebook", stateParams(FIRST_STATE, null))).toBe("#/notebook");
  expect(readState(new URLSearchParams())).toEqual(FIRST_STATE);
  const wrong = "seed=x&batch=9&n=-1&shift=1e9&sum=&at=nowhere";
  expect(readState(new URLSearchParams(wrong))).toEqual(FIRST_STATE);
  const edits = "hs.0.5.0_1*hs.2.0.0_1*q.0_1*hs.0.0_1*a.0.1_*a.0.1_x*a.0.2_1e9*a.0.3_0.5*__*";
  expect(readState(new URLSearchParams({ edits })).edits).toEqual(new Map([["a.0.3", 0.5]]));
});

test("a smaller batch forgets what was put in beyond it, and shows a sequence that it has", () => {
  const state = {
    ...FIRST_STATE,
    N: 3,
    n: 2,
    edits: new Map([
      ["h.2.0", 1],
      ["h.1.0", 2],
    ]),
  };
  expect(withBatch(state, 2)).toEqual({ ...state, N: 2, n: 1, edits: new Map([["h.1.0", 2]]) });
});

test("a weight that is typed frees the sum; one that is moved does not", () => {
  expect(edited(FIRST_STATE, "a", [0, 1], 3).keepSum).toBe(false);
  expect(edited(FIRST_STATE, "a", [1, 1], 3).keepSum).toBe(true);
  const moved = withWeights(FIRST_STATE, [0.5, 0.5]);
  expect(moved.keepSum).toBe(true);
  expect(moved.edits).toEqual(
    new Map([
      ["a.0.0", 0.5],
      ["a.0.1", 0.5],
    ]),
  );
});

test("a weight that is moved leaves 1 in sum, and the others in proportion", () => {
  const anyWeights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: 2,
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      anyWeights,
      fc.nat(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (weights, at, value) => {
        const t = at % weights.length;
        const moved = rebalanced(weights, t, value);
        expect(moved[t]).toBe(value);
        expect(moved.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
        expect(Math.min(...moved)).toBeGreaterThanOrEqual(0);
      },
    ),
  );
  const moved = rebalanced([0.5, 0.3, 0.1, 0.1], 0, 0.75);
  for (const [i, each] of [0.75, 0.15, 0.05, 0.05].entries())
    expect(moved[i]).toBeCloseTo(each, 12);
  expect(rebalanced([1, 0, 0], 0, 0.5)).toEqual([0.5, 0.25, 0.25]);
  expect(normalised([1, 3])).toEqual([0.25, 0.75]);
  expect(normalised([0, 0])).toEqual([0.5, 0.5]);
});
