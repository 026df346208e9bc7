import type { Storage } from "../core/storage.ts";
import type { LayerKernels } from "../kernels/layer-kernels.ts";
import { at, bit, type Export, orNull } from "./addresses.ts";

type Calls = LayerKernels<Storage, Storage>;

/** The part of the contract that is in layer-kernels.ts, as `kernelCalls`. */
export function layerCalls(run: Readonly<Record<keyof Calls, Export>>, settle: () => void): Calls {
  const forward =
    (op: keyof Calls) =>
    (x: Storage, y: Storage, length: number): void => {
      run[op](at(x), at(y), length);
      settle();
    };
  const backward =
    (op: keyof Calls) =>
    (x: Storage, dy: Storage, dx: Storage, length: number): void => {
      run[op](at(x), at(dy), at(dx), length);
      settle();
    };
  return {
    tanhForward: forward("tanhForward"),
    tanhBackward: backward("tanhBackward"),
    sigmoidForward: forward("sigmoidForward"),
    sigmoidBackward: backward("sigmoidBackward"),
    reluForward: forward("reluForward"),
    reluBackward: backward("reluBackward"),
    geluForward: forward("geluForward"),
    geluBackward: backward("geluBackward"),
    layerNormForward(x, gain, bias, y, means, inverses, rows, columns, epsilon) {
      run.layerNormForward(
        at(x),
        at(gain),
        at(bias),
        at(y),
        at(means),
        at(inverses),
        rows,
        columns,
        epsilon,
      );
      settle();
    },
    layerNormBackward(x, gain, means, inverses, dy, dx, dGain, dBias, rows, columns) {
      run.layerNormBackward(
        at(x),
        at(gain),
        at(means),
        at(inverses),
        at(dy),
        at(dx),
        at(dGain),
        at(dBias),
        rows,
        columns,
      );
      settle();
    },
    addRepeated(x, b, y, repeats, length) {
      run.addRepeated(at(x), at(b), at(y), repeats, length);
      settle();
    },
    copyBlocks(x, xOffset, xStride, y, yOffset, yStride, blocks, length, accumulate) {
      run.copyBlocks(
        at(x),
        xOffset,
        xStride,
        at(y),
        yOffset,
        yStride,
        blocks,
        length,
        bit(accumulate),
      );
      settle();
    },
    maskUnmet(x, d, y, rows, size, columns) {
      run.maskUnmet(at(x), at(d), at(y), rows, size, columns);
      settle();
    },
    rotate(
      x,
      cosines,
      sines,
      positions,
      y,
      outer,
      steps,
      inner,
      size,
      rotated,
      offset,
      interleaved,
      inverse,
    ) {
      run.rotate(
        at(x),
        at(cosines),
        at(sines),
        orNull(positions),
        at(y),
        outer,
        steps,
        inner,
        size,
        rotated,
        offset,
        bit(interleaved),
        bit(inverse),
      );
      settle();
    },
  };
}
