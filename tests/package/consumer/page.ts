// The page of the browser test: runs the program and tells the server what came of it.
import { attendEverywhere } from "./program.ts";

const answer = await attendEverywhere().then(
  (outcomes) => ({ outcomes, isolated: globalThis.crossOriginIsolated }),
  (error: unknown) => ({ error: String(error) }),
);
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
