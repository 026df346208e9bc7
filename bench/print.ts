import { nameOf } from "./contenders.ts";
import { goalTable } from "./goals.ts";
import { isQuiet } from "./measure-ceilings.ts";
import type { Results } from "./results.ts";
import { SHAPE_NAMES } from "./shapes.ts";
import {
  ceilingTable,
  formatTable,
  overview,
  shapeTable,
  shapeTitle,
  startTable,
  type Table,
  trainingTable,
  waysTable,
} from "./tables.ts";

/** A run's results, as text with Markdown tables. */
export function formatResults(results: Results): string {
  const parts: string[] = [];
  const add = (title: string, table: Table): void => {
    if (table.rows.length > 0) parts.push(`${title}\n\n${formatTable(table)}`);
  };
  add("The machine's ceilings", ceilingTable(results));
  for (const shape of SHAPE_NAMES) add(shapeTitle(shape), shapeTable(results, shape));
  add("Every shape, each contender's best way", overview(results));
  add("Every way of those who have several", waysTable(results));
  add("The date model", trainingTable(results));
  add("A fresh process", startTable(results));
  if (results.download !== null) {
    const { minified, gzipped } = results.download;
    parts.push(`Download to run a trained model: ${gzipped} bytes (gzip), ${minified} before`);
  }
  parts.push(`Goals\n\n${formatTable(goalTable(results))}`);
  parts.push(...notes(results));
  parts.unshift(provenance(results));
  return `${parts.join("\n\n")}\n`;
}

/** When, where and how it was measured, and who took part. */
export function provenance({ date, machine, cores, command, details }: Results): string {
  const names = [...new Set(Object.values(details))].filter((name) => !name.startsWith("heed"));
  return `${date}, ${machine}, ${cores} cores; \`${command}\`. With ${names.join("; ")}.`;
}

/** Who was not timed, and why. */
export function notes(results: Results): string[] {
  const { attention, training, absent } = results;
  const shapes = [...new Set(results.ceilings.map(({ shape }) => shape))];
  const loud = shapes.flatMap((shape) => {
    const ceilings = results.ceilings.filter((each) => each.shape === shape);
    const rounds = Math.max(0, ...ceilings.map((each) => each.rounds.length));
    const disturbed = Array.from({ length: rounds }, (_, i) => !isQuiet(ceilings, i));
    const count = disturbed.filter(Boolean).length;
    return count > 0 ? [`${shape}: ${count} of ${rounds} rounds`] : [];
  });
  const wrong = [...attention, ...training]
    .filter(({ refused }) => refused !== null)
    .map((each) => {
      const at = "shape" in each ? ` at ${each.shape}` : "";
      return `- ${nameOf(each.who)}, ${each.way}${at}: ${each.refused}`;
    });
  const gone = absent.map(({ name, reason }) => `- ${name}: ${reason}`);
  return [
    ...(loud.length > 0
      ? [
          `Others computed on this machine meanwhile; several threads got less than their share. ${loud.join(", ")}.`,
        ]
      : []),
    ...unsteady(results),
    ...(wrong.length > 0 ? [`Not timed:\n\n${wrong.join("\n")}`] : []),
    ...(gone.length > 0 ? [`Absent:\n\n${gone.join("\n")}`] : []),
  ];
}

/** Best ways whose rounds differ by more than this are no measure of anybody. */
const STEADY = 2;

/** Who was disturbed within the rounds: threads that wait for each other suffer most. */
function unsteady({ attention, training }: Results): string[] {
  const spread = ({ rounds }: { readonly rounds: readonly number[] }): number =>
    rounds.length < 2 ? 1 : Math.max(...rounds) / Math.min(...rounds);
  const names = [...attention, ...training]
    .filter((each) => spread(each) > STEADY)
    .map((each) => {
      const at = "shape" in each ? ` at ${each.shape}` : "";
      return `- ${nameOf(each.who)}, ${each.way}${at}: ${spread(each).toFixed(1)} ×`;
    });
  return names.length > 0
    ? [`Slowest round against fastest, where that is more than ${STEADY} ×:\n\n${names.join("\n")}`]
    : [];
}
