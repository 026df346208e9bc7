import type { Scope } from "../../core/scope.ts";
import type { Storage } from "../../core/storage.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import type { Device } from "../../kernels/device.ts";
import { newTensor } from "../layer.ts";

/** y[yOffset + i · yStride + j] = x[xOffset + i · xStride + j] for i < blocks, j < length. */
export function copyBlocks(
  { kernels }: Device,
  x: Storage,
  xOffset: number,
  xStride: number,
  y: Storage,
  yOffset: number,
  yStride: number,
  blocks: number,
  length: number,
): void {
  for (let i = 0; i < blocks; i++) {
    const from = x.slice(xOffset + i * xStride, length);
    const to = y.slice(yOffset + i * yStride, length);
    kernels.copy(from, to, length);
    from.release();
    to.release();
  }
}

/** Two tensors one behind the other along the last axis but one. */
export function concatenateSteps(first: Tensor, second: Tensor, made: Scope): Tensor {
  const device = familyDevice(first);
  const [outer, a, b] = [outerOf(first), blockOf(first), blockOf(second)];
  const shape = [...first.shape];
  shape[shape.length - 2] = stepsOf(first) + stepsOf(second);
  const whole = made.keep(newTensor(first, shape));
  copyBlocks(device, first.storage, 0, a, whole.storage, 0, a + b, outer, a);
  copyBlocks(device, second.storage, 0, b, whole.storage, a, a + b, outer, b);
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
  copyBlocks(device, whole.storage, 0, a + b, first.storage, 0, a, outer, a);
  copyBlocks(device, whole.storage, a, a + b, second.storage, 0, b, outer, b);
  return [first, second];
}

/** x (N, A, B, size) as (N, B, A, size): heads that lie side by side as heads one after the other, or back. */
export function swapAxes(
  x: Storage,
  y: Storage,
  device: Device,
  [batch, a, b, size]: readonly [number, number, number, number],
): void {
  for (let n = 0; n < batch; n++) {
    for (let j = 0; j < b; j++) {
      const [from, to] = [(n * a * b + j) * size, (n * b + j) * a * size];
      copyBlocks(device, x, from, b * size, y, to, size, a, size);
    }
  }
}

const stepsOf = ({ shape }: Tensor): number => shape.at(-2) ?? 0;
/** Of how many pieces of steps a tensor is made. */
const outerOf = ({ shape }: Tensor): number =>
  shape.slice(0, -2).reduce((total, size) => total * size, 1);
/** Numbers of such a piece. */
const blockOf = ({ shape }: Tensor): number => (shape.at(-2) ?? 0) * (shape.at(-1) ?? 0);
