import { adamStep } from "./adam/definition.ts";
import type { Floats } from "./arrays.ts";
import * as plainAttend from "./attend/plain-definition.ts";
import * as attention from "./attention/definition.ts";
import * as crossEntropy from "./cross-entropy/definition.ts";
import { dropout } from "./dropout/definition.ts";
import * as elementwise from "./elementwise/definition.ts";
import * as embedding from "./embedding/definition.ts";
import type { CoreKernels } from "./family.ts";
import * as lstm from "./lstm/definition.ts";
import { matmul } from "./matmul/definition.ts";
import * as reductions from "./reductions/definition.ts";
import { softmaxBackward, softmaxForward } from "./softmax/definition.ts";

/** The definitions of what every device begins with. */
export function coreDefinitions(): CoreKernels<Floats, Int32Array> {
  return {
    ...elementwise,
    ...reductions,
    matmul,
    softmaxForward,
    softmaxBackward,
    ...attention,
    ...plainAttend,
    ...lstm,
    ...embedding,
    ...crossEntropy,
    dropout,
    adamStep,
  };
}
