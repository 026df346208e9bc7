/** What plain JavaScript may pass, past the types: one error of heed's own each, before anything is done. */
import { describe, expect, test } from "vitest";
import * as heed from "../../src/index.ts";

type Loose = Readonly<Record<string, (...given: unknown[]) => unknown>>;

/** The public functions without their types. */
const call = heed as unknown as Loose;
const classes = heed as unknown as Readonly<Record<string, new (...given: unknown[]) => Loose>>;
/** An object of a public class, made and used without its types. */
const make = (name: string, ...given: unknown[]): Loose => new classes[name]!(...given);
const { zeros, indices } = heed;

/** A layer after its forward pass, and what that gave. */
function started(layer: Loose, ...given: unknown[]): [layer: Loose, out: unknown] {
  return [layer, layer["forward"]?.(...given)];
}

const lstm = () => started(make("LSTM", 3, 4), zeros([1, 2, 3]));
const loss = () => started(make("SoftmaxCrossEntropy"), zeros([1, 3]), indices([1]))[0];
const { DataError, DeviceError, DtypeError, ShapeError, StateError } = heed;
const promise = () => heed.openDevice("reference");

/** A CopyMixture of two texts, two steps each, of 3 symbols; what is wrong with it comes last. */
const copy = (ids: unknown, width?: unknown, gate = zeros([2, 2])) =>
  make("CopyMixture")["forward"]?.(zeros([2, 2, 3]), gate, zeros([2, 2, 2]), ids, width);
const ids = () => indices([0, 1, 2, 3], [2, 2]);

const refusals: readonly (readonly [string, typeof DataError, RegExp, () => unknown])[] = [
  ["tensor: options", DataError, /got null/, () => call["tensor"]?.([1], [1], null)],
  ["tensor: an option", DataError, /"dtyp"/, () => call["tensor"]?.([1], [1], { dtyp: "float64" })],
  ["tensor: a name", DeviceError, /"wasm"/, () => call["tensor"]?.([1], [1], { device: "wasm" })],
  ["tensor: a promise", DeviceError, /await/, () => call["zeros"]?.([1], { device: promise() })],
  ["tensor: the device", DataError, /Device/, () => call["zeros"]?.([1], heed.currentDevice())],
  ["tensor: a dtype", DtypeError, /"float16"/, () => call["zeros"]?.([1], { dtype: "float16" })],
  ["tensor: too many", DeviceError, /room/, () => zeros([2 ** 30, 2 ** 20], { dtype: "float64" })],
  ["tensor: an axis", ShapeError, /2\^31/, () => zeros([2 ** 31, 0])],
  ["normal: a seed", DataError, /new Random/, () => call["normal"]?.([2], 42)],
  [
    "normal: deviation",
    DataError,
    /NaN/,
    () => heed.normal([2], new heed.Random(1), { deviation: Number.NaN }),
  ],
  [
    "normal: an option",
    DataError,
    /"stddev"/,
    () => call["normal"]?.([2], new heed.Random(1), { stddev: 1 }),
  ],
  [
    "uniform: a range",
    DataError,
    /≥ low/,
    () => heed.uniform([2], new heed.Random(1), { low: 3, high: 1 }),
  ],
  [
    "indices: a device",
    DeviceError,
    /"wasm"/,
    () => call["indices"]?.([1], [1], { device: "wasm" }),
  ],
  ["useDevice: nothing", DeviceError, /undefined/, () => call["useDevice"]?.()],
  ["useDevice: a promise", DeviceError, /await/, () => call["useDevice"]?.(promise())],
  [
    "a layer: an array",
    ShapeError,
    /hs.*array/,
    () => make("Attention")["forward"]?.([[[1]]], [[1]]),
  ],
  ["a layer: indices", ShapeError, /Indices/, () => make("Softmax")["forward"]?.(indices([1]))],
  ["LSTM: a negative size", ShapeError, /LSTM: .*-1/, () => make("LSTM", -1, 4)],
  ["LSTM: half a unit", ShapeError, /hiddenSize.*1\.5/, () => make("LSTM", 2, 1.5)],
  ["LSTM: a text", ShapeError, /"3"/, () => make("LSTM", "3", 4)],
  ["LSTM: no size", ShapeError, /undefined/, () => make("LSTM")],
  ["LSTM: no end", ShapeError, /Infinity/, () => make("LSTM", Number.POSITIVE_INFINITY, 4)],
  ["LSTM: too large", DeviceError, /memory/, () => make("LSTM", 2 ** 20, 2 ** 20)],
  ["LSTM: an option", DataError, /"sed"/, () => make("LSTM", 3, 4, { sed: 1 })],
  ["LSTM: a device", DeviceError, /"wasm"/, () => make("LSTM", 3, 4, { device: "wasm" })],
  ["LSTM: a dtype", DtypeError, /"f64"/, () => make("LSTM", 3, 4, { dtype: "f64" })],
  ["LSTM: half a seed", DataError, /1\.5/, () => make("LSTM", 3, 4, { seed: 1.5 })],
  [
    "LSTM: a start",
    DataError,
    /Tensor/,
    () => lstm()[0]["forward"]?.(zeros([1, 2, 3]), zeros([1, 4])),
  ],
  [
    "LSTM: a start's name",
    DataError,
    /"h0"/,
    () => lstm()[0]["forward"]?.(zeros([1, 2, 3]), { h0: zeros([1, 4]) }),
  ],
  [
    "LSTM: reverse as a number",
    DataError,
    /reverse to be true or false.*1/,
    () => lstm()[0]["forward"]?.(zeros([1, 2, 3]), { reverse: 1 }),
  ],
  [
    "LSTM: dState's name",
    DataError,
    /"dh"/,
    () => lstm()[0]["backward"]?.(lstm()[1], { dh: zeros([1, 4]) }),
  ],
  [
    "LSTM: dState as array",
    DataError,
    /array/,
    () => lstm()[0]["backward"]?.(lstm()[1], [zeros([1, 4])]),
  ],
  [
    "SoftmaxCrossEntropy: smoothing of 1",
    DataError,
    /smoothing .*less than 1.*got 1/,
    () => make("SoftmaxCrossEntropy", { smoothing: 1 }),
  ],
  [
    "SoftmaxCrossEntropy: a call's name",
    DataError,
    /"smooth"/,
    () =>
      make("SoftmaxCrossEntropy")["forward"]?.(zeros([1, 2]), heed.indices([0]), { smooth: 0.1 }),
  ],
  [
    "NegativeLogLikelihood: no symbols",
    DataError,
    /smoothedSymbols.*0/,
    () => make("NegativeLogLikelihood", { smoothedSymbols: 0 }),
  ],
  [
    "NegativeLogLikelihood: too few symbols",
    ShapeError,
    /at least 3 symbols.*got 2/,
    () =>
      make("NegativeLogLikelihood", { smoothedSymbols: 3 })["forward"]?.(
        zeros([1, 2]),
        heed.indices([0]),
      ),
  ],
  [
    "NegativeLogLikelihood: a target beyond",
    ShapeError,
    /from 0 to 1.*got 2/,
    () => make("NegativeLogLikelihood")["forward"]?.(zeros([1, 2]), heed.indices([2])),
  ],
  ["CopyMixture: an id beyond", ShapeError, /sourceIds.*from -1 to 2.*got 3/, () => copy(ids())],
  ["CopyMixture: too narrow", ShapeError, /at least the vocabulary's 3.*2/, () => copy(ids(), 2)],
  ["CopyMixture: half a symbol", ShapeError, /width.*3\.5/, () => copy(ids(), 3.5)],
  ["CopyMixture: other ids", ShapeError, /sourceIds of shape \(2, 2\)/, () => copy(indices([1]))],
  ["CopyMixture: ids as a tensor", ShapeError, /indices/, () => copy(zeros([2, 2]), 4)],
  [
    "CopyMixture: another gate",
    ShapeError,
    /gate of shape \(2, 2\)/,
    () => copy(ids(), 4, zeros([2, 3])),
  ],
  [
    "CopyMixture: backward first",
    StateError,
    /CopyMixture/,
    () => make("CopyMixture")["backward"]?.(zeros([1])),
  ],
  ["GRU: a negative size", ShapeError, /GRU: .*-1/, () => make("GRU", -1, 4)],
  [
    "GRU: other inputs",
    ShapeError,
    /D = 2/,
    () => make("GRU", 3, 4)["forward"]?.(zeros([1, 1, 2])),
  ],
  [
    "GRU: a cell",
    DataError,
    /"c"/,
    () => make("GRU", 3, 4)["forward"]?.(zeros([1, 2, 3]), { c: zeros([1, 4]) }),
  ],
  [
    "GRU: a state of another batch",
    ShapeError,
    /h of shape \(1, 4\)/,
    () => make("GRU", 3, 4)["forward"]?.(zeros([1, 2, 3]), { h: zeros([2, 4]) }),
  ],
  [
    "GRU: backward first",
    StateError,
    /GRU/,
    () => make("GRU", 3, 4)["backward"]?.(zeros([1, 2, 4])),
  ],
  ["TimeAttention: an option", DataError, /"keep"/, () => make("TimeAttention", { keep: true })],
  ["TimeAttention: a number", DataError, /got 0/, () => make("TimeAttention", { keepWeights: 0 })],
  ["Embedding: a size", ShapeError, /2\.5/, () => make("Embedding", 2, 2.5)],
  ["Linear: no input", ShapeError, /at least one/, () => make("Linear", [], 3)],
  ["Linear: a text", ShapeError, /"3"/, () => make("Linear", ["3"], 3)],
  ["Linear: a size", ShapeError, /outputSize/, () => make("Linear", 3)],
  [
    "a loss: a reduction",
    DataError,
    /"avg"/,
    () => make("SoftmaxCrossEntropy", { reduction: "avg" }),
  ],
  [
    "a loss: an option",
    DataError,
    /"ignoreIndex"/,
    () => make("SoftmaxCrossEntropy", { ignoreIndex: 0 }),
  ],
  ["a loss: an index", DataError, /"0"/, () => make("SoftmaxCrossEntropy", { ignoredIndex: "0" })],
  ["a loss: a tensor", DataError, /Tensor/, () => loss()["backward"]?.(heed.tensor(1))],
  ["Dropout: a text", DataError, /"0\.5"/, () => make("Dropout", "0.5")],
  ["Dropout: a seed", DataError, /-1/, () => make("Dropout", 0.5, -1)],
  [
    "Dropout: a stream",
    DataError,
    /NaN/,
    () => new heed.Dropout(0.5).forward(zeros([2]), Number.NaN),
  ],
  ["Adam: a rate", DataError, /-1/, () => make("Adam", { rate: -1 })],
  ["Adam: beta1", DataError, /got 1$/, () => make("Adam", { beta1: 1 })],
  ["Adam: an option", DataError, /"lr"/, () => make("Adam", { lr: 1 })],
  ["Adam: a layer", DataError, /LSTM/, () => make("Adam")["step"]?.(lstm()[0])],
  ["Adam: numbers", DataError, /1 at index 0/, () => make("Adam")["step"]?.([1], [2])],
  [
    "Adam: two dtypes",
    DtypeError,
    /params\[0\] is float32/,
    () => new heed.Adam().step([zeros([1])], [zeros([1], { dtype: "float64" })]),
  ],
  [
    "Adam: a rate of a step",
    DataError,
    /NaN/,
    () => new heed.Adam().step([zeros([1])], [zeros([1])], Number.NaN),
  ],
  ["clipGradients: a tensor", DataError, /Tensor/, () => call["clipGradients"]?.(zeros([1]), 5)],
  [
    "clipGradients: no limit",
    DataError,
    /limit.*undefined/,
    () => call["clipGradients"]?.([zeros([1])]),
  ],
  ["clipGradients: none", DataError, /at least one/, () => heed.clipGradients([], 1)],
  ["zeroGradients: a layer", DataError, /LSTM/, () => call["zeroGradients"]?.(lstm()[0])],
  [
    "Parameters: a name twice",
    DataError,
    /"a"/,
    () =>
      new heed.Parameters([
        { name: "a", shape: [1], deviation: 0 },
        { name: "a", shape: [1], deviation: 0 },
      ]),
  ],
  [
    "Parameters: a size",
    ShapeError,
    /-2/,
    () => new heed.Parameters([{ name: "a", shape: [-2], deviation: 0 }]),
  ],
  [
    "Parameters: deviation",
    DataError,
    /NaN/,
    () => new heed.Parameters([{ name: "a", shape: [2], deviation: Number.NaN }]),
  ],
];

describe("plain JavaScript is refused where it goes wrong", () => {
  test.each(refusals)("%s", (_, kind, message, misuse) => {
    expect(misuse).toThrow(kind);
    expect(misuse).toThrow(message);
  });

  test.each([
    [null, DataError, /null/],
    [{ thread: 2 }, DataError, /"thread"/],
    [{ threads: "2" }, DeviceError, /"2"/],
    [{ simd: "avx" }, DeviceError, /"avx"/],
    [{ simd: "toString" }, DeviceError, /"toString"/],
  ])("openDevice: %j", async (options, kind, message) => {
    const opening = () => call["openDevice"]?.("wasm", options);
    await expect(opening).rejects.toThrow(kind);
    await expect(opening).rejects.toThrow(message);
  });

  test("a device that was refused does not become the current one", () => {
    const before = heed.currentDevice();
    expect(() => call["useDevice"]?.("wasm")).toThrow();
    expect(heed.currentDevice()).toBe(before);
  });
});

describe("what would reach behind a kernel's arrays is refused", () => {
  test("shared parameters of other shapes", () => {
    const spec = (name: string, shape: number[]) => ({ name, shape, deviation: 0 });
    const few = new heed.Parameters([
      spec("l.Wx", [3, 16]),
      spec("l.Wh", [1, 1]),
      spec("l.b", [16]),
    ]);
    const make = () => new heed.LSTM(3, 4, { parameters: few, name: "l" });
    expect(make).toThrow("LSTM: expected a parameter l.Wh of shape (4, 16), got shape (1, 1)");
  });

  test("ids that were written to after the forward pass", () => {
    const layer = new heed.Embedding(3, 2);
    const ids = indices([1]);
    const y = layer.forward(ids);
    ids.data[0] = 1e6;
    expect(() => layer.backward(y)).toThrow(/Embedding\.backward.*from 0 to 2, got 1000000/);
  });

  test("source ids that were written to after the forward pass", () => {
    const layer = new heed.CopyMixture();
    const [p, weights] = [zeros([1, 1, 2]), zeros([1, 1, 1])];
    const ids = indices([[1]]);
    const y = layer.forward(p, zeros([1, 1]), weights, ids);
    ids.data[0] = 2;
    expect(() => layer.backward(y)).toThrow(/CopyMixture\.backward.*from -1 to 1, got 2/);
  });

  test("an Adam step over tensors of another device changes nothing", async () => {
    const [x, y] = [heed.tensor([1]), heed.tensor([2])];
    const elsewhere = zeros([1], { device: await heed.openDevice("reference") });
    const adam = new heed.Adam();
    expect(() => adam.step([x, y], [heed.tensor([5]), elsewhere])).toThrow(DeviceError);
    expect([x.toArray(), y.toArray()]).toEqual([[1], [2]]);
  });
});

describe("a tensor disposed too early is named, with the call", () => {
  test("in forward", () => {
    const hs = zeros([1, 2, 3]);
    hs.dispose();
    expect(() => new heed.Attention().forward(hs, zeros([1, 3]))).toThrow(StateError);
    expect(() => new heed.Attention().forward(hs, zeros([1, 3]))).toThrow(
      /^Attention\.forward: expected hs to be held/,
    );
  });

  test.each(["xs", "h", "hs"] as const)("in backward: %s", (which) => {
    const [xs, h] = [zeros([1, 2, 3]), zeros([1, 4])];
    const layer = new heed.LSTM(3, 4);
    const hs = layer.forward(xs, { h });
    ({ xs, h, hs })[which].dispose();
    const message = new RegExp(`^LSTM\\.backward: .*use of ${which} \\(.*dispose it later`);
    expect(() => layer.backward(zeros([1, 2, 4]))).toThrow(StateError);
    expect(() => layer.backward(zeros([1, 2, 4]))).toThrow(message);
  });

  test("but for dropout's, which it needs no more", () => {
    const layer = new heed.Dropout(0.5);
    const x = zeros([2]);
    layer.forward(x);
    x.dispose();
    expect(layer.backward(zeros([2])).toArray()).toEqual([0, 0]);
  });
});

test("states and gradients may be undefined by name", () => {
  const layer = new heed.LSTM(3, 4);
  const start = { h: undefined, c: undefined } as unknown as heed.LstmStart;
  const hs = layer.forward(zeros([1, 2, 3]), start);
  expect(layer.backward(hs, start)[0].shape).toEqual([1, 2, 3]);
});

test("float32 numbers drawn below a bound stay below it", () => {
  const nearly = { uniform: () => 1 - 2 ** -53 };
  const random = Object.assign(new heed.Random(1), nearly);
  expect(heed.uniform([1], random).data[0]).toBeLessThan(1);
});
