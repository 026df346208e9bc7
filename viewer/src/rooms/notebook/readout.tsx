import { type Cell, cellName, inNames, inNumbers } from "./expression.ts";
import { type NamedArray, usesOf, valueAt, valuesIn } from "./named-array.ts";
import { formatNumber } from "./numbers.ts";

interface ReadoutProps {
  readonly here: Cell | null;
  /** Whether it stays while the pointer goes elsewhere, as to a button. */
  readonly locked: boolean;
  readonly arrays: readonly NamedArray[];
  readonly refused: string;
  /** Whether a cell of the stage was ever pointed at: until then it covers nothing. */
  readonly used: boolean;
  readonly words: string;
  readonly onChange: (cell: Cell) => void;
}

/** What a cell is made of, in names and in numbers; of a given one, where it goes. */
export function Readout({ here, locked, arrays, refused, used, words, onChange }: ReadoutProps) {
  return (
    <div class={used ? "readout" : "readout unused"} id={words}>
      <div aria-live="polite">
        <Explanation {...{ here, locked, arrays, onChange }} />
      </div>
      <div role="alert" class="refused">
        {refused}
      </div>
    </div>
  );
}

function Explanation({
  here,
  locked,
  arrays,
  onChange,
}: Pick<ReadoutProps, "here" | "locked" | "arrays" | "onChange">) {
  const array = arrays.find(({ name }) => name === here?.array);
  if (here === null || array === undefined) {
    return (
      <p class="quiet">
        Point at a number, or reach one with Tab and the arrow keys, to see what made it. A click or
        Space holds it.
      </p>
    );
  }
  const value = formatNumber(valueAt(array, here.index));
  const expression = array.explain?.(here.index);
  if (expression === undefined) {
    return (
      <>
        <p class="mono">
          {cellName(here)} = {value}{" "}
          {locked && (
            <button type="button" class="change" onClick={() => onChange(here)}>
              Change
            </button>
          )}
        </p>
        <p class="quiet">
          Given: {array.why}. {goesInto(here, arrays)} A double click or Enter changes it.
        </p>
      </>
    );
  }
  const [names, numbers] = [inNames(expression), inNumbers(expression, valuesIn(arrays))];
  return (
    <>
      <p class="mono">
        {cellName(here)} = {names}
      </p>
      <p class="mono">
        {numbers === value ? "" : `= ${numbers} `}= <b>{value}</b>
      </p>
      <p class="quiet">{sentence(array.why)}</p>
    </>
  );
}

const MOST_NAMED = 6;

function goesInto(cell: Cell, arrays: readonly NamedArray[]): string {
  const uses = usesOf(cell, arrays).map(cellName);
  if (uses.length === 0) return "";
  const rest = uses.length - MOST_NAMED;
  const named = uses.slice(0, MOST_NAMED).join(", ");
  return `It goes into ${named}${rest > 0 ? ` and ${rest} more` : ""}.`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
