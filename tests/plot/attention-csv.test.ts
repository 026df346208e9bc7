import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attentionToCsv } from "../../src/plot/attention-csv.ts";

/** RFC 4180, read character by character. */
function parse(csv: string): string[][] {
  const rows: string[][] = [];
  let [row, field, quoted]: [string[], string, boolean] = [[], "", false];
  for (let i = 0; i < csv.length; i++) {
    const c = csv[i]!;
    if (quoted && c === '"' && csv[i + 1] === '"') {
      field += '"';
      i++;
    } else if (c === '"') quoted = !quoted;
    else if (quoted) field += c;
    else if (c === ",") [row, field] = [[...row, field], ""];
    else if (c === "\r" && csv[i + 1] === "\n") {
      rows.push([...row, field]);
      [row, field] = [[], ""];
      i++;
    } else field += c;
  }
  expect([row, field, quoted]).toEqual([[], "", false]);
  return rows;
}

const symbols = fc.array(
  fc.oneof(fc.string({ unit: "binary", maxLength: 3 }), fc.constantFrom('"', ",", "\r\n", "", " ")),
  { maxLength: 5 },
);

describe("attentionToCsv", () => {
  it("is read back as it was: symbols to the letter, weights to the bit of a float32", () => {
    const weights = fc.array(fc.array(fc.float(), { minLength: 5, maxLength: 5 }), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(symbols, symbols, weights, (sourceSymbols, outputSymbols, attention) => {
        const [head, ...rows] = parse(attentionToCsv({ sourceSymbols, outputSymbols, attention }));
        expect(head).toEqual(["", ...sourceSymbols]);
        expect(rows.map(([output]) => output)).toEqual(outputSymbols);
        rows.forEach((row, d) => {
          row.slice(1).forEach((text, e) => {
            const weight = attention[d]![e]!;
            // 0 and -0 are the same weight.
            if (Number.isNaN(weight)) expect(text).toBe("");
            else expect(Math.fround(Number(text)) === weight).toBe(true);
          });
        });
      }),
    );
  });

  it("writes no more digits than needed", () => {
    const attention = [[Math.fround(0.1), Math.fround(1 / 3), 1e-7, 0, 1, Number.NaN]];
    const sourceSymbols = ["a", "b", "c", "d", "e", "f"];
    expect(attentionToCsv({ sourceSymbols, outputSymbols: ["x"], attention })).toBe(
      ",a,b,c,d,e,f\r\nx,0.1,0.33333334,1e-7,0,1,\r\n",
    );
  });

  it("refuses what is no map", () => {
    expect(() => attentionToCsv(null as never)).toThrow(/^attentionToCsv: expected a map/);
  });
});
