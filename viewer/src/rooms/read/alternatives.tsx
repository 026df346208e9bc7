import type { Hypothesis } from "heed";
import { visible } from "../../shared/symbols.ts";
import { type Branch, treeOf } from "./tree.ts";

interface AlternativesProps {
  readonly outputs: readonly Hypothesis[];
  /** Called with the symbols up to and with the piece that was chosen. */
  readonly onChoose: (path: readonly string[]) => void;
}

/** The outputs of a beam as a tree; a piece that is chosen is decoded on from. */
export function Alternatives({ outputs, onChoose }: AlternativesProps) {
  return (
    <section class="panel" aria-label="Alternatives">
      <h3>Alternatives</h3>
      <p class="quiet small">
        {outputs.length > 1
          ? "What else the model would write, and how probable it is. Choose a piece to decode on from it."
          : "A beam of more than 1 shows what else the model would write."}
      </p>
      {outputs.length > 1 && (
        <div class="scroll">
          <Branches branches={treeOf(outputs)} onChoose={onChoose} />
        </div>
      )}
    </section>
  );
}

interface BranchesProps extends Pick<AlternativesProps, "onChoose"> {
  readonly branches: readonly Branch[];
}

function Branches({ branches, onChoose }: BranchesProps) {
  return (
    <ul class="tree">
      {branches.map((branch) => (
        <li key={JSON.stringify(branch.path)}>
          <button type="button" class="piece mono" onClick={() => onChoose(branch.path)}>
            {branch.symbols.length === 0 ? "end" : visible(branch.symbols)}
            <span class="share">{percent(branch.probability)}</span>
          </button>
          {branch.branches.length > 0 && (
            <Branches branches={branch.branches} onChoose={onChoose} />
          )}
        </li>
      ))}
    </ul>
  );
}

/** `99.7 %`, `0.02 %`: with digits where it takes them. */
export function percent(share: number): string {
  const digits = share > 0 && share < 0.001 ? 3 : 1;
  return `${(100 * share).toFixed(digits)} %`;
}
