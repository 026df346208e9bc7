/**
 * Rows as lines with aligned columns, the first row their titles; numbers and what begins with one stand to
 * the right.
 *
 * @example
 * const rows = [["hidden", "exact"], ["64", "9.5 %"], ["128", "10 %"]];
 * table(rows); // → "hidden  exact\n    64  9.5 %\n   128   10 %\n"
 */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths: number[] = [];
  const right: boolean[] = [];
  for (let i = 0; i < columns; i++) {
    const cells = rows.map((row) => row[i] ?? "");
    widths.push(Math.max(...cells.map(({ length }) => length)));
    right.push(cells.slice(1).every((cell) => /^[\d–-]/.test(cell)));
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, i) =>
        right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      );
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}
