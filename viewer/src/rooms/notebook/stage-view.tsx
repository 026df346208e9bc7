import { useId, useMemo, useState } from "preact/hooks";
import { ArrayPicture } from "./array-picture.tsx";
import type { Cell } from "./expression.ts";
import type { InputKey } from "./inputs.ts";
import { type CellActions, lightOf, stillThere } from "./light.ts";
import { Readout } from "./readout.tsx";
import type { Stage } from "./stages.ts";

/** Puts a number into a given array. */
export type SetNumber = (key: InputKey, index: readonly number[], value: number) => void;

interface StageProps {
  readonly stage: Stage;
  /** The sequence that is shown; null: all. */
  readonly n: number | null;
  readonly onSet: SetNumber;
  /** Whether its title is to be read, as where there are several. */
  readonly isTitled: boolean;
}

/** Arrays in which a cell lights up what made it, and below them the sum in full. */
export function StageView({ stage, n, onSet, isTitled }: StageProps) {
  const [pointed, setPointed] = useState<Cell | null>(null);
  const [locked, setLocked] = useState<Cell | null>(null);
  const [editing, setEditing] = useState<Cell | null>(null);
  const [refused, setRefused] = useState("");
  const [used, setUsed] = useState(false);
  const words = useId();
  const arrays = useMemo(
    () => stage.rows.flatMap((row) => row.arrays.map(([, each]) => each)),
    [stage],
  );
  const here = stillThere(editing ?? locked ?? pointed, arrays);
  const actions: CellActions = {
    point: (cell) => {
      setPointed(cell);
      setUsed(true);
    },
    lock: setLocked,
    edit: setEditing,
    set: (cell, value) => {
      const given = arrays.find(({ name }) => name === cell.array)?.given;
      if (given) onSet(given.key, [...given.prefix, ...cell.index], value);
    },
    refuse: setRefused,
    words,
  };
  const light = lightOf(here, locked, editing, arrays);
  return (
    <div class="stage">
      {isTitled && <h3>{stage.title}</h3>}
      {stage.rows.map((row) => (
        <div key={row.title}>
          {row.title !== "" && <h3>{row.title}</h3>}
          <div class="arrays">
            {row.arrays.map(([sign, array]) => (
              <div key={array.name} class="signed">
                {sign !== "" && <span class="sign">{sign}</span>}
                <ArrayPicture {...{ array, n, light, actions }} />
              </div>
            ))}
          </div>
        </div>
      ))}
      <Readout
        {...{ here, arrays, refused, used, words }}
        locked={locked !== null}
        onChange={setEditing}
      />
    </div>
  );
}
