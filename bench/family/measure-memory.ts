import { Child } from "../child.ts";
import { nodeCommand } from "../contenders.ts";
import type { Options } from "../options.ts";
import { type FamilyCall, inputLengths, MEMORY_CALL, resultLengths } from "./calls.ts";
import type { MemoryResult } from "./results.ts";
import { inputsOf } from "./truth.ts";

/** Arguments of contenders/heed.ts before and after the number of threads. */
const DEVICES = [
  { name: "native", simd: [] },
  { name: "wasm", simd: ["relaxed"] },
];

/** Takes next to no time and memory: what an engine compiles, it compiles on this. */
const SMALL: FamilyCall = { ...MEMORY_CALL, queries: 64, steps: 64 };

/** What a long call holds beside its tensors: fresh processes with the call and with the tensors alone. */
export async function measureMemory(options: Options): Promise<MemoryResult[]> {
  const lengths = [...inputLengths(MEMORY_CALL), ...resultLengths(MEMORY_CALL)];
  const tensors = 4 * lengths.reduce((a, b) => a + b);
  const results: MemoryResult[] = [];
  for (const { name, simd } of DEVICES) {
    for (const threads of options.threads) {
      const [alone, during]: [number[], number[]] = [[], []];
      for (let round = 0; round < options.rounds; round++) {
        const args = [name, String(threads), ...simd];
        alone.push(await peakOf(options.node, args, "tensors only"));
        during.push(await peakOf(options.node, args, "heads first"));
      }
      results.push({ device: [name, ...simd].join(" "), threads, tensors, alone, during });
    }
  }
  return results;
}

async function peakOf(node: string, args: readonly string[], way: string): Promise<number> {
  const child = await Child.start(nodeCommand(node, "heed.ts", args));
  try {
    await child.ask({ do: "family", call: SMALL, only: "heads first" });
    await child.ask({ do: "time", way: "heads first", seconds: 0.2 });
    await child.ask({ do: "release" });
    const inputs = await inputsOf(MEMORY_CALL);
    const { ways } = await child.ask({ do: "family", call: MEMORY_CALL, inputs, only: way });
    const [made] = ways as { failed?: string }[];
    if (made?.failed !== undefined) throw new Error(made.failed);
    // The call was made once, so that what it holds is there; the peak is that of the next.
    await child.ask({ do: "memory", anew: true });
    await child.ask({ do: "time", way, seconds: 0 });
    return Number((await child.ask({ do: "memory" }))["peak"]);
  } finally {
    child.close();
  }
}
