import { useState } from "preact/hooks";
import { FileButton } from "../../shared/file-button.tsx";
import {
  addModel,
  isAddress,
  type ModelSource,
  modelAt,
  modelOfFile,
} from "../../shared/models.ts";

interface ModelPickerProps {
  readonly label: string;
  readonly models: readonly ModelSource[];
  /** The key of the one that is shown; empty: none. */
  readonly chosen: string;
  /** What stands for none, where none may be. */
  readonly none?: string;
  readonly onChoose: (key: string) => void;
}

/** Chooses a model: one that there is, a file, or an address. */
export function ModelPicker({ label, models, chosen, none, onChoose }: ModelPickerProps) {
  const [address, setAddress] = useState<string | null>(null);
  const open = (source: ModelSource): void => {
    addModel(source);
    onChoose(source.key);
  };
  return (
    <div class="row">
      <label>
        {label}{" "}
        <select value={chosen} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
          {none !== undefined && <option value="">{none}</option>}
          {models.map(({ key, label: name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <FileButton
        what={`${label}: a file`}
        accept=".safetensors"
        onFile={(file) => open(modelOfFile(file))}
      />
      <button
        type="button"
        aria-expanded={address !== null}
        onClick={() => setAddress(address === null ? "" : null)}
      >
        From an address…
      </button>
      {address !== null && (
        <form
          class="row grow"
          onSubmit={(event) => {
            event.preventDefault();
            if (!isAddress(address)) return;
            open(modelAt(address));
            setAddress(null);
          }}
        >
          <input
            class="grow"
            type="url"
            required
            pattern="https?://.+"
            placeholder="https://…/model.safetensors"
            aria-label={`${label}: its address`}
            value={address}
            onInput={({ currentTarget }) => setAddress(currentTarget.value)}
          />
          <button type="submit">Load</button>
        </form>
      )}
    </div>
  );
}
