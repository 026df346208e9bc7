import { checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError, DeviceError } from "../core/errors.ts";

/** How {@link svgToPng} draws. */
export interface PngOptions {
  /** Pixels of the picture for each of the SVG's. Default 2. */
  readonly scale?: number;
}

/** A file in memory, as pages and Node have it; nothing where TypeScript knows of neither. */
export type PageBlob = typeof globalThis extends { Blob: { prototype: infer Type } } ? Type : never;

/**
 * A standalone SVG as a PNG file, drawn by the page that runs this.
 *
 * @param svgText what {@link attentionToSvg} gives, or `svg()` of a mounted map
 * @throws DeviceError outside of a page, which alone can draw; DataError for what is no such SVG
 *
 * @example
 * const svg = attentionToSvg({ sourceSymbols: ["a"], outputSymbols: ["A"], attention: [[1]] });
 * if (typeof document !== "undefined") {
 *   const png = await svgToPng(svg, { scale: 3 });
 *   png.type; // → "image/png"
 * }
 */
export async function svgToPng(svgText: string, options: PngOptions = {}): Promise<PageBlob> {
  const where = "svgToPng";
  if (typeof document === "undefined" || typeof Image === "undefined") {
    throw new DeviceError({
      where,
      expected: "a page, whose canvas can draw",
      received: "a program without one",
      fix: "write the SVG, and make a PNG of it in a page or with another program",
    });
  }
  checkOptions(where, options, ["scale"]);
  const { scale = 2 } = options;
  checkNumber(where, "scale", scale, "a number above 0, up to 16", (x) => x > 0 && x <= 16);
  const [, width, height] =
    /^\s*<svg\b[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svgText) ?? [];
  const refuse = (cause?: unknown): never => {
    const expected = "an SVG of a width and a height that a canvas can hold";
    throw new DataError({ where, expected, received: describe(svgText.slice(0, 60)) }, { cause });
  };
  if (width === undefined || height === undefined) refuse();
  const address = URL.createObjectURL(new Blob([svgText], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode().catch(refuse);
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(Number(width) * scale);
    canvas.height = Math.ceil(Number(height) * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    return png ?? refuse();
  } finally {
    URL.revokeObjectURL(address);
  }
}
