import type { ComponentChildren } from "preact";
import { type Inputs, normalised, rebalanced, SIZES } from "./inputs.ts";
import { formatNumber } from "./numbers.ts";
import {
  FIRST_STATE,
  LARGEST_SHIFT,
  MOST_SEQUENCES,
  type NotebookState,
  type SectionName,
  withBatch,
  withWeights,
} from "./state.ts";

export interface ControlProps {
  readonly state: NotebookState;
  readonly inputs: Inputs;
  readonly onState: (state: NotebookState) => void;
}

/** What can be set in a section besides its cells. */
export function controlsOf(section: SectionName, props: ControlProps): ComponentChildren {
  if (section === "sequence") return <Weights {...props} />;
  if (section === "broadcasting") return <Copies />;
  if (section === "batch") return <Sequences {...props} />;
  if (section === "softmax") return <Shift {...props} />;
  return null;
}

function Weights({ state, inputs, onState }: ControlProps) {
  const weights = Array.from(inputs.a.data.subarray(0, SIZES.T));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const move = (t: number, value: number): void => {
    const free = weights.map((each, i) => (i === t ? value : each));
    onState(withWeights(state, state.keepSum ? rebalanced(weights, t, value) : free));
  };
  return (
    <fieldset class="weights">
      <legend>Weights</legend>
      {weights.map((weight, t) => (
        <label key={t} class="slider">
          <span class="mono">a[{t}]</span>
          <input
            type="range"
            min="0"
            max="1"
            step="0.01"
            value={weight}
            onInput={({ currentTarget }) => move(t, currentTarget.valueAsNumber)}
          />
          <output class="mono">{formatNumber(weight)}</output>
        </label>
      ))}
      <div class="row">
        <label>
          <input
            type="checkbox"
            checked={state.keepSum}
            onChange={({ currentTarget: { checked } }) => {
              const next = { ...state, keepSum: checked };
              onState(checked ? withWeights(next, normalised(weights)) : next);
            }}
          />{" "}
          keep the sum at 1
        </label>
        <span class="quiet">
          sum: <span class="mono">{formatNumber(sum)}</span>
        </span>
      </div>
    </fieldset>
  );
}

function Copies() {
  const { T, H } = SIZES;
  return (
    <table class="copies">
      <thead>
        <tr>
          <th scope="col">Numbers held for the weights</th>
          <th scope="col">repeat</th>
          <th scope="col">broadcasting</th>
        </tr>
      </thead>
      <tbody>
        <CopiesRow label={`here: T = ${T}, H = ${H}`} repeat={T * H} broadcast={T} />
        <CopiesRow label="N = 32, T = 100, H = 256" repeat={32 * 100 * 256} broadcast={32 * 100} />
      </tbody>
    </table>
  );
}

interface CopiesRowProps {
  readonly label: string;
  readonly repeat: number;
  readonly broadcast: number;
}

function CopiesRow({ label, repeat, broadcast }: CopiesRowProps) {
  const written = (count: number): string => count.toLocaleString("en");
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>
        {written(repeat)}, of which {written(repeat - broadcast)} are copies
      </td>
      <td>{written(broadcast)}, no copies</td>
    </tr>
  );
}

/** How many sequences there are. */
export function Sequences({ state, onState }: Omit<ControlProps, "inputs">) {
  return (
    <fieldset class="bare row">
      <legend>Sequences N</legend>
      {Array.from({ length: MOST_SEQUENCES }, (_, i) => i + 1).map((N) => (
        <label key={N}>
          <input
            type="radio"
            name="sequences"
            checked={state.N === N}
            onChange={() => onState(withBatch(state, N))}
          />{" "}
          {N}
        </label>
      ))}
    </fieldset>
  );
}

function Shift({ state, onState }: ControlProps) {
  return (
    <label class="slider shift">
      <span>Added to every x</span>
      <input
        type="range"
        min="0"
        max={LARGEST_SHIFT}
        step="10"
        value={state.shift}
        onInput={({ currentTarget }) => onState({ ...state, shift: currentTarget.valueAsNumber })}
      />
      <output class="mono">{state.shift}</output>
    </label>
  );
}

/** What holds for all sections: the seed, and the sequence that layers are shown for. */
export function Settings({ state, onState }: Omit<ControlProps, "inputs">) {
  const reseed = (seed: number): void => onState({ ...state, seed, edits: new Map() });
  return (
    <div class="settings">
      <label>
        <span class="quiet small">Seed</span>
        <input
          type="number"
          min="0"
          max="4294967295"
          step="1"
          value={state.seed}
          onChange={({ currentTarget }) => {
            const { valueAsNumber: seed, validity } = currentTarget;
            if (validity.valid && Number.isInteger(seed)) reseed(seed);
            else currentTarget.value = String(state.seed);
          }}
        />
      </label>
      <label>
        <span class="quiet small">Sequence, from 5 on</span>
        <select
          value={String(state.n)}
          onChange={({ currentTarget }) => onState({ ...state, n: Number(currentTarget.value) })}
        >
          {Array.from({ length: state.N }, (_, n) => (
            <option key={n} value={String(n)}>
              n = {n}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => reseed(Math.floor(Math.random() * 1e6))}>
        Randomise
      </button>
      <button type="button" onClick={() => onState(FIRST_STATE)}>
        Reset
      </button>
    </div>
  );
}
