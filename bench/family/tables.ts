import { countThreads, nameOf } from "../contenders.ts";
import type { Who } from "../results.ts";
import { median, medianRatio } from "../statistics.ts";
import { formatNumber, type Table } from "../tables.ts";
import { COST_GROUPS, DECODING_CALLS, inputLengths, WINDOW, WINDOW_GROUPS } from "./calls.ts";
import type { AccuracyRun, CallResult, CallRun, MemoryRun } from "./results.ts";

/** Contenders of a run, by name. */
function namesOf({ calls }: CallRun): string[] {
  return [...new Set(calls.map(({ who }) => nameOf(who)))];
}

/** A contender's rounds of a call; none where it was not timed. */
export function roundsOf(
  run: CallRun,
  name: string,
  group: string,
  call: string,
): readonly number[] {
  const mine = (each: CallResult): boolean =>
    nameOf(each.who) === name && each.group === group && each.call === call;
  return run.calls.find(mine)?.rounds ?? [];
}

/** heed's names in a run: "native" and "wasm relaxed" in the order of the run. */
export function heedIn({ calls }: CallRun): { readonly name: string; readonly who: Who }[] {
  const names = new Map(
    calls.filter(({ who }) => who.name === "heed").map(({ who }) => [nameOf(who), who]),
  );
  return [...names].map(([name, who]) => ({ name, who }));
}

/** Milliseconds of every call and how many times those of the plain one, which is the group's first. */
export function costTable(run: CallRun, title: string): Table {
  const group = COST_GROUPS.find((each) => each.title === title);
  const names = namesOf(run);
  const plain = group?.calls[0]?.name ?? "";
  return {
    head: [title, ...names.flatMap((name) => [`${name}, ms`, `× ${plain}`])],
    rows: (group?.calls ?? []).map(({ name: call }) => [
      call,
      ...names.flatMap((name) => {
        const rounds = roundsOf(run, name, title, call);
        const ratio = medianRatio(rounds, roundsOf(run, name, title, plain));
        return [formatNumber(median(rounds)), formatNumber(ratio)];
      }),
    ]),
  };
}

/** Groups of {@link COST_GROUPS}, in order. */
export const COST_TITLES = COST_GROUPS.map(({ title }) => title);

/** Microseconds per query of the window and of all keys before, as T grows. */
export function windowTable(run: CallRun): Table {
  const names = namesOf(run);
  const columns = names.flatMap((name) => [
    { name, call: "window", head: `${name}, ${WINDOW} keys` },
    { name, call: "causal", head: `${name}, all before` },
  ]);
  return {
    head: ["T: µs per query", ...columns.map(({ head }) => head)],
    rows: WINDOW_GROUPS.map(({ title: T }) => [
      T,
      ...columns.map(({ name, call }) => formatNumber(microsecondsPerQuery(run, name, T, call))),
    ]),
  };
}

/** Of a call of the window's groups. */
export function microsecondsPerQuery(run: CallRun, name: string, T: string, call: string): number {
  return (1000 * median(roundsOf(run, name, T, call))) / Number(T);
}

/** Microseconds of a decoding step, and GB/s of keys and values that it reads. */
export function decodingTable(run: CallRun): Table {
  return {
    head: ["µs · GB/s", ...DECODING_CALLS.map(({ name }) => name)],
    rows: namesOf(run).map((name) => [
      name,
      ...DECODING_CALLS.map((call) => {
        const microseconds = 1000 * median(roundsOf(run, name, "", call.name));
        const [, keys] = inputLengths(call);
        return [microseconds, (2 * 4 * keys) / microseconds / 1000].map(formatNumber).join(" · ");
      }),
    ]),
  };
}

/** Megabytes on every device: of the tensors, and of what the call holds beside them. */
export function memoryTable({ devices }: MemoryRun): Table {
  return {
    head: ["heed", "tensors, MB", "beside them, MB"],
    rows: devices.map((each) => [
      `${each.device}, ${countThreads(each.threads)}`,
      formatNumber(each.tensors / 1e6),
      formatNumber(Math.max(0, megabytesBeside(each))),
    ]),
  };
}

/** The median of what a call holds beyond its tensors. */
export function megabytesBeside({ during, alone }: MemoryRun["devices"][number]): number {
  return (median(during) - median(alone)) / 1e6;
}

/** What of a call's results is which. */
const RESULTS = ["context", "dQuery", "dKeys", "dValues"];

/** Who is held against PyTorch. */
export const JUDGED = ["heed native", "heed wasm relaxed", "heed wasm simd128"];

/** Up to here errors are the same to two digits. */
const LEVEL = 1.005;

/** A contender's errors over PyTorch's, of every call that both computed. */
export function errorRatios({ points }: AccuracyRun, who: string) {
  const theirs = points.filter((point) => point.who === "PyTorch");
  return points
    .filter((point) => point.who === who)
    .flatMap((ours) => {
      const { T, size, logits, causal } = ours;
      const peer = theirs.find(
        (each) =>
          each.T === T && each.size === size && each.logits === logits && each.causal === causal,
      );
      return ours.errors.map((error, i) => ({
        T,
        size,
        logits,
        causal,
        result: RESULTS[i] ?? "",
        error,
        ratio: error / (peer?.errors[i] ?? Number.NaN),
      }));
    });
}

/** The largest errors over all lengths, head sizes and masks, of every result at every size of the scores. */
export function errorTable(run: AccuracyRun): Table {
  const names = [...JUDGED, "PyTorch"];
  const rows = [...new Set(run.points.map(({ logits }) => logits))].flatMap((logits) =>
    RESULTS.map((result, i) => [
      `${result}, scores of ${logits}`,
      ...names.map((name) => {
        const mine = run.points.filter((each) => each.who === name && each.logits === logits);
        return Math.max(...mine.map(({ errors }) => errors[i] ?? Number.NaN)).toExponential(1);
      }),
    ]),
  );
  return { head: ["largest error", ...names], rows };
}

/** heed's error over PyTorch's, at every length and head size: of the results the middle … the worst. */
export function errorRatioTable(run: AccuracyRun): Table {
  const sizes = [...new Set(run.points.map(({ size }) => size))];
  const lengths = [...new Set(run.points.map(({ T }) => T))];
  return {
    head: [
      "error / PyTorch's",
      ...JUDGED.flatMap((who) => sizes.map((size) => `${short(who)} ${size}`)),
    ],
    rows: lengths.map((T) => [
      `T ${T}`,
      ...JUDGED.flatMap((who) => {
        const ratios = errorRatios(run, who).filter((each) => each.T === T);
        return sizes.map((size) => {
          const mine = ratios.filter((each) => each.size === size).map(({ ratio }) => ratio);
          return `${median(mine).toFixed(2)} … ${Math.max(...mine).toFixed(2)}`;
        });
      }),
    ]),
  };
}

function short(who: string): string {
  return who.replace("heed ", "").replace("wasm ", "");
}

/** Where heed's error is above PyTorch's: how often, by how much at most, and where that is. */
export function aboveTable(run: AccuracyRun): Table {
  return {
    head: ["", "at or under PyTorch's", "largest ratio", "where"],
    rows: JUDGED.map((who) => {
      const ratios = errorRatios(run, who);
      const under = ratios.filter(({ ratio }) => ratio < LEVEL).length;
      const [worst] = ratios.toSorted((a, b) => b.ratio - a.ratio);
      return [
        who,
        `${under} of ${ratios.length}`,
        worst === undefined ? "–" : worst.ratio.toFixed(2),
        worst === undefined
          ? "–"
          : `${worst.result}, T ${worst.T}, head size ${worst.size}, scores of ${worst.logits}${worst.causal ? ", causal" : ""}`,
      ];
    }),
  };
}
