import { type Chapter, QUERY_NAMES, SUM_NAMES } from "./chapter.ts";

/** The sections about layers, forward and backward. */
export const LAYER_CHAPTERS: Readonly<
  Record<
    "weight-sum" | "similarity" | "softmax" | "attention-weight" | "attention" | "time-attention",
    Chapter
  >
> = {
  "weight-sum": {
    title: "WeightSum, a layer",
    text: (
      <>
        <p>
          A layer is a forward pass and its backward pass. The latter is told dc, how much the loss
          would grow with each number of c, and finds the same for hs and a. Two rules are enough. A
          number that was copied gets the sum of what its copies get, since each of them took part:
          so <b>the gradient of a repeat is a sum</b>. What was added into a sum moves it one to
          one: so <b>the gradient of a sum is a repeat</b>.
        </p>
        <p>
          Of a product, each factor gets the gradient times the other factor. Change dc and see.
        </p>
      </>
    ),
    formulas: [
      <>
        c<sub>n,h</sub> = Σ<sub>t</sub> a<sub>n,t</sub> · hs<sub>n,t,h</sub>
      </>,
      <>
        dhs<sub>n,t,h</sub> = a<sub>n,t</sub> · dc<sub>n,h</sub>
      </>,
      <>
        da<sub>n,t</sub> = Σ<sub>h</sub> dc<sub>n,h</sub> · hs<sub>n,t,h</sub>
      </>,
    ],
    shapes: ["hs (N, T, H), a (N, T) → c (N, H)", "dc (N, H) → dhs (N, T, H), da (N, T)"],
    code: {
      use: `const layer = new WeightSum();
const c = layer.forward(hs, a);
const [dhs, da] = layer.backward(dc);`,
      names: SUM_NAMES,
      functions: ["weightSumForward", "weightSumBackward"],
    },
  },
  similarity: {
    title: "Similarity by dot product",
    text: (
      <p>
        Where do weights come from? From how well a decoder's state h fits each step: s is their dot
        product, large where both point the same way, 0 where they have nothing to do with each
        other, below 0 where they are opposed. It is the weighted sum seen from the other side: s is
        computed as da was, with h in the place of dc.
      </p>
    ),
    formulas: [
      <>
        s<sub>n,t</sub> = Σ<sub>h</sub> hs<sub>n,t,h</sub> · h<sub>n,h</sub>
      </>,
      <>
        dhs<sub>n,t,h</sub> = ds<sub>n,t</sub> · h<sub>n,h</sub>
      </>,
      <>
        dh<sub>n,h</sub> = Σ<sub>t</sub> ds<sub>n,t</sub> · hs<sub>n,t,h</sub>
      </>,
    ],
    shapes: ["hs (N, T, H), h (N, H) → s (N, T)", "ds (N, T) → dhs (N, T, H), dh (N, H)"],
    code: {
      use: `const layer = new WeightSum();
const dh = layer.forward(hs, ds);
const [dhs, s] = layer.backward(h); // the other side of a weighted sum`,
      names: SUM_NAMES,
      functions: ["weightSumBackward"],
    },
  },
  softmax: {
    title: "Softmax",
    text: (
      <>
        <p>
          Softmax makes weights of any numbers: exp makes them positive, the division makes them 1
          in sum. Adding one number to all of them changes nothing, since exp(z + k) = exp(z) ·
          exp(k), and exp(k) cancels. So <b>the maximum is taken off first</b>: then no exp is above
          1, and none overflows. Move the shift, and see what exp alone makes of it.
        </p>
        <p>
          Each weight depends on every input, through the sum, so the gradient is a product with a
          whole matrix, the jacobian J. Nobody needs to build it: all that it does is to compare dy
          with its mean, weighed by y.
        </p>
      </>
    ),
    formulas: [
      <>
        y<sub>n,t</sub> = exp(z<sub>n,t</sub> − max) / Σ<sub>k</sub> exp(z<sub>n,k</sub> − max)
      </>,
      <>
        J<sub>t,k</sub> = ∂y<sub>t</sub> / ∂z<sub>k</sub> = y<sub>t</sub> · ([t = k] − y<sub>k</sub>
        )
      </>,
      <>
        dx<sub>n,t</sub> = Σ<sub>k</sub> J<sub>k,t</sub> · dy<sub>n,k</sub> = y<sub>n,t</sub> · (dy
        <sub>n,t</sub> − Σ<sub>k</sub> y<sub>n,k</sub> · dy<sub>n,k</sub>)
      </>,
    ],
    shapes: ["x (N, T) → y (N, T)", "dy (N, T) → dx (N, T)"],
    code: {
      use: `const layer = new Softmax();
const y = layer.forward(x);
const dx = layer.backward(dy);`,
      names: "",
      functions: ["softmaxForward", "softmaxRow", "softmaxBackward"],
    },
  },
  "attention-weight": {
    title: "AttentionWeight",
    text: (
      <p>
        Similarity, then softmax: the weights that h gives to the steps of hs. Backward, in turn:
        through the softmax from da to ds, and through the dot products from ds to dhs and dh. As ds
        is 0 in sum, a step gains only what others lose.
      </p>
    ),
    formulas: [
      <>
        a<sub>n,:</sub> = softmax<sub>t</sub>(hs<sub>n,t,:</sub> · h<sub>n,:</sub>)
      </>,
      <>
        ds<sub>n,t</sub> = a<sub>n,t</sub> · (da<sub>n,t</sub> − Σ<sub>k</sub> a<sub>n,k</sub> · da
        <sub>n,k</sub>)
      </>,
      <>
        dhs<sub>n,t,h</sub> = ds<sub>n,t</sub> · h<sub>n,h</sub>
      </>,
      <>
        dh<sub>n,h</sub> = Σ<sub>t</sub> ds<sub>n,t</sub> · hs<sub>n,t,h</sub>
      </>,
    ],
    shapes: ["hs (N, T, H), h (N, H) → a (N, T)", "da (N, T) → dhs (N, T, H), dh (N, H)"],
    code: {
      use: `const layer = new AttentionWeight();
const a = layer.forward(hs, h);
const [dhs, dh] = layer.backward(da);`,
      names: QUERY_NAMES,
      functions: ["attentionWeightForward", "attentionWeightBackward"],
    },
  },
  attention: {
    title: "Attention",
    text: (
      <p>
        AttentionWeight finds the weights, WeightSum uses them: what hs says to h. hs is read twice,
        once to be compared and once to be summed, so two gradients reach it, and{" "}
        <b>what is used twice gets the sum of both</b>. Large numbers in h make one weight take all;
        then a moves no more, and dhs1 fades.
      </p>
    ),
    formulas: [
      <>
        out<sub>n,h</sub> = Σ<sub>t</sub> a<sub>n,t</sub> · hs<sub>n,t,h</sub>, a<sub>n,:</sub> =
        softmax<sub>t</sub>(hs<sub>n,t,:</sub> · h<sub>n,:</sub>)
      </>,
      <>
        dhs<sub>n,t,h</sub> = a<sub>n,t</sub> · dout<sub>n,h</sub> + ds<sub>n,t</sub> · h
        <sub>n,h</sub>
      </>,
      <>
        dh<sub>n,h</sub> = Σ<sub>t</sub> ds<sub>n,t</sub> · hs<sub>n,t,h</sub>
      </>,
    ],
    shapes: ["hs (N, T, H), h (N, H) → out (N, H)", "dout (N, H) → dhs (N, T, H), dh (N, H)"],
    code: {
      use: `const layer = new Attention();
const out = layer.forward(hs, h); // and layer.attentionWeight
const [dhs, dh] = layer.backward(dout);`,
      names: QUERY_NAMES,
      functions: ["attentionForward", "attentionBackward"],
    },
  },
  "time-attention": {
    title: "TimeAttention",
    text: (
      <p>
        A decoder writes Td symbols, and asks at each. The notebook makes an Attention for every
        step; heed computes all of them at once, with the same numbers. a is the attention map: a
        row for each step of the decoder, 1 in sum. All steps read the same hsEnc, so its gradient
        is a sum over them.
      </p>
    ),
    formulas: [
      <>
        a<sub>n,d,:</sub> = softmax<sub>e</sub>(hsEnc<sub>n,e,:</sub> · hsDec<sub>n,d,:</sub>)
      </>,
      <>
        out<sub>n,d,h</sub> = Σ<sub>e</sub> a<sub>n,d,e</sub> · hsEnc<sub>n,e,h</sub>
      </>,
      <>
        dhsEnc<sub>n,e,h</sub> = Σ<sub>d</sub> (a<sub>n,d,e</sub> · dout<sub>n,d,h</sub> + ds
        <sub>n,d,e</sub> · hsDec<sub>n,d,h</sub>)
      </>,
      <>
        dhsDec<sub>n,d,h</sub> = Σ<sub>e</sub> ds<sub>n,d,e</sub> · hsEnc<sub>n,e,h</sub>
      </>,
    ],
    shapes: [
      "hsEnc (N, Te, H), hsDec (N, Td, H) → out (N, Td, H)",
      "dout (N, Td, H) → dhsEnc (N, Te, H), dhsDec (N, Td, H)",
    ],
    code: {
      use: `const layer = new TimeAttention();
const out = layer.forward(hsEnc, hsDec); // and layer.attentionWeights
const [dhsEnc, dhsDec] = layer.backward(dout);`,
      names: QUERY_NAMES,
      functions: ["attentionForward", "attentionBackward"],
    },
  },
};
