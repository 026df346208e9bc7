import { goalLines } from "../goals.ts";
import { notes } from "../print.ts";
import type { Results } from "../results.ts";
import { formatTable, shapeTable } from "../tables.ts";
import { type FamilyRuns, familyGoals } from "./goals.ts";
import type { Provenance } from "./results.ts";
import {
  aboveTable,
  COST_TITLES,
  costTable,
  decodingTable,
  errorRatioTable,
  errorTable,
  memoryTable,
  windowTable,
} from "./tables.ts";

/** Text for every marker of the page's section about the family for which there are results. */
export function familyParts(runs: FamilyRuns): Record<string, string> {
  const { heads, causal, costs, window, decoding, memory, accuracy } = runs;
  const parts: Record<string, string> = {};
  const add = (name: string, run: Provenance, ...texts: string[]): void => {
    parts[name] = [source(run), ...texts].join("\n\n");
  };
  const goals = familyGoals(runs);
  if (goals.length > 0) parts["family-goals"] = formatTable(goalLines(goals));
  if (heads !== null) add("family-heads", heads, headsText(heads));
  if (causal !== null) add("family-causal", causal, headsText(causal));
  if (costs !== null) {
    add("family-costs", costs, ...COST_TITLES.map((title) => formatTable(costTable(costs, title))));
  }
  if (window !== null) add("family-window", window, formatTable(windowTable(window)));
  if (decoding !== null) add("family-decoding", decoding, formatTable(decodingTable(decoding)));
  if (memory !== null) add("family-memory", memory, formatTable(memoryTable(memory)));
  if (accuracy !== null) {
    const tables = [aboveTable, errorRatioTable, errorTable];
    add("accuracy", accuracy, ...tables.map((table) => formatTable(table(accuracy))));
  }
  return parts;
}

function source({ date, machine, command }: Provenance): string {
  return `${date}, ${machine}; \`${command}\`.`;
}

function headsText(results: Results): string {
  const calls = [...new Set(results.attention.map(({ shape }) => shape))];
  const tables = calls.map((call) => formatTable(shapeTable(results, call)));
  return [...tables, ...notes(results)].join("\n\n");
}
