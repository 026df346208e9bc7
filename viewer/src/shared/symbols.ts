/** Symbols as something to look at on one line: spaces and what has no picture of its own made visible. */
export function visible(symbols: readonly string[]): string {
  return symbols.map(visibleOne).join(symbols.some((symbol) => [...symbol].length > 1) ? " " : "");
}

function visibleOne(symbol: string): string {
  return symbol.replaceAll(" ", "␣").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (each) => {
    return `U+${(each.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}
