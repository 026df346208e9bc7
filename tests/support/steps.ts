import type { Tensor } from "../../src/core/tensor.ts";
import { tensor } from "../../src/devices/create.ts";

/** Steps `from … to` of a tensor of three or four axes, of which the last but one counts steps. */
export function stepsOf(x: Tensor, from: number, to: number): Tensor {
  const { shape, data, device, dtype } = x;
  const [T, width] = [shape.at(-2)!, shape.at(-1)!];
  const outer = shape.slice(0, -2).reduce((total, size) => total * size, 1);
  const numbers: number[] = [];
  for (let i = 0; i < outer; i++) {
    numbers.push(...data.subarray((i * T + from) * width, (i * T + to) * width));
  }
  return tensor(numbers, [...shape.slice(0, -2), to - from, width], { device, dtype });
}
