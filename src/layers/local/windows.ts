import type { Scope } from "../../core/scope.ts";
import { Indices, type Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { newTensor } from "../layer.ts";

/**
 * The keys that each query meets, one run of up to `width` steps a query, so that work and memory grow
 * with the window and not with the sequence.
 */
export interface Windows {
  /** N · Tq: one window each. */
  readonly rows: number;
  readonly width: number;
  /** Tk */
  readonly steps: number;
  /** (rows): how many steps of the window there are; what lies behind is not read. */
  readonly counts: Indices;
  /** (rows, width): the row of (N · Tk) of each step, and the element of (N · Tq, Tk). */
  readonly ids: Indices;
  readonly elements: Indices;
  /** (rows): the centre, counted from the window's first step. */
  readonly centres: Tensor;
}

/**
 * The steps within `window` of the centres (N, Tq), of sequences as long as lengths say.
 *
 * @param data the numbers of the centres
 */
export function windowsAround(
  centres: Tensor,
  data: ArrayLike<number>,
  window: number,
  lengths: Int32Array,
  steps: number,
  scope: Scope,
): Windows {
  const [N, Tq] = centres.shape as [number, number];
  const rows = N * Tq;
  const width = Math.min(2 * window + 1, steps);
  const counts = new Int32Array(rows);
  const [ids, elements] = [new Int32Array(rows * width), new Int32Array(rows * width)];
  const relative = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const n = Math.floor(row / Tq);
    const [centre, length] = [data[row]!, lengths[n]!];
    // A centre that is NaN has no window, but is to reach the output: any will do.
    const first = Number.isNaN(centre) ? 0 : Math.max(Math.ceil(centre - window), 0);
    const last = Number.isNaN(centre) ? width - 1 : Math.floor(centre + window);
    counts[row] = Math.max(Math.min(last, length - 1) - first + 1, 0);
    relative[row] = centre - first;
    for (let j = 0; j < width; j++) {
      const step = Math.min(first + j, steps - 1);
      ids[row * width + j] = n * steps + step;
      elements[row * width + j] = row * steps + step;
    }
  }
  const { device } = centres;
  const keep = (data: Int32Array): Indices => {
    const storage = device.allocate("int32", data.length);
    storage.write(data);
    return scope.keep(new Indices(device, storage, [data.length]));
  };
  const around = scope.keep(newTensor(centres, [rows]));
  around.storage.write(relative);
  const [kept, rowsOfKeys, places] = [keep(counts), keep(ids), keep(elements)];
  return { rows, width, steps, counts: kept, ids: rowsOfKeys, elements: places, centres: around };
}

/** x (N, Tk, size) as (rows, width, size). */
export function gather(x: Tensor, { rows, width, ids }: Windows, scope: Scope): Tensor {
  const size = x.shape[2] ?? 0;
  const y = scope.keep(newTensor(x, [rows, width, size]));
  familyDevice(x).kernels.embeddingForward(x.storage, ids.storage, y.storage, rows * width, size);
  return y;
}

/** The gradient of {@link gather}: a step's is the sum over the windows that it is in. */
export function gatherBackward(like: Tensor, { rows, width, ids }: Windows, dy: Tensor): Tensor {
  const dx = newTensor(like, like.shape);
  const { kernels } = familyDevice(like);
  kernels.fill(dx.storage, 0, dx.size);
  const size = like.shape[2] ?? 0;
  kernels.embeddingBackward(ids.storage, dy.storage, dx.storage, rows * width, size);
  return dx;
}

/** Weights (rows, width) as (N, Tq, Tk), 0 outside of the windows. */
export function spread(weights: Tensor, windows: Windows, shape: readonly number[]): Tensor {
  const { rows, width, elements } = windows;
  const all = newTensor(weights, shape);
  const { kernels } = familyDevice(weights);
  kernels.fill(all.storage, 0, all.size);
  kernels.embeddingBackward(elements.storage, weights.storage, all.storage, rows * width, 1);
  return all;
}

/** The gradient of {@link spread}: 0 behind the counts, whatever stands there. */
export function spreadBackward(dAll: Tensor, windows: Windows, scope: Scope): Tensor {
  const { rows, width, elements, counts } = windows;
  const d = scope.keep(newTensor(dAll, [rows, width]));
  const { kernels } = familyDevice(dAll);
  kernels.embeddingForward(dAll.storage, elements.storage, d.storage, rows * width, 1);
  kernels.maskSteps(d.storage, counts.storage, d.storage, rows, width, 1);
  return d;
}
