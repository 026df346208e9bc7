import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface DropAreaProps {
  /** What may be dropped, for people. */
  readonly what: string;
  readonly onFile: (file: File) => void;
  readonly children: ComponentChildren;
}

/** A part of the page that takes a file that is dropped on it. */
export function DropArea({ what, onFile, children }: DropAreaProps) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: every room has a button for the same
    <div
      class={over ? "drop over" : "drop"}
      data-drop={`Drop ${what} here`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget)))
          setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer?.files ?? [];
        if (file !== undefined) onFile(file);
      }}
    >
      {children}
    </div>
  );
}
