import type { Indices, Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { checkRange } from "./checks.ts";
import { newTensor } from "./layer.ts";
import type { LSTM, LstmStart } from "./lstm.ts";

/** What an LSTM reads: numbers (N, T, D), or symbols (N, T) and the table (V, D) of their numbers. */
export type LstmInputs = Tensor | { readonly table: Tensor; readonly ids: Indices };

/** Where the states of an LSTM go: columns offset … offset + H − 1 of each. */
export interface LstmOutputs {
  /** (N, T, W), or null where the last state is enough. */
  readonly hs: Tensor | null;
  /** (N, W) */
  readonly h: Tensor;
  /** (N, W) */
  readonly c: Tensor;
  readonly offset: number;
}

/**
 * The states of `layer.forward` for those who need no backward pass: no gates are kept, which are many numbers. Of
 * symbols that are fewer than steps, x · Wx + b is computed once for each symbol, which changes none of its bits.
 *
 * Shapes, and whether tensors belong together, are the caller's to see to.
 */
export function lstmStates(
  layer: LSTM,
  inputs: LstmInputs,
  { h, c, lengths, reverse = false }: LstmStart,
  to: LstmOutputs,
): void {
  const [Wx, Wh, b] = layer.params as [Tensor, Tensor, Tensor];
  const [D = 0, gates = 0] = Wx.shape;
  const [N = 0, T = 0] = "ids" in inputs ? inputs.ids.shape : inputs.shape;
  const { kernels } = familyDevice(Wx);
  const weighted = (xs: Tensor, rows: number): Tensor => {
    const zs = newTensor(Wx, [rows, gates]);
    const product = [xs.storage, Wx.storage, b.storage, zs.storage] as const;
    kernels.matmul(...product, rows, gates, D, false, false, false);
    return zs;
  };
  let ids: Indices | null = null;
  let zs: Tensor;
  if ("ids" in inputs) {
    const [V = 0] = inputs.table.shape;
    checkRange("LSTM", "ids", inputs.ids, 0, V - 1);
    if (V <= N * T) {
      ids = inputs.ids;
      zs = weighted(inputs.table, V);
    } else {
      const xs = newTensor(Wx, [N, T, D]);
      const { table, ids: symbols } = inputs;
      kernels.embeddingForward(table.storage, symbols.storage, xs.storage, N * T, D);
      zs = weighted(xs, N * T);
      xs.dispose();
    }
  } else {
    zs = weighted(inputs, N * T);
  }
  const sums = newTensor(Wx, [N, gates]);
  kernels.lstmStates(
    zs.storage,
    ids?.storage ?? null,
    Wh.storage,
    h?.storage ?? null,
    c?.storage ?? null,
    lengths?.storage ?? null,
    to.hs?.storage ?? null,
    to.h.storage,
    to.c.storage,
    sums.storage,
    N,
    T,
    gates / 4,
    to.h.shape[1] ?? 0,
    to.offset,
    reverse,
  );
  zs.dispose();
  sums.dispose();
}
