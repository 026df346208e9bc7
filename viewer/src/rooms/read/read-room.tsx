import type { MapSelection } from "heed/plot";
import { useEffect, useMemo, useState } from "preact/hooks";
import { replaceRoute } from "../../route.ts";
import { DropArea } from "../../shared/drop-area.tsx";
import {
  addModel,
  isAddress,
  type ModelSource,
  modelAt,
  modelOfFile,
  SHIPPED,
  useModels,
} from "../../shared/models.ts";
import type { RoomProps } from "../room.ts";
import { ModelPanel } from "./model-panel.tsx";
import { ModelPicker } from "./model-picker.tsx";
import { readSelection, writeSelection } from "./selection.ts";
import { readSteering, steeringParams, UNSTEERED } from "./steering.ts";
import "./read.css";

const BEAMS = [1, 2, 4, 8, 16];
const FIRST_TEXT = "Wednesday, June 27, 1990";

/** Where a model is asked as one types, and its attention looked at and altered. */
export function ReadRoom({ params }: RoomProps) {
  const models = useModels();
  const [text, setText] = useState(params.get("text") ?? FIRST_TEXT);
  const [features, setFeatures] = useState(params.get("features") ?? "");
  const [chosen, setChosen] = useState(params.get("model") ?? SHIPPED.key);
  const [other, setOther] = useState(params.get("with") ?? "");
  const [beam, setBeam] = useState(() => beamOf(params.get("beam")));
  const [steering, setSteering] = useState(() => readSteering(params));
  const [selection, setSelection] = useState<MapSelection | null>(() => {
    return readSelection(params.get("at"));
  });

  // A link may name a model by its address, which nobody has added yet.
  useEffect(() => {
    for (const key of [chosen, other]) {
      if (isAddress(key) && models.every((model) => model.key !== key)) addModel(modelAt(key));
    }
  }, [chosen, other, models]);

  useEffect(() => {
    const state = {
      text,
      features,
      model: chosen === SHIPPED.key ? "" : chosen,
      with: other,
      beam: beam === 1 ? "" : String(beam),
      at: writeSelection(selection),
      ...steeringParams(steering),
    };
    // Not at every key: browsers refuse more than a hundred such calls in half a minute.
    const timer = setTimeout(() => replaceRoute("read", state), 300);
    return () => clearTimeout(timer);
  }, [text, features, chosen, other, beam, steering, selection]);

  const type = (typed: string): void => {
    setText(typed);
    setSteering(UNSTEERED);
    setSelection(null);
  };
  const shown = useMemo(() => {
    const find = (key: string): ModelSource | undefined => models.find((each) => each.key === key);
    return { first: find(chosen), second: other === "" ? undefined : find(other) };
  }, [models, chosen, other]);

  return (
    <DropArea
      what="a model file"
      onFile={(file) => {
        const source = modelOfFile(file);
        addModel(source);
        setChosen(source.key);
      }}
    >
      <h1>Read</h1>
      <div class="panel">
        <ModelPicker label="Model" models={models} chosen={chosen} onChoose={setChosen} />
        <ModelPicker
          label="Beside it"
          models={models}
          chosen={other}
          none="no other"
          onChoose={setOther}
        />
      </div>
      <div class="row ask">
        <label class="grow">
          <span class="quiet small">Text</span>
          <input
            type="text"
            class="mono text"
            value={text}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => type(currentTarget.value)}
          />
        </label>
        <label>
          <span class="quiet small">Features</span>
          <input
            type="text"
            class="mono"
            placeholder="V;PST"
            size={8}
            value={features}
            onInput={({ currentTarget }) => setFeatures(currentTarget.value)}
          />
        </label>
        <label>
          <span class="quiet small">Beam</span>
          <select
            value={String(beam)}
            onChange={({ currentTarget }) => setBeam(beamOf(currentTarget.value))}
          >
            {BEAMS.map((size) => (
              <option key={size} value={String(size)}>
                {size === 1 ? "1 (greedy)" : size}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class={shown.second === undefined ? "" : "beside"}>
        {shown.first === undefined ? (
          <p class="panel">
            The link is about the model {chosen}, which is not here. Open its file above, or drop it
            on the page.
          </p>
        ) : (
          <ModelPanel
            key={shown.first.key}
            {...{ text, features, beam, steering, selection }}
            source={shown.first}
            onSteer={setSteering}
            onSelect={setSelection}
          />
        )}
        {shown.second !== undefined && (
          <ModelPanel
            key={`${shown.second.key} beside`}
            {...{ text, features, beam }}
            source={shown.second}
            steering={UNSTEERED}
            onSteer={setSteering}
            selection={selection}
            onSelect={setSelection}
          />
        )}
      </div>
      <p class="quiet small">
        The address above holds all of this, but for files that you opened: copy it to share what
        you see. Nothing that you type leaves this page.
      </p>
    </DropArea>
  );
}

function beamOf(text: string | null): number {
  const beam = Number(text);
  return BEAMS.includes(beam) ? beam : 1;
}
