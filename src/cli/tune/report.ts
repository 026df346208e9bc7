import { WorkError } from "../errors.ts";
import { count, duration, percent, print } from "../output.ts";
import { quoted } from "../run/run-directory.ts";
import { table } from "./table.ts";
import type { Trial } from "./trial.ts";

/**
 * Prints how trials went, in the order given, and what to call to train the first of them in full.
 *
 * @param callOf the words that train with the settings of a trial
 * @throws WorkError when some failed and none was ever measured
 */
export async function report(
  trials: readonly Trial[],
  callOf: (trial: Trial) => readonly string[],
  json: boolean,
): Promise<void> {
  const winner = trials.find(({ best }) => best !== null);
  const command = winner === undefined ? null : callOf(winner).map(quoted).join(" ");
  if (json) {
    await print(`${JSON.stringify({ runs: trials.map(record), command }, null, 2)}\n`);
  } else {
    await print(table([titles(trials), ...trials.map(cells)]));
    if (command !== null) await print(`\nTo train the first in full:\n  ${command}\n`);
  }
  if (winner === undefined && trials.some(({ state }) => state === "failed")) {
    throw new WorkError({
      where: "heed tune",
      expected: "a combination that can be trained",
      received: `none of ${count(trials.length)}`,
    });
  }
}

function record({ choice, run, best, seconds, rounds, note }: Trial): Record<string, unknown> {
  return {
    settings: choice.settings,
    exactMatch: best?.exactMatch ?? null,
    symbolErrorRate: best?.symbolErrorRate ?? null,
    epoch: best?.epoch ?? null,
    seconds,
    rounds,
    ended: note,
    run,
  };
}

function titles([first]: readonly Trial[]): string[] {
  const settings = Object.keys(first?.choice.settings ?? {});
  return [...settings, "exact match", "symbol errors", "epoch", "trained", "ended"];
}

function cells({ choice, best, seconds, note }: Trial): string[] {
  const measured =
    best === null
      ? ["–", "–", "–"]
      : [percent(best.exactMatch), percent(best.symbolErrorRate), String(best.epoch)];
  return [...Object.values(choice.settings), ...measured, duration(seconds), note];
}
