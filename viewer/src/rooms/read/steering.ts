import type { TransduceOptions } from "heed";

/** What the visitor decided in the model's place: symbols that are written first, and rows of attention. */
export interface Steering {
  /** The symbols of the first steps. */
  readonly fixed: readonly string[];
  /** Weights by row. */
  readonly rows: ReadonlyMap<number, readonly number[]>;
}

/** Nothing decided. */
export const UNSTEERED: Steering = { fixed: [], rows: new Map() };

/** Whether anything is decided. */
export function isSteered({ fixed, rows }: Steering): boolean {
  return fixed.length > 0 || rows.size > 0;
}

/**
 * One row more set by hand: the symbols before it stay as they are, it and what comes after are written anew. What had
 * been decided of later rows is dropped, since these are others now.
 */
export function withRow(
  { rows }: Steering,
  row: number,
  weights: readonly number[],
  written: readonly string[],
): Steering {
  const kept = [...rows].filter(([each]) => each < row);
  return { fixed: written.slice(0, row), rows: new Map([...kept, [row, weights]]) };
}

/** Goes on from other symbols, as far as they go. */
export function withSymbols({ rows }: Steering, symbols: readonly string[]): Steering {
  return { fixed: symbols, rows: new Map([...rows].filter(([row]) => row < symbols.length)) };
}

/** As the library takes it; undefined where nothing is decided. */
export function steerOption(steering: Steering): TransduceOptions["steer"] | undefined {
  if (!isSteered(steering)) return undefined;
  const { fixed, rows } = steering;
  const last = Math.max(-1, ...rows.keys());
  const attention = Array.from({ length: last + 1 }, (_, row) => rows.get(row) ?? null);
  return { output: fixed, attention };
}

/** For a link: `fix` with the symbols as JSON, `set` with rows as `2:0,0.25,0.75;5:…`. */
export function steeringParams(steering: Steering): { readonly fix: string; readonly set: string } {
  const { fixed, rows } = steering;
  const written = [...rows].map(([row, weights]) => `${row}:${weights.map(short).join(",")}`);
  return { fix: fixed.length === 0 ? "" : JSON.stringify(fixed), set: written.join(";") };
}

/** What a link says; what is not to be understood is left out. */
export function readSteering(params: URLSearchParams): Steering {
  const rows = new Map<number, readonly number[]>();
  for (const part of (params.get("set") ?? "").split(";")) {
    const [row = "", list = ""] = part.split(":");
    const weights = list.split(",").map(Number);
    const isRow = /^\d{1,4}$/.test(row) && weights.every((x) => Number.isFinite(x) && x >= 0);
    if (isRow && weights.some((x) => x > 0)) rows.set(Number(row), weights);
  }
  return { fixed: symbolsOf(params.get("fix")), rows };
}

function symbolsOf(text: string | null): string[] {
  if (text === null) return [];
  try {
    const symbols: unknown = JSON.parse(text);
    const isList = Array.isArray(symbols) && symbols.every((each) => typeof each === "string");
    return isList ? symbols : [];
  } catch {
    return [];
  }
}

function short(weight: number): string {
  return String(Number(weight.toFixed(4)));
}
