import { GROUP, type Groups, rows } from "../gpu.ts";

/** Numbers of a row that one thread should have at least, so that to add up what threads found is the smaller part. */
const COLUMNS_EACH = 4;

/** How many threads of a workgroup have a row of so many columns: a power of two, as `team_sum` of the prelude wants it. */
export function teamFor(columns: number): number {
  let team = 1;
  while (team < GROUP && team * COLUMNS_EACH < columns) team *= 2;
  return team;
}

/** Workgroups for so many rows of a team each. */
export function teams(count: number, team: number): Groups {
  return rows(Math.ceil((count * team) / GROUP));
}

/** TILE of the WGSL kernels that add up rows by column: columns of a workgroup. */
const TILE = 32;
/** Rows of a workgroup, and the most parts that rows are cut into. */
const ROWS_EACH = 256;
const MOST_PARTS = 1024;

/** Into how many parts rows are cut that are added up by column: so many sums a column are then added up once more. */
export function partsOfRows(count: number): number {
  return Math.min(Math.max(Math.ceil(count / ROWS_EACH), 1), MOST_PARTS);
}

/** Workgroups for so many parts of rows. */
export function columnTiles(columns: number, parts: number): Groups {
  return rows(Math.ceil(columns / TILE) * parts);
}
