import type { FamilyCall } from "./calls.ts";

/** How heads lie: (N, H, T, D), or (N, T, H · D). */
export type Layout = "heads first" | "side by side";

/** Heads that lie one after the other, (N, H, T, D), side by side: (N, T, H · D). Or back. */
export function sideBySide<Numbers extends Float32Array | Float64Array>(
  data: Numbers,
  { batch, heads, size }: Pick<FamilyCall, "batch" | "heads" | "size">,
  forth: boolean,
): Numbers {
  const steps = data.length / (batch * heads * size);
  const result = data.slice() as Numbers;
  for (let n = 0; n < batch; n++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < steps; t++) {
        const first = ((n * heads + h) * steps + t) * size;
        const side = ((n * steps + t) * heads + h) * size;
        const [from, to] = forth ? [first, side] : [side, first];
        result.set(data.subarray(from, from + size), to);
      }
    }
  }
  return result;
}
