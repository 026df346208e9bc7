import * as activations from "./activations/definition.ts";
import { adamStep } from "./adam/definition.ts";
import type { Floats } from "./arrays.ts";
import * as attend from "./attend/definition.ts";
import * as attention from "./attention/definition.ts";
import * as blocks from "./blocks/definition.ts";
import * as crossEntropy from "./cross-entropy/definition.ts";
import { dropout } from "./dropout/definition.ts";
import * as elementwise from "./elementwise/definition.ts";
import * as embedding from "./embedding/definition.ts";
import * as gaussian from "./gaussian/definition.ts";
import type { Kernels } from "./kernels.ts";
import * as layerNorm from "./layer-norm/definition.ts";
import * as lstm from "./lstm/definition.ts";
import { matmul } from "./matmul/definition.ts";
import * as minimum from "./minimum/definition.ts";
import * as reductions from "./reductions/definition.ts";
import { rotate } from "./rotary/definition.ts";
import { softmaxBackward, softmaxForward } from "./softmax/definition.ts";
import {
  entmaxBackward,
  entmaxForward,
  sparsemaxBackward,
  sparsemaxForward,
} from "./sparse-softmax/definition.ts";

/**
 * Every op as plain loops over typed arrays. In float64 they are the oracle of gradient checks; in
 * float32 they are what fast kernels are held against.
 */
export const definitions: Kernels<Floats, Int32Array> = {
  ...elementwise,
  ...reductions,
  matmul,
  softmaxForward,
  softmaxBackward,
  sparsemaxForward,
  sparsemaxBackward,
  entmaxForward,
  entmaxBackward,
  ...gaussian,
  ...minimum,
  ...attention,
  ...attend,
  ...lstm,
  ...embedding,
  ...crossEntropy,
  ...activations,
  ...layerNorm,
  ...blocks,
  rotate,
  dropout,
  adamStep,
};
