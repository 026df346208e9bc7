import { describe, expect, it } from "vitest";
import { columnPair, number, oneOf, POSITIVE, SHARE, wholeNumber } from "../../src/cli/numbers.ts";
import { count, duration, pairCount, percent } from "../../src/cli/output.ts";
import { safeText } from "../../src/cli/safe-text.ts";
import { canRedraw, canvasOf } from "../../src/cli/terminal.ts";

describe("flag values", () => {
  it.each([
    ["1", 1],
    ["+12", 12],
    ["007", 7],
  ])("reads %j as a whole number", (text, value) => {
    expect(wholeNumber("--hidden", 1)(text)).toBe(value);
  });

  it.each(["abc", "", " ", "1.5", "1e3", "0", "-1", "0x10", "99999999999999999999", "Infinity"])(
    "refuses %j as a whole number ≥ 1, saying so",
    (text) => {
      expect(() => wholeNumber("--hidden", 1)(text)).toThrow(
        `--hidden: expected a whole number ≥ 1, got ${JSON.stringify(text)}`,
      );
    },
  );

  it("names both ends of a range", () => {
    expect(() => wholeNumber("--seed", 0, 9)("10")).toThrow("a whole number from 0 to 9");
  });

  it.each([
    ["0.001", 0.001],
    ["1e-3", 0.001],
    [".5", 0.5],
    ["3.", 3],
  ])("reads %j as a number", (text, value) => {
    expect(number("--rate", POSITIVE)(text)).toBe(value);
  });

  it.each(["", "x", "0", "-1", "1e999", "NaN", "Infinity", "1,5"])("refuses %j as > 0", (text) => {
    expect(() => number("--rate", POSITIVE)(text)).toThrow("--rate: expected a number > 0, got");
  });

  it("takes a share from 0 to less than 1", () => {
    expect(number("--dropout", SHARE)("0")).toBe(0);
    expect(() => number("--dropout", SHARE)("1")).toThrow("a number ≥ 0 and < 1");
  });

  it("lists the words that a flag takes", () => {
    expect(() => oneOf("--device", ["wasm", "reference"])("gpu")).toThrow(
      '--device: expected wasm or reference, got "gpu"',
    );
  });

  it.each(["1", "1,1", "0,1", "a,b", "1,2,3", "1;2", ""])("refuses %j as columns", (text) => {
    expect(() => columnPair(text)).toThrow("--columns: expected two different column numbers");
  });
});

describe("numbers for people", () => {
  it.each([
    [0, "0 %"],
    [1, "100 %"],
    [0.5, "50 %"],
    [0.973, "97.3 %"],
    [0.9997, "99.97 %"],
    [0.99999, "99.9990 %"],
    [0.0001, "0.01 %"],
    [1.25, "125 %"],
    [Number.NaN, "unknown"],
  ])("writes %f as %s", (share, text) => {
    expect(percent(share)).toBe(text);
  });

  it("never rounds a miss away", () => {
    expect(percent(1 - 1 / 200_000)).not.toMatch(/^100/);
  });

  it.each([
    [0.4, "0 s"],
    [59.6, "1 min 0 s"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
  ])("writes %f seconds as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0, "0 pairs"],
    [1, "1 pair"],
    [1200, "1,200 pairs"],
  ])("writes %i pairs as %s", (pairs, text) => {
    expect(pairCount(pairs)).toBe(text);
  });

  it("groups thousands", () => {
    expect(count(1234567)).toBe("1,234,567");
  });
});

describe("safeText", () => {
  it.each([
    ["plain 日本 👩‍👩‍👧", "plain 日本 👩‍👩‍👧"],
    ["\u001b]0;title\u0007", "␛]0;title␇"],
    ["a\nb", "a␊b"],
    ["\u009b31m", "U+009B31m"],
    ["\u202eabc", "U+202Eabc"],
  ])("shows %j as %j", (text, shown) => {
    expect(safeText(text)).toBe(shown);
  });
});

describe("canvasOf", () => {
  const terminal = { isTTY: true, columns: 120 };
  const pipe = { isTTY: false, columns: 0 };

  it.each([
    ["a terminal", terminal, {}, true],
    ["a pipe", pipe, {}, false],
    ["a dumb terminal", terminal, { TERM: "dumb" }, false],
    ["a terminal with NO_COLOR", terminal, { NO_COLOR: "1" }, false],
    ["a terminal with an empty NO_COLOR", terminal, { NO_COLOR: "" }, true],
    ["a pipe with FORCE_COLOR", pipe, { FORCE_COLOR: "1" }, true],
    ["a terminal with FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, false],
    ["both", pipe, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ])("colours %s as asked", (_name, stream, environment, color) => {
    expect(canvasOf(stream as never, environment).color).toBe(color);
  });

  it("knows which terminals can draw over a line", () => {
    expect(canRedraw(terminal, { TERM: "xterm" })).toBe(true);
    expect(canRedraw(terminal, { TERM: "dumb" })).toBe(false);
    expect(canRedraw(pipe, { TERM: "xterm" })).toBe(false);
  });

  it("is as wide as COLUMNS, the terminal, or 80", () => {
    expect(canvasOf(terminal as never, { COLUMNS: "40" }).width).toBe(40);
    expect(canvasOf(terminal as never, { COLUMNS: "x" }).width).toBe(120);
    expect(canvasOf(pipe as never, {}).width).toBe(80);
  });
});
