import type { WriteStream } from "node:tty";

/** What can be drawn on an output stream. */
export interface Canvas {
  readonly color: boolean;
  readonly width: number;
}

/**
 * Whether to use colour on `stream`, and how many columns it has. `NO_COLOR` (set and not empty)
 * forbids colour, `FORCE_COLOR` (set and not `0`) asks for it; otherwise a terminal gets colour and
 * a pipe or file does not. `COLUMNS` overrides the width; without either it is 80.
 *
 * See https://no-color.org and https://force-color.org.
 *
 * @example
 * canvasOf(process.stdout, { FORCE_COLOR: "1" }).color; // → true
 * canvasOf(process.stdout, { FORCE_COLOR: "1", NO_COLOR: "1" }).color; // → false
 */
export function canvasOf(
  stream: Pick<WriteStream, "isTTY" | "columns">,
  environment: Readonly<Record<string, string | undefined>>,
): Canvas {
  const columns = Number(environment["COLUMNS"]);
  const given = Number.isSafeInteger(columns) && columns >= 1 ? columns : undefined;
  return { color: wantsColor(stream, environment), width: given ?? (stream.columns || 80) };
}

function wantsColor(
  stream: Pick<WriteStream, "isTTY">,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (environment["NO_COLOR"]) return false;
  const force = environment["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  return canRedraw(stream, environment);
}

/** Whether a line on `stream` can be drawn over by the next: not in a file, not on a dumb terminal. */
export function canRedraw(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && environment["TERM"] !== "dumb";
}
