import { useEffect, useState } from "preact/hooks";
import { Failure } from "../../shared/failure.tsx";

export interface CodeProps {
  /** How a program uses it. */
  readonly use: string;
  /** What those call its arrays; empty where they use the same names. */
  readonly names: string;
  /** The functions that compute it, by their names in heed's definitions. */
  readonly functions: readonly string[];
}

/** The code of a section: three lines that use it, and the loops that run, as they stand in heed. */
export function Code({ title, use, names, functions }: CodeProps & { readonly title: string }) {
  const [isOpen, setOpen] = useState(false);
  const [sources, setSources] = useState<readonly string[]>([]);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (!isOpen || sources.length > 0) return;
    // Text that most visitors never open is loaded when one does.
    import("./sources.ts").then(({ definitionOf }) => {
      setSources(functions.map(definitionOf));
    }, setError);
  }, [isOpen, sources, functions]);
  return (
    <details class="code" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Code</summary>
      <Listing label="In a program" {...{ title }} text={use} />
      {names !== "" && <p class="quiet small">In heed's definitions, {names}.</p>}
      {sources.map((text, i) => (
        <Listing
          key={functions[i]}
          label={`${functions[i]}, as heed defines it`}
          {...{ title, text }}
        />
      ))}
      {error !== null && <Failure error={error} />}
    </details>
  );
}

interface ListingProps {
  readonly label: string;
  /** The section's, by which equal labels are told apart. */
  readonly title: string;
  readonly text: string;
}

function Listing({ label, title, text }: ListingProps) {
  return (
    <figure>
      <figcaption class="quiet small">{label}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section tabIndex={0} aria-label={`${title}: ${label}`} class="scroll">
        <pre>{text}</pre>
      </section>
    </figure>
  );
}
