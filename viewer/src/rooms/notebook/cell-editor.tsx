import { useEffect, useRef, useState } from "preact/hooks";
import { type Cell, cellName } from "./expression.ts";
import type { CellActions } from "./light.ts";
import { readNumber } from "./numbers.ts";

interface EditorProps {
  readonly cell: Cell;
  readonly value: number;
  readonly actions: CellActions;
}

/** Where a given number is typed: Enter takes it, Escape leaves it as it was. */
export function CellEditor({ cell, value, actions }: EditorProps) {
  const field = useRef<HTMLInputElement>(null);
  const [isWrong, setWrong] = useState(false);
  // Leaving the field by a key makes it lose the focus too, which would take the number once more.
  const isDone = useRef(false);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const leave = (): void => {
    isDone.current = true;
    actions.refuse("");
    field.current?.closest("td")?.focus();
    actions.edit(null);
  };
  const take = (text: string): boolean => {
    const typed = readNumber(text);
    if ("value" in typed) actions.set(cell, typed.value);
    else actions.refuse(typed.refused);
    setWrong("refused" in typed);
    return "value" in typed;
  };
  return (
    <input
      ref={field}
      type="text"
      inputMode="decimal"
      autocomplete="off"
      aria-label={`New number for ${cellName(cell)}`}
      aria-invalid={isWrong}
      aria-describedby={actions.words}
      defaultValue={String(value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") leave();
        if (event.key === "Enter" && take(event.currentTarget.value)) leave();
        event.stopPropagation();
      }}
      onBlur={(event) => {
        if (isDone.current) return;
        take(event.currentTarget.value);
        isDone.current = true;
        actions.edit(null);
      }}
    />
  );
}
