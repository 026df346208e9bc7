import { writeRoute } from "../../route.ts";
import { download } from "../../shared/download.ts";
import { addModel } from "../../shared/models.ts";
import type { TrainingView } from "./training-state.ts";

interface KeepProps {
  readonly view: TrainingView;
  /** What the model is called in the room where models are read. */
  readonly name: string;
}

/** What can be done with a model while it is trained and after: downloaded, read with, compared with itself. */
export function Keep({ view, name }: KeepProps) {
  const { end, epochs, look } = view;
  const best = end?.model ?? epochs.findLast(({ isBest }) => isBest)?.model ?? null;
  const kept = epochs.filter(({ model }) => model !== null);
  const text = look?.pinned.source ?? "";
  if (best === null) return null;
  const read = (models: Readonly<Record<string, string>>): void => {
    location.hash = writeRoute("read", { ...models, text });
  };
  return (
    <div class="row">
      <button
        type="button"
        onClick={() => download(`${name}.safetensors`, new Blob([new Uint8Array(best)]))}
      >
        Download the model
      </button>
      <button
        type="button"
        onClick={() => {
          offer(name, best);
          read({ model: name });
        }}
      >
        Read with it
      </button>
      {kept.length > 1 && (
        <button
          type="button"
          onClick={() => {
            const names = kept.map(({ epoch }) => `${name}, epoch ${epoch}`);
            for (const [i, each] of names.entries()) offer(each, kept[i]?.model ?? best);
            read({ model: names[0] ?? "", with: names.at(-1) ?? "" });
          }}
        >
          Compare epochs
        </button>
      )}
    </div>
  );
}

/** Adds a model to those that can be read with. */
function offer(key: string, model: Uint8Array): void {
  addModel({ key, label: key, bytes: async () => model });
}
