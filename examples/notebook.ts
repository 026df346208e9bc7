/**
 * The seed notebook, cell by cell: from a weighted sum over one sequence to attention over time.
 *
 *     npm run example examples/notebook.ts
 */
import {
  Attention,
  AttentionWeight,
  attentionToText,
  normal,
  Random,
  Softmax,
  type Tensor,
  TimeAttention,
  tensor,
  WeightSum,
} from "heed";

const random = new Random(8);
const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;

function heading(text: string): void {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 72 - text.length))}`);
}

function shapeOf(name: string, { shape }: Tensor): void {
  console.log(`${name.padEnd(28)} (${shape.join(", ")})`);
}

/** One row of weights per query, one column per time step. */
function picture(weights: ArrayLike<number>, rows: string[], columns: string[]): void {
  const attention = rows.map((_, row) =>
    columns.map((_, column) => weights[row * columns.length + column] ?? 0),
  );
  console.log(
    attentionToText({ sourceSymbols: columns, outputSymbols: rows, attention }, { color }),
  );
}

const count = (prefix: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${prefix}${i}`);

// ── Cells 1–6
heading("One sequence, weights given by hand");
const [T, H] = [5, 4];
const sequence = normal([1, T, H], random);
const a = tensor([[0.8, 0.1, 0.03, 0.05, 0.02]]);
console.log("c[h] = Σₜ a[t] · hs[t, h]: mostly the first step, and a little of each other one");
shapeOf("hs", sequence.reshape([T, H]));
shapeOf("a", a.reshape([T]));
shapeOf("c", new WeightSum().forward(sequence, a).reshape([H]));
picture(a.data, ["a"], count("t", T));

// ── Cells 7–9
heading("A batch of sequences; repeat against broadcasting");
const N = 10;
const hs = normal([N, T, H], random);
const factors = normal([N, T], random);
// The notebook repeats a along H until it has the shape of hs, then multiplies and sums over time.
const repeated = Float32Array.from(
  { length: N * T * H },
  (_, i) => factors.data[Math.floor(i / H)] ?? 0,
);
const sum = new Float32Array(N * H);
for (let i = 0; i < repeated.length; i++) {
  const [n, h] = [Math.floor(i / (T * H)), i % H];
  sum[n * H + h] = (sum[n * H + h] ?? 0) + (hs.data[i] ?? 0) * (repeated[i] ?? 0);
}
shapeOf("hs", hs);
shapeOf("a", factors);
shapeOf("a, repeated along H", tensor(repeated, [N, T, H]));
shapeOf("c, from the repeated a", tensor(sum, [N, H]));
// Broadcasting reads a[n, t] for every h and repeats nothing. heed's kernel does that.
const broadcast = new WeightSum().forward(hs, factors);
shapeOf("c, by broadcasting", broadcast);
const difference = Math.max(...broadcast.data.map((value, i) => Math.abs(value - (sum[i] ?? 0))));
console.log(`largest difference between the two: ${difference.toExponential(1)}`);

// ── Cell 10
heading("WeightSum, forward and backward");
const weightSum = new WeightSum();
const c = weightSum.forward(hs, factors);
const [dhs, da] = weightSum.backward(c);
shapeOf("c", c);
shapeOf("dhs", dhs);
shapeOf("da", da);

// ── Cells 11–14
heading("Similarity by dot product: s[n, t] = hs[n, t] · h[n]");
const h = normal([N, H], random);
const scores = new Float32Array(N * T);
for (let n = 0; n < N; n++) {
  for (let t = 0; t < T; t++) {
    for (let k = 0; k < H; k++) {
      const product = (hs.data[(n * T + t) * H + k] ?? 0) * (h.data[n * H + k] ?? 0);
      scores[n * T + t] = (scores[n * T + t] ?? 0) + product;
    }
  }
}
const s = tensor(scores, [N, T]);
shapeOf("h", h);
shapeOf("s", s);

// ── Cell 15
heading("Softmax makes them weights: positive, and 1 in sum");
const weights = new Softmax().forward(s);
shapeOf("a", weights);
picture(weights.data, count("n", N), count("t", T));

// ── Cells 16–17
heading("AttentionWeight: both steps as a layer");
const attentionWeight = new AttentionWeight();
const layerWeights = attentionWeight.forward(hs, h);
shapeOf("a", layerWeights);
const [dhsOfWeights, dh] = attentionWeight.backward(weights);
shapeOf("dhs", dhsOfWeights);
shapeOf("dh", dh);

// ── Cell 18
heading("Attention: AttentionWeight, then WeightSum");
const attention = new Attention();
const context = attention.forward(hs, h);
shapeOf("c", context);
shapeOf("attentionWeight", attention.attentionWeight);
const [dhsOfAttention, dhOfAttention] = attention.backward(context);
shapeOf("dhs", dhsOfAttention);
shapeOf("dh", dhOfAttention);

// ── Cell 19
heading("TimeAttention: Attention for every step of a decoder at once");
const Td = 3;
const hsDec = normal([N, Td, H], random);
const timeAttention = new TimeAttention();
const out = timeAttention.forward(hs, hsDec);
shapeOf("hsEnc", hs);
shapeOf("hsDec", hsDec);
shapeOf("out", out);
shapeOf("attentionWeights", timeAttention.attentionWeights);
console.log("the first sequence: where each decoder step looks");
picture(timeAttention.attentionWeights.data, count("d", Td), count("e", T));
const [dhsEnc, dhsDec] = timeAttention.backward(out);
shapeOf("dhsEnc", dhsEnc);
shapeOf("dhsDec", dhsDec);
