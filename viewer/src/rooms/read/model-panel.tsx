import type { Transduction } from "heed";
import type { MapSelection, MountedMap } from "heed/plot";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Latest } from "../../engine/latest.ts";
import { reader } from "../../engine/reader.ts";
import type { Answer, ModelCard } from "../../engine/reader.worker.ts";
import { AttentionView } from "../../shared/attention-view.tsx";
import { Failure } from "../../shared/failure.tsx";
import { loadedModel, type ModelSource } from "../../shared/models.ts";
import { visible } from "../../shared/symbols.ts";
import { Alternatives, percent } from "./alternatives.tsx";
import { Heads } from "./heads.tsx";
import { SaveMenu } from "./save-menu.tsx";
import {
  isSteered,
  type Steering,
  steerOption,
  UNSTEERED,
  withRow,
  withSymbols,
} from "./steering.ts";

interface ModelPanelProps {
  readonly source: ModelSource;
  readonly text: string;
  readonly features: string;
  readonly beam: number;
  readonly steering: Steering;
  readonly onSteer: (steering: Steering) => void;
  readonly selection: MapSelection | null;
  readonly onSelect: (selection: MapSelection | null) => void;
}

/** What a model makes of a text: its output, what it looked at, what else it would write. */
export function ModelPanel(props: ModelPanelProps) {
  const { source, text, features, beam, steering, onSteer, selection, onSelect } = props;
  const { card, answer, error } = useAnswer(source, text, features, beam, steering);
  const map = useRef<MountedMap | null>(null);
  const result = answer?.result ?? null;
  const attends = result !== null && result.attention.length > 0;
  return (
    <section class="panel" aria-label={source.label}>
      <h2>{source.label}</h2>
      {card !== null && <Facts card={card} />}
      {error !== null && <Failure error={error} />}
      {result === null && error === null && <p class="quiet">Loading the model…</p>}
      {result !== null && (
        <>
          <Output
            answer={answer as Answer}
            selection={selection}
            onRow={(row) => onSelect(row === null ? null : { row })}
          />
          <Notes result={result} />
          {isSteered(steering) && (
            <p>
              Decoded on from what you set by hand.{" "}
              <button type="button" onClick={() => onSteer(UNSTEERED)}>
                Back to the model's own
              </button>
            </p>
          )}
          <div class="columns">
            <div>
              {attends && (
                <AttentionView
                  map={result}
                  title={`${result.source} → ${result.output}`}
                  selection={selection}
                  onSelect={onSelect}
                  onEdit={(row, weights) =>
                    onSteer(withRow(steering, row, weights, result.outputSymbols))
                  }
                  mounted={(view) => {
                    map.current = view;
                  }}
                />
              )}
              {!attends && result.outputSymbols.length > 0 && (
                <p class="quiet">This model has no attention to show.</p>
              )}
              {attends && <SaveMenu map={result} view={map} />}
              {result.heads.length > 1 && <Heads result={result} />}
            </div>
            <Alternatives
              outputs={result.alternatives}
              onChoose={(path) => onSteer(withSymbols(steering, path))}
            />
          </div>
        </>
      )}
    </section>
  );
}

/** Asks the model whenever something changed; the answer before stays until the next is there. */
function useAnswer(
  source: ModelSource,
  text: string,
  features: string,
  beam: number,
  steering: Steering,
) {
  const [card, setCard] = useState<ModelCard | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const latest = useMemo(() => new Latest(), []);
  useEffect(() => {
    let here = true;
    latest.run(async () => {
      try {
        const loaded = await loadedModel(source);
        const steer = steerOption(steering);
        const made = await reader().transduce(
          loaded.id,
          features === "" || !loaded.hasFeatures ? { source: text } : { source: text, features },
          { attention: "heads", beam, nBest: beam, ...(steer === undefined ? {} : { steer }) },
        );
        if (!here) return;
        setCard(loaded);
        setAnswer(made);
        setError(null);
      } catch (failure) {
        if (here) setError(failure);
      }
    });
    return () => {
      here = false;
    };
  }, [latest, source, text, features, beam, steering]);
  return { card, answer, error };
}

function Facts({ card }: { readonly card: ModelCard }) {
  const { config, parameters, sourceSymbols, targetSymbols, device } = card;
  const kind =
    config.architecture === "transformer"
      ? `Transformer of ${config.encoderLayers} + ${config.decoderLayers} blocks`
      : `${config.cell.toUpperCase()}, ${config.attention} attention`;
  return (
    <p class="quiet small">
      {kind}, H {config.hiddenSize}, {parameters.toLocaleString("en")} parameters; reads{" "}
      {sourceSymbols} symbols, writes {targetSymbols}; {device}
    </p>
  );
}

interface OutputProps {
  readonly answer: Answer;
  readonly selection: MapSelection | null;
  readonly onRow: (row: number | null) => void;
}

/** The output, symbol by symbol; each shows its row of the map. */
function Output({ answer, selection, onRow }: OutputProps) {
  const { result, milliseconds } = answer;
  return (
    <div class="row">
      <output class="output mono" aria-label="Output">
        {result.outputSymbols.map((symbol, row) => (
          <button
            key={row}
            type="button"
            aria-pressed={selection?.row === row}
            onClick={() => onRow(selection?.row === row ? null : row)}
          >
            {visible([symbol])}
          </button>
        ))}
        {result.outputSymbols.length === 0 && <span class="quiet">(nothing)</span>}
      </output>
      <span class="quiet small">
        probability {percent(Math.exp(result.score))}, {milliseconds.toFixed(1)} ms
      </span>
    </div>
  );
}

/** What is to be known about the text. */
function Notes({ result }: { readonly result: Transduction }) {
  const { unknownSymbols, finished, outputSymbols } = result;
  return (
    <>
      {unknownSymbols.length > 0 && (
        <p class="small">
          The model has never seen <span class="mono">{visible(unknownSymbols)}</span>.
        </p>
      )}
      {!finished && outputSymbols.length > 0 && (
        <p class="small">It did not come to an end by itself: the output was cut off.</p>
      )}
    </>
  );
}
