/** Space between two pictures, in pixels. */
const GAP = 12;

/** Pictures in rows, as one: each is an SVG document that says how wide and high it is. */
export function gridOfSvgs(rows: readonly (readonly string[])[]): string {
  const sizes = rows.flat().map(sizeOf);
  const cell = {
    width: Math.max(0, ...sizes.map(({ width }) => width)) + GAP,
    height: Math.max(0, ...sizes.map(({ height }) => height)) + GAP,
  };
  const across = Math.max(0, ...rows.map(({ length }) => length));
  const [width, height] = [across * cell.width, rows.length * cell.height];
  const placed = rows.flatMap((row, y) => {
    return row.map((svg, x) => {
      return svg.replace("<svg ", `<svg x="${x * cell.width}" y="${y * cell.height}" `);
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      `width="${width}" height="${height}">`,
    ...placed,
    "</svg>",
    "",
  ].join("\n");
}

function sizeOf(svg: string): { width: number; height: number } {
  const [, width = 0, height = 0] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}
