import { describe, expect, test } from "vitest";
import { Ensemble, Random } from "../../../src/index.ts";
import { ForcedStepper } from "../../../src/seq2seq/decoding/forced-stepper.ts";
import type { Stepper } from "../../../src/seq2seq/decoding/stepper.ts";
import { type Overrides, reversals, untrained } from "./small-models.ts";
import { expectSame } from "./steered.ts";
import { forcedScore } from "./teacher-forcing.ts";

const pairs = reversals(60);

describe("what an output begins with", () => {
  test.each([
    ["the default", {}],
    ["copying", { copy: true }],
    ["a Transformer", { architecture: "transformer", hiddenSize: 8 }],
  ] satisfies [string, Overrides][])("has the score that it has, with %s", async (_, overrides) => {
    const model = untrained(pairs, overrides);
    const random = new Random(4);
    const texts = ["fade", "bcde", "azaz"];
    for (let i = 0; i < 6; i++) {
      const output = Array.from({ length: i % 4 }, () => "abcdef"[random.integer(6)]!);
      for (const options of [{}, { beam: 4, nBest: 4 }]) {
        for (const made of await model.transduceMany(texts, { ...options, steer: { output } })) {
          for (const each of [made, ...made.alternatives]) {
            expect(each.outputSymbols.slice(0, output.length)).toEqual(output);
            expect(each.score).toBeCloseTo(forcedScore(model, made.source, each), 4);
          }
        }
      }
    }
  });

  test("leaves those outputs of a beam that is wide enough for all", async () => {
    const model = untrained(pairs, { targetLimit: 3 });
    const wide = { beam: 1024, nBest: 1024 };
    const { alternatives } = await model.transduce("abc", wide);
    const steer = { output: ["e", "b"] };
    const given = await model.transduce("abc", { ...wide, steer });
    const expected = alternatives.filter(({ output }) => output.startsWith("eb"));
    expect(expected.length).toBeGreaterThan(6);
    const found = given.alternatives.map(({ output }) => output);
    expect(found).toEqual(expected.map(({ output }) => output));
    for (const [i, each] of expected.entries()) expectSame(given.alternatives[i]!, each);
  });

  test("can be what only the text has, even where it is as good as impossible", async () => {
    const model = untrained(pairs, { copy: true });
    const looking = (place: number) => ({
      output: ["z"],
      attention: [[0, 1, 2].map((e) => +(e === place))],
    });
    const [there, elsewhere] = await Promise.all(
      [2, 0].map((place) => model.transduce("abz", { steer: looking(place) })),
    );
    expect(there!.outputSymbols[0]).toBe("z");
    expect(there!.score).toBeGreaterThan(-40);
    expect(elsewhere!.outputSymbols[0]).toBe("z");
    expect(elsewhere!.score).toBeLessThan(-700);
    expect(elsewhere!.score).toBeGreaterThan(-900);
  });

  test("is an ensemble's too, whichever of its models copies", async () => {
    const [writes, copies] = [untrained(pairs), untrained(pairs, { copy: true }, { seed: 8 })];
    for (const models of [
      [writes, copies],
      [copies, writes],
    ]) {
      const { outputSymbols } = await new Ensemble(models).transduce("az", {
        steer: { output: ["z"] },
      });
      expect(outputSymbols[0]).toBe("z");
    }
  });
});

test("rows keep their sources' symbols wherever they are moved to", async () => {
  const probabilities = Float64Array.of(0.1, 0.2, 0.7, 0.3, 0.3, 0.4);
  const selected: Int32Array[] = [];
  const even: Stepper = {
    advance: async () => ({ probabilities, width: 3, attention: null }),
    select: (rows) => {
      selected.push(rows);
    },
    dispose: () => {},
  };
  const stepper = new ForcedStepper(even, [
    [0, 1],
    [2, 0],
  ]);
  const advanced = async () => [...(await stepper.advance(new Int32Array(2))).probabilities];
  expect(await advanced()).toEqual([0.1, 0, 0, 0, 0, 0.4]);
  stepper.select(Int32Array.of(1, 0));
  expect(selected).toEqual([Int32Array.of(1, 0)]);
  expect(await advanced()).toEqual([0.1, 0, 0, 0, 0.3, 0]);
  expect(await advanced()).toEqual([...probabilities]);
});
