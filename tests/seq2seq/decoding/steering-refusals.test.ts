import { describe, expect, test } from "vitest";
import { DataError, Ensemble } from "../../../src/index.ts";
import { reversals, untrained } from "./small-models.ts";

const pairs = reversals(60);

describe("refuses", () => {
  const model = untrained(pairs, { targetLimit: 4 });
  const where = "AttentionSeq2seq.transduce";

  test.each<[steer: unknown, message: string]>([
    [5, `${where}: steer: expected options as an object of output, attention, got 5`],
    [{ outputs: [] }, `${where}: steer: expected options as an object of output, attention`],
    [{ output: "ab" }, 'expected steer.output to be an array of strings, got "ab"'],
    [{ output: ["a", 1] }, "expected steer.output to be an array of strings, got 1 at index 1"],
    [{ output: ["a", "x"] }, 'expected steer.output[1] to be a symbol of the targets, got "x"'],
    [{ output: ["ab"] }, 'expected steer.output[0] to be a symbol of the targets, got "ab"'],
    [{ output: ["<end>"] }, 'expected steer.output[0] to be a symbol of the targets, got "<end>"'],
    [
      { output: [..."aaaaa"] },
      "expected steer.output to have at most 4 symbols, which is all that the model writes, got 5",
    ],
    [
      { attention: [1, 0] },
      "expected steer.attention to be an array of arrays of numbers, or null, got 1 at index 0",
    ],
    [
      { attention: [null, [0, "1"]] },
      'expected steer.attention[1] to be an array of finite numbers of 0 or more, got "1" at index 1',
    ],
    [
      { attention: [[0, Number.NaN]] },
      "expected steer.attention[0] to be an array of finite numbers of 0 or more, got NaN at index 1",
    ],
    [
      { attention: [[1, -1]] },
      "expected steer.attention[0] to be an array of finite numbers of 0 or more, got -1 at index 1",
    ],
    [
      { attention: [[Number.POSITIVE_INFINITY, 1]] },
      "finite numbers of 0 or more, got Infinity at index 0",
    ],
    [
      { attention: [null, [0, 0]] },
      "expected steer.attention[1] to have a number above 0, got zeros only; give null",
    ],
    [{ attention: [[]] }, "expected steer.attention[0] to have a number above 0, got no numbers"],
    [
      { attention: [null, [1, 2, 3]] },
      "expected steer.attention[1] to have one number for each of the 2 symbols of the source, got 3",
    ],
  ])("%j", async (steer, message) => {
    const options = { steer } as never;
    await expect(model.transduce("ab", options)).rejects.toThrow(DataError);
    await expect(model.transduce("ab", options)).rejects.toThrow(message);
  });

  test("weights where nothing attends, but not symbols", async () => {
    const none = untrained(pairs, { attention: "none" });
    const message = "expected a model that attends to what it reads, since steer has attention";
    await expect(none.transduce("a", { steer: { attention: [[1]] } })).rejects.toThrow(message);
    await expect(
      new Ensemble([none, none]).transduceMany([], { steer: { attention: [[1]] } }),
    ).rejects.toThrow(message);
    const { output } = await none.transduce("a", { steer: { output: ["c"], attention: [null] } });
    expect(output).toMatch(/^c/);
  });

  test("one text of several, and goes on", async () => {
    const copying = untrained(pairs, { copy: true });
    const steer = { output: ["z"], attention: [[1, 1]] };
    const texts = ["az", "", "zzz", "ab", "zb"];
    const results = await copying.transduceMany(texts, { steer });
    expect(results.map(({ refusal }) => refusal === null)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(results[2]!.refusal).toMatch(
      "one number for each of the 3 symbols of the source, got 2",
    );
    expect(results[3]!.refusal).toMatch(
      'steer.output[0] to be a symbol of the targets, or of the source, got "z"',
    );
    expect(results[4]!.outputSymbols[0]).toBe("z");
    expect(results[1]!).toMatchObject({ output: "", score: 0, finished: true });
  });
});
