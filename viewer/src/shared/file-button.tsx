import { useRef } from "preact/hooks";

interface FileButtonProps {
  /** What the file is, for who does not see where the button stands. */
  readonly what: string;
  /** Endings and types, as an input has them. */
  readonly accept: string;
  readonly onFile: (file: File) => void;
}

/** A button that asks for a file. */
export function FileButton({ what, accept, onFile }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        Open a file…
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={what}
        onChange={({ currentTarget }) => {
          const [first] = currentTarget.files ?? [];
          if (first !== undefined) onFile(first);
          // So that the same file can be opened anew.
          currentTarget.value = "";
        }}
      />
    </>
  );
}
