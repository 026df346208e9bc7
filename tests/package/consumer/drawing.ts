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
  /** The name of an error that heed/plot threw, and whether it is of the class that heed exports. */
  readonly refusal: readonly [string, boolean];
  /** What the first cell says in a page; the name of the refusal where there is none. */
  readonly mounted: string;
}

const map = { sourceSymbols: ["a", "b"], outputSymbols: ["A"], attention: [[0.25, 0.75]] };

export function draw(): Drawn {
  return {
    csv: attentionToCsv(map),
    svg: attentionToSvg(map).startsWith("<svg "),
    html: attentionToHtml(map).startsWith("<!doctype html>"),
    refusal: refused(() => attentionToSvg(map, { title: "t", theme: "pink" as "light" })),
    mounted: mount(),
  };
}

function mount(): string {
  try {
    const mounted: MountedMap = mountAttentionMap(globalThis.document?.body, map);
    mounted.select({ row: 0, column: 0 });
    return document.querySelector(".heed-readout p")?.textContent ?? "";
  } catch (error) {
    return (error as Error).name;
  }
}

function refused(run: () => void): [string, boolean] {
  try {
    run();
  } catch (error) {
    return [(error as Error).name, error instanceof DataError];
  }
  return ["nothing", false];
}
