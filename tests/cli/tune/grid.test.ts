import { Option } from "commander";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../src/cli/errors.ts";
import { number, POSITIVE, wholeNumber } from "../../../src/cli/numbers.ts";
import { type Choice, parseGrid } from "../../../src/cli/tune/grid.ts";

const FLAGS = [
  new Option("--hidden <n>").argParser(wholeNumber("--hidden", 1)),
  new Option("--label-smoothing <x>").argParser(number("--label-smoothing", POSITIVE)),
  new Option("--no-mask"),
  new Option("--copy"),
  new Option("--clip <x>").argParser(number("--clip", POSITIVE)),
  new Option("--no-clip"),
  new Option("--tie"),
  new Option("--no-tie"),
];
const parse = (text: string): Choice[] => parseGrid(text, FLAGS);

describe("parseGrid", () => {
  it("has every combination, in the order of the grid", () => {
    expect(parse("hidden=128,256 label-smoothing=0.1,.2")).toEqual([
      {
        settings: { hidden: "128", "label-smoothing": "0.1" },
        words: ["--hidden", "128", "--label-smoothing", "0.1"],
        name: "hidden=128,label-smoothing=0.1",
      },
      {
        settings: { hidden: "128", "label-smoothing": ".2" },
        words: ["--hidden", "128", "--label-smoothing", ".2"],
        name: "hidden=128,label-smoothing=.2",
      },
      {
        settings: { hidden: "256", "label-smoothing": "0.1" },
        words: ["--hidden", "256", "--label-smoothing", "0.1"],
        name: "hidden=256,label-smoothing=0.1",
      },
      {
        settings: { hidden: "256", "label-smoothing": ".2" },
        words: ["--hidden", "256", "--label-smoothing", ".2"],
        name: "hidden=256,label-smoothing=.2",
      },
    ]);
  });

  it("sets flags without a value by true and false", () => {
    const words = parse("  mask=true,false\n copy=false,true ").map((choice) => choice.words);
    expect(words).toEqual([[], ["--copy"], ["--no-mask"], ["--no-mask", "--copy"]]);
  });

  it("knows flags that there are both ways", () => {
    const words = parse("clip=5,false tie=true,false").map((choice) => choice.words);
    expect(words).toEqual([
      ["--clip", "5", "--tie"],
      ["--clip", "5", "--no-tie"],
      ["--no-clip", "--tie"],
      ["--no-clip", "--no-tie"],
    ]);
  });

  it.each([
    ["", /expected settings as name=value,value .*got ""/],
    ["hidden", /settings as name=value,value .*got "hidden"/],
    ["hidden=", /settings as name=value/],
    ["=3", /settings as name=value/],
    [
      "hiden=3",
      /--grid: expected one of hidden, label-smoothing, mask, copy, clip, tie, got "hiden"/,
    ],
    ["--hidden=3", /expected one of hidden, .*got "--hidden"/],
    ["hidden=3 hidden=4", /each setting once, got hidden twice/],
    ["hidden=3,4,3", /each value of hidden once, got "3,4,3"/],
    ["hidden=3,", /--hidden: expected a whole number ≥ 1, got ""/],
    ["hidden=3,big", /--hidden: expected a whole number ≥ 1, got "big"/],
    ["mask=no", /mask to be true or false, got "no"/],
    [`hidden=${Array.from({ length: 257 }, (_, i) => i + 1)}`, /at most 256 combinations/],
  ])("refuses %j", (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(UsageError);
  });
});
