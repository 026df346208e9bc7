import attention from "../../../../src/kernels/attention/definition.ts?raw";
import softmax from "../../../../src/kernels/softmax/definition.ts?raw";

const FILES = [attention, softmax];

/** A function of heed's definitions as it stands in its source, with what is said about it. */
export function definitionOf(name: string): string {
  for (const text of FILES) {
    const source = functionIn(text, name);
    if (source !== null) return source;
  }
  throw new Error(`definitionOf: expected a function of heed's definitions, but got "${name}"`);
}

function functionIn(text: string, name: string): string | null {
  const start = text.indexOf(`export function ${name}(`);
  if (start === -1) return null;
  const end = text.indexOf("\n}\n", start) + 2;
  // A comment belongs to the function if nothing but it is between the two.
  const comment = text.lastIndexOf("/**", start);
  const between = text.slice(comment, start).trimEnd();
  const isItsOwn = comment !== -1 && between.indexOf("*/") === between.length - 2;
  return text.slice(isItsOwn ? comment : start, end);
}
