import type { MapSelection } from "heed/plot";

/** A locked row, column or cell in a link: `2,5`, `2,` or `,5`. */
export function writeSelection(selection: MapSelection | null): string {
  if (selection === null) return "";
  return `${selection.row ?? ""},${selection.column ?? ""}`;
}

/** What a link says; null for what is not to be understood. */
export function readSelection(text: string | null): MapSelection | null {
  const match = /^(\d{0,4}),(\d{0,4})$/.exec(text ?? "");
  const [, row = "", column = ""] = match ?? [];
  if (row === "" && column === "") return null;
  return {
    ...(row === "" ? {} : { row: Number(row) }),
    ...(column === "" ? {} : { column: Number(column) }),
  };
}
