import { type Device, tensor, zeros } from "heed";
import { relativeError } from "../statistics.ts";
import { type Prepared, settle } from "./prepared.ts";
import { randomNumbers } from "./random-numbers.ts";
import type { MatmulSize } from "./sizes.ts";

/** Numbers of a product that are computed anew. */
const SAMPLES = 64;

/** A matrix product by the device's own kernel. */
export function prepareMatmul(
  device: Device,
  { size: n, transposeA, transposeB }: MatmulSize,
): Prepared {
  const [numbersA, numbersB] = [randomNumbers(n * n, 1), randomNumbers(n * n, 2)];
  const a = tensor(numbersA, [n, n], { device });
  const b = tensor(numbersB, [n, n], { device });
  const c = zeros([n, n], { device });
  const call = (): void =>
    device.kernels.matmul(
      a.storage,
      b.storage,
      null,
      c.storage,
      n,
      n,
      n,
      transposeA,
      transposeB,
      false,
    );
  return {
    async repeat(times) {
      for (let i = 0; i < times; i++) call();
      await settle(c);
    },
    async check() {
      call();
      const found = await c.read();
      const [actual, truth]: [number[], number[]] = [[], []];
      for (let sample = 0; sample < SAMPLES; sample++) {
        const place = Math.floor(((sample + 0.5) / SAMPLES) * n * n);
        const [row, column] = [Math.floor(place / n), place % n];
        let sum = 0;
        for (let k = 0; k < n; k++) {
          const left = numbersA[transposeA ? k * n + row : row * n + k]!;
          const right = numbersB[transposeB ? column * n + k : k * n + column]!;
          sum += left * right;
        }
        actual.push(found[place]!);
        truth.push(sum);
      }
      return relativeError(actual, truth);
    },
    release() {
      for (const each of [a, b, c]) each.dispose();
    },
  };
}
