import { describe, expect, test } from "vitest";
import { windows } from "../../../src/seq2seq/decoding/windows.ts";

async function all<Item>(runs: AsyncIterable<Item[]>): Promise<Item[][]> {
  const found: Item[][] = [];
  for await (const run of runs) found.push(run);
  return found;
}

const most = (size: number) => ({ size, sizeOf: () => 1 });

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe("windows", () => {
  test("cuts what can be iterated over, and asks for no more than it needs", async () => {
    let asked = 0;
    function* numbers(): Generator<number> {
      while (asked < 7) yield ++asked;
    }
    const runs = windows(numbers(), most(3));
    expect((await runs.next()).value).toEqual([1, 2, 3]);
    expect(asked).toBe(3);
    expect(await all(runs)).toEqual([[4, 5, 6], [7]]);
    expect(await all(windows([], most(3)))).toEqual([]);
  });

  test("ends a run with what makes it large enough, however large that is", async () => {
    const rules = { size: 4, sizeOf: (item: number) => item };
    const runs = [[1, 2, 9], [4], [0, 1, 1, 1, 1], [3]];
    expect(await all(windows(runs.flat(), rules))).toEqual(runs);
    async function* numbers(): AsyncGenerator<number> {
      yield* runs.flat();
    }
    expect(await all(windows(numbers(), rules))).toEqual(runs);
  });

  test("of items that come over time, gives those that are there without waiting for more", async () => {
    async function* words(): AsyncGenerator<string> {
      yield* ["a", "b", "c"];
      await later();
      yield "d";
      await later();
      yield* ["e", "f"];
    }
    expect(await all(windows(words(), most(2)))).toEqual([["a", "b"], ["c"], ["d"], ["e", "f"]]);
    expect(await all(windows(words(), most(9)))).toEqual([["a", "b", "c"], ["d"], ["e", "f"]]);
  });

  test("an error comes after the items before it", async () => {
    async function* broken(): AsyncGenerator<number> {
      yield* [1, 2];
      throw new RangeError("broken");
    }
    const runs = windows(broken(), most(9));
    expect((await runs.next()).value).toEqual([1, 2]);
    await expect(runs.next()).rejects.toThrow("broken");
  });

  test("who stops early ends the iterator, once, and does not wait for an item that never comes", async () => {
    for (const patient of [false, true]) {
      let ended = 0;
      const items: AsyncIterable<number> = {
        [Symbol.asyncIterator]() {
          let asked = 0;
          return {
            next: () => {
              if (patient && asked === 3) return new Promise(() => {});
              return Promise.resolve({ done: false, value: asked++ });
            },
            return: () => {
              ended += 1;
              return Promise.resolve({ done: true, value: undefined });
            },
          };
        },
      };
      for await (const run of windows(items, most(5))) {
        expect(run).toEqual(patient ? [0, 1, 2] : [0, 1, 2, 3, 4]);
        break;
      }
      expect(ended).toBe(1);
    }
  });

  test("of an error that nobody waits for, nothing is heard", async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      await later();
      throw new RangeError("broken");
    }
    for await (const run of windows(broken(), most(9))) {
      expect(run).toEqual([1]);
      break;
    }
    await later();
    await later();
  });
});
