import * as activations from "./activations/definition.ts";
import type { Floats } from "./arrays.ts";
import * as attend from "./attend/definition.ts";
import * as blocks from "./blocks/definition.ts";
import { copyMixtureBackward, copyMixtureForward } from "./copy-mixture/definition.ts";
import type { FamilyKernels } from "./family.ts";
import * as gaussian from "./gaussian/definition.ts";
import * as gru from "./gru/definition.ts";
import * as layerNorm from "./layer-norm/definition.ts";
import { lstmStates } from "./lstm-states/definition.ts";
import * as minimum from "./minimum/definition.ts";
import {
  negativeLogLikelihoodBackward,
  negativeLogLikelihoodForward,
} from "./negative-log-likelihood/definition.ts";
import { rotate } from "./rotary/definition.ts";
import {
  entmaxBackward,
  entmaxForward,
  sparsemaxBackward,
  sparsemaxForward,
} from "./sparse-softmax/definition.ts";

/** The definitions of what only the family of attention needs. A function, so that bundlers see whether anything does. */
export function familyDefinitions(): FamilyKernels<Floats, Int32Array> {
  return {
    sparsemaxForward,
    sparsemaxBackward,
    entmaxForward,
    entmaxBackward,
    ...gaussian,
    ...minimum,
    ...attend,
    ...activations,
    ...layerNorm,
    ...blocks,
    rotate,
    lstmStates,
    ...gru,
    copyMixtureForward,
    copyMixtureBackward,
    negativeLogLikelihoodForward,
    negativeLogLikelihoodBackward,
  };
}
