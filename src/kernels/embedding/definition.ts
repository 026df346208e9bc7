import type { Floats } from "../arrays.ts";

/** y[i, :] = table[ids[i], :] */
export function embeddingForward(
  table: Floats,
  ids: Int32Array,
  y: Floats,
  count: number,
  size: number,
): void {
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < size; d++) y[i * size + d] = table[ids[i]! * size + d]!;
  }
}

/** Was y[i, :] = table[ids[i], :], so dTable[ids[i], :] += dy[i, :]. */
export function embeddingBackward(
  ids: Int32Array,
  dy: Floats,
  dTable: Floats,
  count: number,
  size: number,
): void {
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < size; d++) {
      dTable[ids[i]! * size + d] = dTable[ids[i]! * size + d]! + dy[i * size + d]!;
    }
  }
}
