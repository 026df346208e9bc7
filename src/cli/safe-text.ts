/**
 * Text from data or from the command line on one line, as a terminal may show it: control
 * characters become pictures of themselves (`␛`), invisible and direction-changing characters their
 * code point. Joiners stay, because emoji and several scripts are written with them.
 *
 * @example
 * safeText("a\u001b[31mb"); // → "a␛[31mb"
 */
export function safeText(text: string): string {
  return text.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "␡";
    return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

/** Control, format, line-separating and unpaired code points, but for the two joiners. */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
