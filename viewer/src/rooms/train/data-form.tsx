import type { Tokens } from "heed";
import type { SampleSet } from "../../engine/sample-sets.ts";
import { FileButton } from "../../shared/file-button.tsx";

/** Where the visitor takes pairs from, as the form has it. */
export interface DataChoice {
  /** A set that the page makes up, or the visitor's own. */
  readonly set: SampleSet | "own";
  readonly text: string;
  /** Of the visitor's own: the file's name. */
  readonly file: string;
  readonly columns: string;
  readonly targetTokens: Tokens | "auto";
}

/** What the form begins with. */
export const FIRST_CHOICE: DataChoice = {
  set: "dates",
  text: "",
  file: "pairs.tsv",
  columns: "",
  targetTokens: "auto",
};

const SETS: Readonly<Record<DataChoice["set"], string>> = {
  dates: "Dates → ISO: 12,000 in 31 ways of writing",
  roman: "Roman numerals → numbers: 1 to 3,999",
  words: "Numbers in words → digits: 1 to 9,999",
  own: "Your own pairs",
};

const TOKENS: Readonly<Record<DataChoice["targetTokens"], string>> = {
  auto: "characters",
  chars: "characters (graphemes)",
  codepoints: "code points",
  spaces: "words between spaces (phonemes)",
  tags: "tags between semicolons",
};

interface DataFormProps {
  readonly choice: DataChoice;
  readonly onChange: (choice: DataChoice) => void;
}

/** Chooses the pairs to learn from. */
export function DataForm({ choice, onChange }: DataFormProps) {
  return (
    <>
      <label>
        Pairs{" "}
        <select
          value={choice.set}
          onChange={({ currentTarget }) => {
            onChange({ ...choice, set: keyOf(SETS, currentTarget.value) });
          }}
        >
          {keysOf(SETS).map((set) => (
            <option key={set} value={set}>
              {SETS[set]}
            </option>
          ))}
        </select>
      </label>
      {choice.set === "own" && (
        <div class="own">
          <label>
            <span class="quiet small">
              One pair a line: source, tab, target. Paste them, drop a file on the page, or open
              one.
            </span>
            <textarea
              class="mono"
              rows={8}
              spellcheck={false}
              placeholder={"june 27, 1990\t1990-06-27"}
              value={choice.text}
              onInput={({ currentTarget }) => onChange({ ...choice, text: currentTarget.value })}
            />
          </label>
          <div class="row">
            <FileButton
              what="A file of pairs"
              accept=".tsv,.txt,text/tab-separated-values,text/plain"
              onFile={async (file) => onChange(await withFile(choice, file))}
            />
            <label>
              Columns{" "}
              <input
                type="text"
                size={6}
                placeholder="1,2"
                pattern="\d+,\d+"
                title="The columns of source and target, as 1,2; empty where there are just two"
                value={choice.columns}
                onInput={({ currentTarget }) => {
                  onChange({ ...choice, columns: currentTarget.value });
                }}
              />
            </label>
            <label>
              Targets are{" "}
              <select
                value={choice.targetTokens}
                onChange={({ currentTarget }) => {
                  onChange({ ...choice, targetTokens: keyOf(TOKENS, currentTarget.value) });
                }}
              >
                {keysOf(TOKENS).map((tokens) => (
                  <option key={tokens} value={tokens}>
                    {TOKENS[tokens]}
                  </option>
                ))}
              </select>
            </label>
          </div>
        </div>
      )}
    </>
  );
}

/** The choice with the pairs of a file. */
export async function withFile(choice: DataChoice, file: File): Promise<DataChoice> {
  return { ...choice, set: "own", text: await file.text(), file: file.name };
}

function keysOf<Key extends string>(names: Readonly<Record<Key, string>>): Key[] {
  return Object.keys(names) as Key[];
}

function keyOf<Key extends string>(names: Readonly<Record<Key, string>>, value: string): Key {
  const [first] = keysOf(names);
  return keysOf(names).find((key) => key === value) ?? (first as Key);
}
