import type { Scope } from "../../core/scope.ts";
import { sizeOf } from "../../core/shapes.ts";
import type { Storage } from "../../core/storage.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import type { Device } from "../../kernels/device.ts";
import { newTensor } from "../layer.ts";

/** Numbers of a storage that lie in blocks: the first of them, and the distance from one to the next. */
interface Place {
  readonly in: Storage;
  readonly from: number;
  readonly stride: number;
}

/** Copies so many blocks of `length` numbers. */
export function copyBlocks(
  { kernels }: Device,
  x: Place,
  y: Place,
  blocks: number,
  length: number,
): void {
  kernels.copyBlocks(x.in, x.from, x.stride, y.in, y.from, y.stride, blocks, length, false);
}

/** The same numbers in memory of their own. */
export function copied(x: Tensor): Tensor {
  const y = newTensor(x, x.shape);
  familyDevice(x).kernels.copy(x.storage, y.storage, x.size);
  return y;
}

/** Two tensors one behind the other along the last axis but one. */
export function concatenateSteps(first: Tensor, second: Tensor, made: Scope): Tensor {
  const device = familyDevice(first);
  const [outer, a, b] = [outerOf(first), blockOf(first), blockOf(second)];
  const shape = [...first.shape];
  shape[shape.length - 2] = stepsOf(first) + stepsOf(second);
  const whole = made.keep(newTensor(first, shape));
  const from = (part: Tensor, stride: number): Place => ({ in: part.storage, from: 0, stride });
  const to = (start: number): Place => ({ in: whole.storage, from: start, stride: a + b });
  copyBlocks(device, from(first, a), to(0), outer, a);
  copyBlocks(device, from(second, b), to(a), outer, b);
  return whole;
}

/** The undoing of {@link concatenateSteps}, for a first part of so many steps. */
export function splitSteps(
  whole: Tensor,
  steps: number,
  made: Scope,
): [first: Tensor, second: Tensor] {
  const device = familyDevice(whole);
  const part = (count: number): Tensor => {
    const shape = [...whole.shape];
    shape[shape.length - 2] = count;
    return made.keep(newTensor(whole, shape));
  };
  const [first, second] = [part(steps), part(stepsOf(whole) - steps)];
  const [outer, a, b] = [outerOf(whole), blockOf(first), blockOf(second)];
  const from = (start: number): Place => ({ in: whole.storage, from: start, stride: a + b });
  const to = (part: Tensor, stride: number): Place => ({ in: part.storage, from: 0, stride });
  copyBlocks(device, from(0), to(first, a), outer, a);
  copyBlocks(device, from(a), to(second, b), outer, b);
  return [first, second];
}

/**
 * x (N, A, B, size) as y (N, B, A, size): heads that lie side by side as heads one after the other, or back.
 * The rows of y (B, A · size) may lie further apart than they are long, as those of a cache do: so far as
 * `rows` says, and from there on.
 */
export function swapAxes(
  x: Storage,
  y: Storage,
  device: Device,
  [batch, a, b, size]: readonly [number, number, number, number],
  rows: { readonly from: number; readonly stride: number } = { from: 0, stride: a * size },
): void {
  for (let n = 0; n < batch; n++) {
    const start = n * a * b * size;
    const row = (j: number): number => rows.from + (n * b + j) * rows.stride;
    // In as few pieces as there can be: they are contiguous in x, or else in y.
    for (let i = 0; a <= b && i < a; i++) {
      const from = { in: x, from: start + i * b * size, stride: size };
      copyBlocks(device, from, { in: y, from: row(0) + i * size, stride: rows.stride }, b, size);
    }
    for (let j = 0; a > b && j < b; j++) {
      const from = { in: x, from: start + j * size, stride: b * size };
      copyBlocks(device, from, { in: y, from: row(j), stride: size }, a, size);
    }
  }
}

const stepsOf = ({ shape }: Tensor): number => shape.at(-2) ?? 0;
/** Of how many pieces of steps a tensor is made. */
const outerOf = ({ shape }: Tensor): number => sizeOf(shape.slice(0, -2));
/** Numbers of such a piece. */
const blockOf = ({ shape }: Tensor): number => sizeOf(shape.slice(-2));
