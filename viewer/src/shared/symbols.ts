import { visibleSymbol } from "heed/plot";

/** Symbols on one line, as the map shows them; apart where they are words. */
export function visible(symbols: readonly string[]): string {
  const areWords = symbols.some((symbol) => [...symbol].length > 1);
  return symbols.map(visibleSymbol).join(areWords ? " " : "");
}
