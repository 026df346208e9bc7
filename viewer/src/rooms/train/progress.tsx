import { AttentionView } from "../../shared/attention-view.tsx";
import { Chart } from "../../shared/chart.tsx";
import { ComputedOn } from "./computed-on.tsx";
import { Keep } from "./keep.tsx";
import { pauseTraining, resumeTraining, stopTraining, watchExample } from "./training.ts";
import { duration, type TrainingView } from "./training-state.ts";

interface ProgressProps {
  readonly view: TrainingView;
  /** What the model is called in the room where models are read. */
  readonly name: string;
}

/** A training as it goes: figures, curves, examples, attention. */
export function Progress({ view, name }: ProgressProps) {
  const { plan, step, look, loss, exact, epochs, phase, end } = view;
  const last = epochs.at(-1);
  const best = epochs.reduce((most, { exactMatch }) => Math.max(most, exactMatch), 0);
  if (plan === null) return <p class="quiet">Reading the pairs and making a model…</p>;
  return (
    <section aria-label="Training">
      <p class="quiet small">
        {plan.pairs.toLocaleString("en")} pairs to learn from, {plan.heldOut.toLocaleString("en")}{" "}
        held out; {plan.parameters.toLocaleString("en")} parameters;{" "}
        <ComputedOn device={plan.device} />.
        {!plan.isolated &&
          " Without cross-origin isolation the page has one thread; heed serve gives it more."}
      </p>
      <div class="row">
        <progress
          class="grow"
          max={plan.totalSteps}
          value={step?.step ?? 0}
          aria-label="Steps of training"
        />
        {phase === "training" && (
          <button type="button" onClick={pauseTraining}>
            Pause
          </button>
        )}
        {phase === "paused" && (
          <button type="button" onClick={resumeTraining}>
            Resume
          </button>
        )}
        {phase !== "ended" && (
          <button type="button" onClick={stopTraining} disabled={phase === "paused"}>
            Stop
          </button>
        )}
      </div>
      <p class="figures" aria-live="off">
        {step !== null && (
          <>
            epoch {step.epoch} of {plan.epochs}, step {step.step.toLocaleString("en")} of{" "}
            {plan.totalSteps.toLocaleString("en")}; {Math.round(step.pairsPerSecond)} pairs/s;{" "}
            {duration(step.seconds)} so far
            {phase !== "ended" && `, ${duration(step.secondsLeft)} left`}
          </>
        )}
      </p>
      <p role="status">
        {phase === "paused" && "Paused. "}
        {last !== undefined &&
          `After epoch ${last.epoch}: ${percent(last.exactMatch)} of what was held out comes out exactly right.`}
        {end?.reason === "diverged" &&
          " The loss is no finite number any more: training ended. Try another seed."}
        {end?.reason === "done" && ` Done; the best had ${percent(best)}.`}
        {end?.reason === "stopped" && " Stopped."}
      </p>
      <Keep view={view} name={name} />
      <div class="charts">
        <Chart
          title="Loss (cross-entropy per symbol)"
          summary={step === null ? "no steps yet" : `now ${step.loss.toFixed(3)}`}
          xLabel="step"
          {...loss}
        />
        <Chart
          title="Exact match on what is held out"
          summary={last === undefined ? "not measured yet" : `now ${percent(last.exactMatch)}`}
          xLabel="epoch"
          isShare
          {...exact}
        />
      </div>
      {look !== null && (
        <div class="columns">
          <Pinned view={view} />
          <section class="panel" aria-label="Examples that were held out">
            <h3>Held out</h3>
            <ul class="conversions mono">
              {look.conversions.map(({ source, target, output }) => (
                <li key={source} class={output === target ? "right" : "wrong"}>
                  <span class="source">{source}</span>
                  <span class="made">
                    {output === target ? "✓" : "✗"} {output === "" ? "(nothing)" : output}
                  </span>
                  {output !== target && <span class="quiet">should be {target}</span>}
                </li>
              ))}
            </ul>
          </section>
        </div>
      )}
      {epochs.length > 0 && <EpochTable view={view} />}
    </section>
  );
}

/** The map of one example, which changes while the model learns. */
function Pinned({ view }: Pick<ProgressProps, "view">) {
  const result = view.look?.pinned;
  if (result === undefined) return null;
  return (
    <section class="panel" aria-label="What it looks at">
      <label class="watch">
        <span class="quiet small">Watch this example</span>
        <input
          type="text"
          class="mono"
          defaultValue={result.source}
          disabled={view.phase === "ended"}
          onChange={({ currentTarget }) => watchExample(currentTarget.value)}
        />
      </label>
      {result.attention.length > 0 ? (
        <AttentionView map={result} title={`${result.source} → ${result.output}`} />
      ) : (
        <p class="mono">{result.output === "" ? "(nothing yet)" : result.output}</p>
      )}
    </section>
  );
}

function EpochTable({ view }: Pick<ProgressProps, "view">) {
  return (
    <details>
      <summary>The figures of every epoch</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">epoch</th>
              <th scope="col">loss</th>
              <th scope="col">exact match</th>
              <th scope="col">symbol errors</th>
              <th scope="col">after</th>
            </tr>
          </thead>
          <tbody>
            {view.epochs.map(({ epoch, loss, exactMatch, symbolErrorRate, isBest, seconds }) => (
              <tr key={epoch}>
                <th scope="row">
                  {epoch}
                  {isBest && " (best so far)"}
                </th>
                <td>{loss.toFixed(4)}</td>
                <td>{percent(exactMatch)}</td>
                <td>{percent(symbolErrorRate)}</td>
                <td>{duration(seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
