import { describe, expect, it } from "vitest";
import { pageColour, scaleStep, TERMINAL_SCALE } from "../../src/plot/attention-scale.ts";

type Rgb = readonly [number, number, number];

/** Lightness in OKLab of an sRGB colour with channels 0…255. */
function lightness([red, green, blue]: Rgb): number {
  const [r, g, b] = [red, green, blue].map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

/** The 256-colour palette from 16 on: a cube of 6 levels, then 24 greys. */
function paletteColour(index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return [grey, grey, grey];
  }
  const level = (digit: number): number => [0, 95, 135, 175, 215, 255][digit] ?? 0;
  const i = index - 16;
  return [level(Math.floor(i / 36)), level(Math.floor(i / 6) % 6), level(i % 6)];
}

function steps(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - (values[i] ?? 0));
}

describe("the terminal scale", () => {
  it("brightens at every step by about as much", () => {
    const rises = steps(TERMINAL_SCALE.map((index) => lightness(paletteColour(index))));
    const mean = rises.reduce((sum, rise) => sum + rise, 0) / rises.length;
    for (const rise of rises) {
      expect(rise).toBeGreaterThan(0.6 * mean);
      expect(rise).toBeLessThan(1.7 * mean);
    }
  });
});

describe.each(["light", "dark"] as const)("the scale on a %s page", (theme) => {
  const colours = Array.from({ length: 21 }, (_, i) => pageColour(i / 20, theme));
  const values = colours.map((colour) =>
    lightness([1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16)) as unknown as Rgb),
  );

  it("is even in lightness, within the colours that a screen has", () => {
    const changes = steps(values).map((change) => (theme === "dark" ? change : -change));
    const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
    for (const change of changes) {
      expect(change).toBeGreaterThan(0.5 * mean);
      expect(change).toBeLessThan(1.5 * mean);
    }
  });

  it("spans most of the way between black and white", () => {
    expect(Math.abs((values.at(-1) ?? 0) - (values[0] ?? 0))).toBeGreaterThan(0.6);
  });
});

describe("scaleStep", () => {
  it.each([
    [0, 0],
    [0.49, 5],
    [1, 11],
    [-1, 0],
    [7, 11],
  ])("puts weight %f on step %i of 12", (weight, step) => {
    expect(scaleStep(weight, 12)).toBe(step);
  });
});
