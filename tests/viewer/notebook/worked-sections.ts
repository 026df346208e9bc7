import type { Inputs } from "../../../viewer/src/rooms/notebook/inputs.ts";
import type { NamedArray } from "../../../viewer/src/rooms/notebook/named-array.ts";
import { attention, attentionWeight } from "../../../viewer/src/rooms/notebook/worked/attention.ts";
import { similarity } from "../../../viewer/src/rooms/notebook/worked/similarity.ts";
import { softmax } from "../../../viewer/src/rooms/notebook/worked/softmax.ts";
import { timeAttention } from "../../../viewer/src/rooms/notebook/worked/time-attention.ts";
import {
  batch,
  oneSequence,
  weightSum,
} from "../../../viewer/src/rooms/notebook/worked/weighted-sum.ts";

/** The arrays of every section, by its name; names are unique within each. */
export function allSections(
  inputs: Inputs,
  shift: number,
): Readonly<Record<string, readonly NamedArray[]>> {
  const { hs, a, ar, t, broadcast, c, direct } = oneSequence(inputs);
  const ofSoftmax = softmax(inputs, shift);
  const both = (worked: { forward: readonly NamedArray[]; backward: readonly NamedArray[] }) => {
    return [...worked.forward, ...worked.backward];
  };
  return {
    sequence: [hs, a, direct],
    "weighted sum": [hs, a, ar, t, c],
    broadcasting: [hs, a, broadcast, c],
    batch: both(batch(inputs)),
    WeightSum: both(weightSum(inputs)),
    similarity: both(similarity(inputs)),
    softmax: both(ofSoftmax),
    "exp without the maximum": [...ofSoftmax.forward, ...ofSoftmax.naive],
    AttentionWeight: both(attentionWeight(inputs)),
    Attention: both(attention(inputs)),
    TimeAttention: both(timeAttention(inputs)),
  };
}
