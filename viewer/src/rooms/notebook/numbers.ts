/** The largest number that may be put into a cell: beyond it pictures and softmax show nothing but one cell. */
export const LARGEST = 100;

/** A number as cells show it: two decimals if it has no more, else three, and a minus as wide as a plus. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const isPlain = size === 0 || (size >= 0.0005 && size < 10_000);
  return `${value < 0 ? "−" : ""}${isPlain ? decimals(size) : powers(size)}`;
}

/** What rounding adds to a number of two decimals. */
const ROUNDING = 1e-9;

function decimals(size: number): string {
  return size.toFixed(Math.abs(size * 100 - Math.round(size * 100)) < ROUNDING ? 2 : 3);
}

function powers(size: number): string {
  return size.toExponential(1).replace("-", "−").replace("+", "");
}

/** A number that somebody typed, or the word that says what is wrong with it. */
export type Typed = { readonly value: number } | { readonly refused: string };

/** Reads a number, with a comma or a point, and either sign for minus. */
export function readNumber(text: string): Typed {
  const plain = text.trim().replaceAll("−", "-").replace(",", ".");
  const value = plain === "" ? Number.NaN : Number(plain);
  if (!Number.isFinite(value))
    return { refused: `“${text}” is not a number: try one such as −0.5` };
  if (Math.abs(value) > LARGEST) return { refused: `only from −${LARGEST} to ${LARGEST}` };
  return { value };
}
