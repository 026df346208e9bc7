import type { RoomProps } from "../room.ts";

/** The seed notebook as something to play with. */
export function NotebookRoom(_props: RoomProps) {
  return <h1>The notebook</h1>;
}
