import { useRef, useState } from "preact/hooks";
import { CellEditor } from "./cell-editor.tsx";
import { type Cell, cellName } from "./expression.ts";
import { cellAfter, type Grid, gridsOf } from "./grid.ts";
import type { CellActions, Light } from "./light.ts";
import { type NamedArray, valueAt } from "./named-array.ts";
import { formatNumber } from "./numbers.ts";

interface PictureProps {
  readonly array: NamedArray;
  readonly n: number | null;
  readonly light: Light;
  readonly actions: CellActions;
}

/** A small array as grids of its numbers, one for each sequence that is shown. */
export function ArrayPicture({ array, n, light, actions }: PictureProps) {
  const { name, axes, shape, given } = array;
  const largest = Math.max(...Array.from(array.values, Math.abs).filter(Number.isFinite), 0);
  return (
    <figure class="array">
      <figcaption>
        <b class="mono">{name}</b>{" "}
        <span class="quiet">
          {axes.length === 0 ? "one number" : `(${axes.join(", ")}) = (${shape.join(", ")})`}
        </span>
        {given !== null && <Editable />}
      </figcaption>
      <div class="slices">
        {gridsOf(array, n).map((grid) => (
          <GridPicture key={grid.sequence} {...{ array, grid, largest, light, actions }} />
        ))}
      </div>
    </figure>
  );
}

/** The mark of arrays that can be edited. */
export function Editable() {
  return (
    <span class="editable" role="img" aria-label="editable">
      ✎
    </span>
  );
}

interface GridProps extends Omit<PictureProps, "n"> {
  readonly grid: Grid;
  readonly largest: number;
}

function GridPicture({ array, grid, largest, light, actions }: GridProps) {
  const [active, setActive] = useState<readonly [number, number]>([0, 0]);
  const table = useRef<HTMLTableElement>(null);
  const keys = (event: KeyboardEvent, row: number, column: number, cell: Cell): void => {
    const next = cellAfter(grid, row, column, event.key);
    if (next !== null) placeAt(table.current, ...next)?.focus();
    else if (event.key === "Enter" && array.given !== null) actions.edit(cell);
    else if (event.key === "Enter" || event.key === " ") actions.lock(cell);
    else if (event.key === "Escape") actions.lock(null);
    else return;
    event.preventDefault();
  };
  return (
    <div class="slice">
      {grid.sequence !== null && <div class="quiet small">n = {grid.sequence}</div>}
      <div class="scroll">
        <table
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table to look at, a grid to move in
          role="grid"
          aria-label={grid.label}
          ref={table}
          onMouseLeave={() => actions.point(null)}
        >
          {grid.columns.length > 0 && (
            <thead>
              <tr>
                <th scope="col">{grid.corner}</th>
                {grid.columns.map((label) => (
                  <th key={label} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>
            {grid.rows.map(({ label, cells }, row) => (
              <tr key={label}>
                {label !== "" && <th scope="row">{label}</th>}
                {cells.map((index, column) => {
                  const cell = { array: array.name, index };
                  return (
                    <CellPicture
                      key={index.join()}
                      {...{ cell, largest, light, actions }}
                      value={valueAt(array, index)}
                      editable={array.given !== null}
                      isActive={row === active[0] && column === active[1]}
                      onFocus={() => setActive([row, column])}
                      onKey={(event) => keys(event, row, column, cell)}
                    />
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function placeAt(
  table: HTMLTableElement | null,
  row: number,
  column: number,
): HTMLElement | undefined {
  return table?.tBodies[0]?.rows[row]?.querySelectorAll("td")[column];
}

interface CellProps {
  readonly cell: Cell;
  readonly value: number;
  readonly largest: number;
  readonly editable: boolean;
  readonly isActive: boolean;
  readonly light: Light;
  readonly actions: CellActions;
  readonly onFocus: () => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

function CellPicture(props: CellProps) {
  const { cell, value, largest, editable, isActive, light, actions } = props;
  const name = cellName(cell);
  const isHere = light.here === name;
  const share = largest > 0 && Number.isFinite(value) ? Math.abs(value) / largest : 0;
  const classes = [
    value < 0 ? "below" : "above",
    isHere ? "here" : "",
    light.from.has(name) ? "from" : "",
    light.to.has(name) ? "to" : "",
  ];
  const isEditing = light.editing === name;
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: in a grid a td is a gridcell, which can be selected
    <td
      class={classes.join(" ")}
      style={{ "--share": share.toFixed(3) }}
      tabIndex={isActive ? 0 : -1}
      aria-label={`${name} = ${formatNumber(value)}`}
      aria-selected={isHere && light.locked}
      aria-readonly={!editable}
      onMouseEnter={() => actions.point(cell)}
      onFocus={() => {
        props.onFocus();
        actions.point(cell);
      }}
      onBlur={() => actions.point(null)}
      onClick={() => !isEditing && actions.lock(isHere && light.locked ? null : cell)}
      onDblClick={() => editable && actions.edit(cell)}
      onKeyDown={(event) => !isEditing && props.onKey(event)}
    >
      {isEditing ? <CellEditor {...{ cell, value, actions }} /> : formatNumber(value)}
    </td>
  );
}
