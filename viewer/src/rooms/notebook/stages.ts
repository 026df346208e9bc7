import type { Inputs } from "./inputs.ts";
import type { NamedArray, Worked } from "./named-array.ts";
import type { SectionName } from "./state.ts";
import { attention, attentionWeight } from "./worked/attention.ts";
import { similarity } from "./worked/similarity.ts";
import { softmax } from "./worked/softmax.ts";
import { timeAttention } from "./worked/time-attention.ts";
import { batch, oneSequence, weightSum } from "./worked/weighted-sum.ts";

/** Arrays side by side, each with the sign that stands before it. */
export interface Row {
  readonly title: string;
  readonly arrays: readonly (readonly [sign: string, array: NamedArray])[];
}

/** What is looked at as a whole: a cell lights up what made it in the same stage. Names are unique in it. */
export interface Stage {
  readonly title: string;
  readonly rows: readonly Row[];
}

type FirstSection = "sequence" | "weighted-sum" | "broadcasting";
type LayerSection = Exclude<SectionName, FirstSection | "batch" | "softmax">;

/** The pictures of a section. */
export function stagesOf(section: SectionName, inputs: Inputs, shift: number): readonly Stage[] {
  switch (section) {
    case "sequence":
    case "weighted-sum":
    case "broadcasting":
      return ofOneSequence(section, inputs);
    case "batch":
      return [
        { title: "A batch", rows: [row("", ["", "⊙", "Σ over T →"], batch(inputs).forward)] },
      ];
    case "softmax":
      return ofSoftmax(inputs, shift);
    default:
      return [ofLayer(section, inputs)];
  }
}

function ofOneSequence(section: FirstSection, inputs: Inputs): readonly Stage[] {
  const { hs, a, ar, t, broadcast, c, direct } = oneSequence(inputs);
  if (section === "sequence") {
    return [{ title: "One sequence", rows: [row("", ["", "weighed by", "→"], [hs, a, direct])] }];
  }
  if (section === "weighted-sum") {
    const signs = ["", "copied →", "⊙", "=", "Σ over T →"];
    return [{ title: "A weighted sum", rows: [row("", signs, [a, ar, hs, t, c])] }];
  }
  return [
    { title: "Repeat", rows: [row("", ["", "copied →", "⊙", "="], [a, ar, hs, t])] },
    { title: "Broadcasting", rows: [row("", ["", "⊙", "="], [a, hs, broadcast])] },
  ];
}

interface LayerPictures {
  readonly work: (inputs: Inputs) => Worked;
  readonly forward: readonly string[];
  readonly backward: readonly string[];
}

const LAYERS: Readonly<Record<LayerSection, LayerPictures>> = {
  "weight-sum": {
    work: weightSum,
    forward: ["", "⊙", "Σ over T →"],
    backward: ["", "copied →", "⊙ hs →", "dt ⊙ a →", "dar, Σ over H →"],
  },
  similarity: {
    work: similarity,
    forward: ["", "with", "copied →", "⊙ hs →", "Σ over H →"],
    backward: ["", "⊙ hr →", "ds ⊙ hs, Σ over T →"],
  },
  "attention-weight": {
    work: attentionWeight,
    forward: ["", "·", "=", "exp →", "/ Σ →"],
    backward: ["", "softmax →", "⊙ h →", "ds · hs →"],
  },
  attention: {
    work: attention,
    forward: ["", "·", "=", "exp →", "/ Σ →", "· hs →"],
    backward: ["", "· hs →", "dout ⊙ a →", "da, softmax →", "⊙ h →", "dhs0 + dhs1 →", "ds · hs →"],
  },
  "time-attention": {
    work: timeAttention,
    forward: ["", "·", "=", "exp →", "/ Σ →", "· hsEnc →"],
    backward: ["", "· hsEnc →", "softmax →", "· hsEnc →", "Σ over Td →"],
  },
};

function ofLayer(section: LayerSection, inputs: Inputs): Stage {
  const { work, forward, backward } = LAYERS[section];
  const worked = work(inputs);
  return {
    title: "The layer",
    rows: [row("Forward", forward, worked.forward), row("Backward", backward, worked.backward)],
  };
}

function ofSoftmax(inputs: Inputs, shift: number): readonly Stage[] {
  const { forward, naive, backward } = softmax(inputs, shift);
  return [
    {
      title: "Softmax",
      rows: [
        row("Forward", ["", "+ shift →", "max →", "exp(z − max) →", "Σ →", "e / sum →"], forward),
        row("The same without taking the maximum off", ["exp(z) →", "/ Σ →"], naive),
        row("Backward", ["", "", "Σ y·dy →", "y·(dy − dot) →"], backward),
      ],
    },
  ];
}

function row(title: string, signs: readonly string[], arrays: readonly NamedArray[]): Row {
  return { title, arrays: arrays.map((array, i) => [signs[i] ?? "", array]) };
}
