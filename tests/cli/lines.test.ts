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
