import { useState } from "preact/hooks";
import { trainingThreads } from "../../engine/training.ts";
import {
  type PairsFrom,
  PRESETS,
  type Preset,
  type TrainingTask,
} from "../../engine/training-task.ts";
import { wantedCompute } from "../../shared/compute.ts";
import { DropArea } from "../../shared/drop-area.tsx";
import { Failure } from "../../shared/failure.tsx";
import type { RoomProps } from "../room.ts";
import { type DataChoice, DataForm, FIRST_CHOICE, withFile } from "./data-form.tsx";
import { Progress } from "./progress.tsx";
import { startTraining, useTraining } from "./training.ts";
import "./train.css";

const NAMES: Readonly<Record<Preset, string>> = {
  quick: "Quick: H 64, done in seconds where pairs are easy",
  standard: "Standard: what heed train takes for as many pairs",
  transformer: "A small Transformer",
};

/** Where a model is trained on pairs, in the page. */
export function TrainRoom(_props: RoomProps) {
  const [choice, setChoice] = useState(FIRST_CHOICE);
  const [preset, setPreset] = useState<Preset>("quick");
  const [seed, setSeed] = useState("0");
  const [epochs, setEpochs] = useState("");
  const [error, setError] = useState<unknown>(null);
  const { view, name, error: failure } = useTraining();
  const isBusy = view !== null && view.phase !== "ended";
  const start = (): void => {
    try {
      startTraining(taskOf(choice, preset, seed, epochs), nameOf(choice));
      setError(null);
    } catch (wrong) {
      setError(wrong);
    }
  };
  return (
    <DropArea
      what="a file of pairs"
      onFile={async (file) => setChoice(await withFile(choice, file))}
    >
      <h1>Train</h1>
      <p>
        A model is trained on pairs of texts, here in the page: nothing is sent anywhere. A tenth of
        the pairs is held out, to measure on.
      </p>
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <DataForm choice={choice} onChange={setChoice} />
        <div class="row settings">
          <label>
            Model{" "}
            <select
              value={preset}
              onChange={({ currentTarget }) => {
                setPreset(PRESETS.find((each) => each === currentTarget.value) ?? "quick");
              }}
            >
              {PRESETS.map((each) => (
                <option key={each} value={each}>
                  {NAMES[each]}
                </option>
              ))}
            </select>
          </label>
          <label>
            Epochs{" "}
            <input
              type="number"
              min={1}
              max={10_000}
              placeholder="auto"
              value={epochs}
              onInput={({ currentTarget }) => setEpochs(currentTarget.value)}
            />
          </label>
          <label>
            Seed{" "}
            <input
              type="number"
              min={0}
              max={2 ** 32 - 1}
              value={seed}
              onInput={({ currentTarget }) => setSeed(currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary" disabled={isBusy}>
            Start
          </button>
        </div>
      </form>
      {error !== null && <Failure error={error} />}
      {failure !== null && <Failure error={failure} />}
      {view !== null && <Progress view={view} name={name} />}
    </DropArea>
  );
}

/** What the model is called: as its pairs are. */
function nameOf({ set, file }: DataChoice): string {
  return set === "own" ? file.replace(/\.\w+$/, "") : `my ${set}`;
}

function taskOf(choice: DataChoice, preset: Preset, seed: string, epochs: string): TrainingTask {
  return {
    from: pairsFrom(choice),
    preset,
    seed: Number(seed),
    epochs: epochs === "" ? null : Number(epochs),
    pinned: choice.set === "dates" ? "Wednesday, June 27, 1990" : "",
    threads: trainingThreads(),
    compute: wantedCompute(),
  };
}

function pairsFrom({ set, text, file, columns, targetTokens }: DataChoice): PairsFrom {
  if (set !== "own") return { set };
  const [, source, target] = /^(\d+),(\d+)$/.exec(columns) ?? [];
  return {
    bytes: new TextEncoder().encode(text),
    file,
    columns: source === undefined ? null : [Number(source), Number(target)],
    targetTokens: targetTokens === "auto" ? null : targetTokens,
  };
}
