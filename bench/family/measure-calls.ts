import { rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../cache.ts";
import type { Running } from "../contenders.ts";
import { wrong } from "../measure-attention.ts";
import type { Options } from "../options.ts";
import { type Timed, timeInTurn } from "../rounds.ts";
import type { FamilyCall, Group } from "./calls.ts";
import type { Layout } from "./layout.ts";
import type { CallResult } from "./results.ts";
import { errorsOf, inputsOf, truthOf } from "./truth.ts";

/** Queries and keys of the small call that is held against the definition: a few blocks and a tail. */
const SMALL = 200;

/** All calls of a group by all who can make them, in turn. */
export async function measureGroup(
  { title, calls }: Group,
  running: readonly Running[],
  options: Options,
): Promise<CallResult[]> {
  const timed: (CallResult & Timed)[] = [];
  const refused: CallResult[] = [];
  for (const call of calls) {
    for (const contender of running) {
      const { who, child } = contender;
      // The kernel takes both layouts; heads that come out of a projection lie side by side.
      const only = who.name === "heed" ? layoutOf(call) : undefined;
      for (const { way, errors, refused: why } of await judge(call, contender, only)) {
        const rounds: number[] = [];
        const result = { who, group: title, call: call.name, errors, rounds, refused: why };
        if (why !== null) {
          refused.push(result);
          continue;
        }
        const prefix = `${call.name}: `;
        const inputs = await inputsOf(call);
        await child.ask({ do: "family", call, inputs, only: way, prefix });
        timed.push({ ...result, child, key: prefix + way, owner: null });
      }
    }
  }
  await timeInTurn(timed, [], options);
  for (const { child } of running) await child.ask({ do: "release" });
  const measured = timed.map(({ who, group, call, errors, rounds }) => {
    return { who, group, call, errors, rounds, refused: null };
  });
  return [...measured, ...refused];
}

function layoutOf({ cached }: FamilyCall): Layout {
  return cached ? "heads first" : "side by side";
}

type Judged = Pick<CallResult, "errors" | "refused"> & { readonly way: string };

/** The ways of a contender, their results held against the definition at small sizes. */
async function judge(
  call: FamilyCall,
  { who, child }: Running,
  only: string | undefined,
): Promise<Judged[]> {
  const small = {
    ...call,
    batch: Math.min(call.batch, 2),
    queries: Math.min(call.queries, SMALL),
    steps: call.cached ? call.steps : Math.min(call.steps, SMALL),
    // A window that is longer than what is left would be none.
    ...(call.window === undefined ? {} : { window: Math.min(call.window, SMALL / 4) }),
  };
  const [inputs, truth] = [await inputsOf(small), await truthOf(small)];
  const results = join(CACHE, "results");
  const { ways } = await child.ask({ do: "family", call: small, inputs, only, results });
  const judged = (ways as { way: string; results?: string; failed?: string }[]).map((made) => {
    const { way, failed = null } = made;
    if (made.results === undefined) return { way, errors: UNKNOWN, refused: failed };
    const errors = errorsOf(small, made.results, truth);
    rmSync(made.results);
    return { way, errors, refused: wrong(who.name, small.steps, errors) };
  });
  return judged;
}

const UNKNOWN = { forward: Number.NaN, backward: Number.NaN };
