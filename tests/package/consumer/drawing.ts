// What a stranger draws: in Node strings alone, in the page all of it.
import { DataError } from "heed";
import {
  attentionToCsv,
  attentionToHtml,
  attentionToSvg,
  type MountedMap,
  mountAttentionMap,
} from "heed/plot";

export interface Drawn {
  readonly csv: string;
  readonly svg: boolean;
  readonly html: boolean;
  /** Whether an error that heed/plot throws is of the class that heed exports. */
  readonly refused: boolean;
  /** What the first cell says in a page; "refused" where there is none. */
  readonly mounted: string;
}

const map = { sourceSymbols: ["a", "b"], outputSymbols: ["A"], attention: [[0.25, 0.75]] };

export function draw(): Drawn {
  return {
    csv: attentionToCsv(map),
    svg: attentionToSvg(map).startsWith("<svg "),
    html: attentionToHtml(map).startsWith("<!doctype html>"),
    refused: refuses(() => attentionToSvg(map, { title: "t", theme: "pink" as "light" })),
    mounted: mount(),
  };
}

function mount(): string {
  let said = "";
  const refused = refuses(() => {
    const mounted: MountedMap = mountAttentionMap(globalThis.document?.body, map);
    mounted.select({ row: 0, column: 0 });
    said = document.querySelector(".heed-readout p")?.textContent ?? "";
  });
  return refused ? "refused" : said;
}

function refuses(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof DataError;
  }
}
