/** The largest number that may be put into a cell: beyond it pictures and softmax show nothing but one cell. */
export const LARGEST = 100;

/** A number as cells show it: up to three decimals, and a minus sign as wide as a plus. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  return signed(
    value,
    size !== 0 && (size < 0.0005 || size >= 10_000) ? powers(size) : decimals(size),
  );
}

function decimals(size: number): string {
  const text = size.toFixed(3);
  return text.endsWith("0") ? text.slice(0, -1) : text;
}

function powers(size: number): string {
  return size.toExponential(1).replace("-", "−").replace("+", "");
}

/** Zero has no sign, and neither has what is shown as zero. */
function signed(value: number, text: string): string {
  return value < 0 && text !== "0.00" ? `−${text}` : text;
}

/** A number that somebody typed, or the word that says what is wrong with it. */
export type Typed = { readonly value: number } | { readonly refused: string };

/** Reads a number, with a comma or a point, and either sign for minus. */
export function readNumber(text: string): Typed {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  const value = plain === "" ? Number.NaN : Number(plain);
  if (!Number.isFinite(value))
    return { refused: `“${text}” is not a number: try one such as −0.5` };
  if (Math.abs(value) > LARGEST) return { refused: `only from −${LARGEST} to ${LARGEST}` };
  return { value };
}
