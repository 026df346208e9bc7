import { type Chapter, SUM_NAMES } from "./chapter.ts";

/** The sections before the layers: a weighted sum, written out. */
export const FIRST_CHAPTERS: Readonly<
  Record<"sequence" | "weighted-sum" | "broadcasting" | "batch", Chapter>
> = {
  sequence: {
    title: "One sequence",
    text: (
      <p>
        An encoder reads T = 5 symbols, and leaves a state of H = 4 numbers at each: hs. Weights a
        say how much each step matters now. The context c is their mix: with all the weight on one
        step it is that step's state, with equal weights it is the mean. Move a weight and look at
        c.
      </p>
    ),
    formulas: [
      <>
        c<sub>h</sub> = Σ<sub>t</sub> a<sub>t</sub> · hs<sub>t,h</sub>
      </>,
    ],
    shapes: ["hs (T, H), a (T) → c (H)"],
    code: {
      use: `const hs = normal([1, 5, 4], new Random(1));
const a = tensor([[0.8, 0.1, 0.03, 0.05, 0.02]]);
const c = new WeightSum().forward(hs, a); // (1, 4)`,
      names: SUM_NAMES,
      functions: ["weightSumForward"],
    },
  },
  "weighted-sum": {
    title: "The weighted sum, as arrays",
    text: (
      <p>
        The notebook writes the sum in three steps that work on whole arrays: copy each weight along
        H, so that ar has the shape of hs; multiply the two, number by number; add up the columns.
        Point at a number of c to see the column that made it, then at one of that column.
      </p>
    ),
    formulas: [
      <>
        ar<sub>t,h</sub> = a<sub>t</sub>
      </>,
      <>t = hs ⊙ ar</>,
      <>
        c<sub>h</sub> = Σ<sub>t</sub> t<sub>t,h</sub>
      </>,
    ],
    shapes: ["a (T) → ar (T, H)", "hs (T, H), ar (T, H) → t (T, H)", "t (T, H) → c (H)"],
    code: {
      use: `// what NumPy writes as (hs * a.reshape(5, 1).repeat(4, axis=1)).sum(axis=0)
const layer = new WeightSum();
const c = layer.forward(hs, a);`,
      names: SUM_NAMES,
      functions: ["weightSumForward"],
    },
  },
  broadcasting: {
    title: "Repeat against broadcasting",
    text: (
      <p>
        Copies of a weight are all the same number. Broadcasting makes none: where a number of hs
        asks for its weight, the one weight of its step answers. The products are equal to the last
        bit, but nothing is written down twice. heed's loops do that too; only this page makes the
        copies, to show them.
      </p>
    ),
    formulas: [
      <>
        t<sub>t,h</sub> = hs<sub>t,h</sub> · ar<sub>t,h</sub> = hs<sub>t,h</sub> · a<sub>t</sub>
      </>,
    ],
    shapes: [
      "repeat: hs (T, H), ar (T, H) → t (T, H)",
      "broadcasting: hs (T, H), a (T, 1) → t (T, H)",
    ],
    code: {
      use: `// ar = a.reshape(T, 1).repeat(H, axis=1)   copies
// ar = a.reshape(T, 1)                     broadcasts
const c = new WeightSum().forward(hs, a); // broadcasts`,
      names: SUM_NAMES,
      functions: ["weightSumForward"],
    },
  },
  batch: {
    title: "A batch",
    text: (
      <p>
        Programs compute many sequences at once: N of them, stacked along a first axis. Nothing else
        changes, and no sequence sees another: point at a number of c, and only its own sequence
        lights up.
      </p>
    ),
    formulas: [
      <>
        c<sub>n,h</sub> = Σ<sub>t</sub> a<sub>n,t</sub> · hs<sub>n,t,h</sub>
      </>,
    ],
    shapes: ["hs (N, T, H), a (N, T) → c (N, H)"],
    code: {
      use: `const hs = normal([2, 5, 4], new Random(1)); // N = 2
const a = uniform([2, 5], new Random(2));
const c = new WeightSum().forward(hs, a); // (2, 4)`,
      names: SUM_NAMES,
      functions: ["weightSumForward"],
    },
  },
};
