import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batches, type Line, readLines } from "../../src/cli/lines.ts";

async function* stream(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
  }
}

async function linesOf(chunks: readonly (string | Uint8Array)[], longest = 100): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const arrived of readLines(stream(chunks), longest)) lines.push(...arrived);
  return lines;
}

async function textsOf(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  return (await linesOf(chunks)).map((line) => line.text);
}

describe("readLines", () => {
  it("ends lines at \\n and \\r\\n, and needs no end at the last", async () => {
    expect(await textsOf("a\nb\r\n\nc")).toEqual(["a", "b", "", "c"]);
    expect(await textsOf("a\n")).toEqual(["a"]);
    expect(await textsOf("")).toEqual([]);
    expect(await textsOf("\n\n")).toEqual(["", ""]);
  });

  it("keeps a \\r that ends no line", async () => {
    expect(await textsOf("a\rb\n")).toEqual(["a\rb"]);
  });

  it("puts together what chunks cut, within a character and between \\r and \\n", async () => {
    const bytes = new TextEncoder().encode("日本\r\né\r\n");
    expect(await textsOf(...Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual([
      "日本",
      "é",
    ]);
  });

  it("drops a byte order mark and reads what is no UTF-8 as U+FFFD", async () => {
    expect(await textsOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]))).toEqual(["a\ufffd"]);
  });

  it("says which lines are not UTF-8, of those that are cut too", async () => {
    const damaged = async (bytes: readonly number[], longest: number): Promise<boolean[]> => {
      const lines = await linesOf([Uint8Array.from(bytes)], longest);
      return lines.map((line) => line.damaged);
    };
    const word = (text: string): number[] => [...new TextEncoder().encode(text)];
    expect(await damaged([0xff, 0x0a, 0x61, 0x0a, 0xc3], 9)).toEqual([true, false, true]);
    // A replacement character that was there already is no damage, nor is a cut within a character.
    expect(await damaged(word("\ufffd日本語日本語日本語"), 1)).toEqual([false]);
    for (let i = 0; i < 9; i++) {
      expect(await damaged(word("a".repeat(i) + "語".repeat(20)), 2)).toEqual([false]);
    }
    expect(await damaged([0x61, 0xff, ...word("語".repeat(20))], 2)).toEqual([true]);
  });

  it("cuts no code point in two, and keeps what fits exactly", async () => {
    const cutAt = async (text: string, longest: number): Promise<(string | boolean)[]> => {
      const [line] = await linesOf([`${text}\r\n`], longest);
      return [line!.text, line!.cut];
    };
    expect(await cutAt("日本語", 3)).toEqual(["日本語", false]);
    expect(await cutAt("\ufeff日本語", 3)).toEqual(["日本語", false]);
    expect(await cutAt("日本語", 2)).toEqual(["日本", true]);
    expect(await cutAt("ab😀", 4)).toEqual(["ab😀", false]);
    expect(await cutAt("ab😀", 3)).toEqual(["ab", true]);
    expect(await cutAt("ab😀".repeat(50), 3)).toEqual(["ab", true]);
  });

  it("keeps a byte order mark that begins no stream", async () => {
    expect(await textsOf("\ufeffa\n\ufeffb")).toEqual(["a", "\ufeffb"]);
  });

  it("holds on to no chunk, which may be filled anew", async () => {
    const chunk = new Uint8Array(3);
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (const part of ["ab\n", "cd\n", "e"]) {
        yield chunk.subarray(0, new TextEncoder().encodeInto(part, chunk).written);
      }
    }
    const texts: string[] = [];
    for await (const lines of readLines(reusing(), 9)) texts.push(...lines.map(({ text }) => text));
    expect(texts).toEqual(["ab", "cd", "e"]);
  });

  it("numbers the lines from 1", async () => {
    expect((await linesOf(["a\nb\n", "c"])).map((line) => line.number)).toEqual([1, 2, 3]);
  });

  it("gives the lines of a chunk at once, without waiting for the next", async () => {
    const arrived: string[][] = [];
    for await (const lines of readLines(stream(["a\nb\nc", "d\n"]), 9)) {
      arrived.push(lines.map((line) => line.text));
    }
    expect(arrived).toEqual([["a", "b"], ["cd"]]);
  });

  it("cuts a line that is too long, and only that", async () => {
    const lines = await linesOf(["abc\nabcd\r\nabc\r\nabcdef", "ghi\nab"], 3);
    expect(lines.map(({ text, cut }) => [text, cut])).toEqual([
      ["abc", false],
      ["abc", true],
      ["abc", false],
      ["abc", true],
      ["ab", false],
    ]);
  });

  it("agrees with splitting the whole text, however it is cut into chunks", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r"), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (chunks) => {
        const whole = chunks.join("").split("\n");
        const expected = whole.map((line) => line.replace(/\r$/, ""));
        if (whole.at(-1) === "") expected.pop();
        expect(await textsOf(...chunks)).toEqual(expected);
      }),
    );
  });
});

describe("batches", () => {
  it("keeps order, bounds count and padded size, and lets a long line come alone", () => {
    const line = fc.nat({ max: 30 }).map((length) => ({
      number: 1,
      text: "x".repeat(length),
      cut: false,
      damaged: false,
    }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const made = [...batches(lines, 5, 40)];
        expect(made.flat()).toEqual(lines);
        for (const batch of made) {
          const widest = Math.max(...batch.map(({ text }) => text.length));
          expect(batch.length).toBeLessThanOrEqual(5);
          if (batch.length > 1) expect(widest * batch.length).toBeLessThanOrEqual(40);
        }
      }),
    );
  });
});
