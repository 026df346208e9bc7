/** What plain JavaScript may pass to the layers of transformers: one error of heed's own each. */
import { describe, expect, test } from "vitest";
import * as heed from "../../src/index.ts";

type Loose = Readonly<Record<string, (...given: unknown[]) => unknown>>;

const classes = heed as unknown as Readonly<Record<string, new (...given: unknown[]) => Loose>>;
/** An object of a public class, made and used without its types. */
const make = (name: string, ...given: unknown[]): Loose => new classes[name]!(...given);
const { zeros, indices } = heed;
const { DataError, DtypeError, ShapeError, StateError } = heed;

const forward = (layer: Loose, ...given: unknown[]): unknown => layer["forward"]?.(...given);
/** A layer after its forward pass, and then its backward pass of `dy`. */
const undo = (layer: Loose, x: unknown, dy: unknown): unknown => {
  forward(layer, x);
  return layer["backward"]?.(dy);
};
const norm = () => make("LayerNorm", 4);
const ffn = (options?: unknown) => make("FeedForward", 4, 8, ...(options ? [options] : []));
const waves = () => make("SinusoidalPositions", 4);
const learned = () => make("LearnedPositions", 3, 4);
const rotary = (options: object = {}) => make("RotaryPositions", { size: 4, ...options });
const x = zeros([2, 3, 4]);
const wide = zeros([2, 3, 4], { dtype: "float64" });
const NaNs = Number.NaN;

const refusals: readonly (readonly [
  string,
  new (...given: never[]) => Error,
  RegExp,
  () => unknown,
])[] = [
  [
    "Tanh: an array",
    ShapeError,
    /Tanh\.forward: expected x to be a tensor/,
    () => forward(make("Tanh"), [1]),
  ],
  [
    "Gelu: indices",
    ShapeError,
    /Gelu\.forward.*Indices/,
    () => forward(make("Gelu"), indices([1])),
  ],
  ["Relu: no forward", StateError, /Relu\.backward/, () => make("Relu")["backward"]?.(x)],
  [
    "Sigmoid: a shape",
    ShapeError,
    /Sigmoid\.backward.*\(2, 3, 4\)/,
    () => undo(make("Sigmoid"), x, zeros([2, 3])),
  ],
  [
    "Gelu: two dtypes",
    DtypeError,
    /x is float32, dy is float64/,
    () => undo(make("Gelu"), x, wide),
  ],
  ["LayerNorm: no size", ShapeError, /size.*undefined/, () => make("LayerNorm")],
  ["LayerNorm: half a size", ShapeError, /1\.5/, () => make("LayerNorm", 1.5)],
  ["LayerNorm: options", DataError, /got null/, () => make("LayerNorm", 4, null)],
  ["LayerNorm: an option", DataError, /"eps"/, () => make("LayerNorm", 4, { eps: 1 })],
  ["LayerNorm: an ε of 0", DataError, /above 0, got 0/, () => make("LayerNorm", 4, { epsilon: 0 })],
  ["LayerNorm: an ε of NaN", DataError, /NaN/, () => make("LayerNorm", 4, { epsilon: NaNs })],
  ["LayerNorm: an ε of text", DataError, /"1"/, () => make("LayerNorm", 4, { epsilon: "1" })],
  [
    "LayerNorm: an axis",
    ShapeError,
    /4 numbers along its last axis/,
    () => forward(norm(), zeros([4, 3])),
  ],
  ["LayerNorm: no axis", ShapeError, /shape \(\)/, () => forward(norm(), zeros([]))],
  ["LayerNorm: a dtype", DtypeError, /gain is float32, x is float64/, () => forward(norm(), wide)],
  ["LayerNorm: no forward", StateError, /LayerNorm\.backward/, () => norm()["backward"]?.(x)],
  ["LayerNorm: dy", ShapeError, /dy of shape \(2, 3, 4\)/, () => undo(norm(), x, zeros([6, 4]))],
  [
    "FeedForward: an activation",
    DataError,
    /"relu" or "gelu", got "tanh"/,
    () => ffn({ activation: "tanh" }),
  ],
  ["FeedForward: a method", DataError, /"toString"/, () => ffn({ activation: "toString" })],
  ["FeedForward: all dropped", DataError, /dropout.*less than 1, got 1/, () => ffn({ dropout: 1 })],
  ["FeedForward: NaN dropped", DataError, /NaN/, () => ffn({ dropout: NaNs })],
  ["FeedForward: an option", DataError, /"bias"/, () => ffn({ bias: false })],
  ["FeedForward: a size", ShapeError, /hidden.*-1/, () => make("FeedForward", 4, -1)],
  [
    "FeedForward: a stream",
    DataError,
    /stream.*1\.5/,
    () => forward(ffn({ dropout: 0.5 }), x, 1.5),
  ],
  ["FeedForward: x", ShapeError, /4 numbers/, () => forward(ffn(), zeros([2, 3]))],
  ["FeedForward: no forward", StateError, /backward/, () => ffn()["backward"]?.(x)],
  [
    "sinusoidal: a base",
    DataError,
    /base.*above 0, got -2/,
    () => make("SinusoidalPositions", 4, { base: -2 }),
  ],
  [
    "sinusoidal: no end",
    DataError,
    /Infinity/,
    () => make("SinusoidalPositions", 4, { base: 1 / 0 }),
  ],
  ["sinusoidal: two axes", ShapeError, /\(N, T, D\)/, () => forward(waves(), zeros([3, 4]))],
  [
    "sinusoidal: a size",
    ShapeError,
    /\(2, 3, 4\), got shape \(2, 3, 5\)/,
    () => forward(waves(), zeros([2, 3, 5])),
  ],
  ["sinusoidal: an offset", ShapeError, /offset.*-1/, () => forward(waves(), x, { offset: -1 })],
  ["sinusoidal: the offset alone", DataError, /options as an object/, () => forward(waves(), x, 3)],
  [
    "sinusoidal: too far",
    ShapeError,
    /offset \+ T/,
    () => forward(waves(), x, { offset: 2 ** 31 - 1 }),
  ],
  ["sinusoidal: no forward", StateError, /backward/, () => waves()["backward"]?.(x)],
  ["sinusoidal: dy", ShapeError, /dy of shape/, () => undo(waves(), x, zeros([2, 3]))],
  [
    "learned: beyond the end",
    ShapeError,
    /the 3 positions.*3 from position 1/,
    () => forward(learned(), x, { offset: 1 }),
  ],
  ["learned: a dtype", DtypeError, /table is float32/, () => forward(learned(), wide)],
  ["learned: a length", ShapeError, /length.*"3"/, () => make("LearnedPositions", "3", 4)],
  ["learned: no forward", StateError, /backward/, () => learned()["backward"]?.(x)],
  ["rotary: no options", DataError, /undefined/, () => make("RotaryPositions")],
  ["rotary: the size alone", DataError, /size, rotated/, () => make("RotaryPositions", 4)],
  ["rotary: an odd size", ShapeError, /even.*got 5/, () => rotary({ size: 5 })],
  ["rotary: more than there is", ShapeError, /got 6/, () => rotary({ rotated: 6 })],
  ["rotary: interleaved", DataError, /true or false, got 1/, () => rotary({ interleaved: 1 })],
  ["rotary: an option", DataError, /"theta"/, () => rotary({ theta: 1 })],
  ["rotary: a base", DataError, /base/, () => rotary({ base: 0 })],
  ["rotary: a layout", DataError, /layout.*"TND"/, () => forward(rotary(), x, { layout: "TND" })],
  ["rotary: two axes", ShapeError, /3 axes/, () => forward(rotary(), zeros([3, 4]))],
  ["rotary: another rank", ShapeError, /4 axes/, () => forward(rotary(), x, { layout: "NHTD" })],
  ["rotary: half a head", ShapeError, /multiple of 4/, () => forward(rotary(), zeros([2, 3, 6]))],
  ["rotary: a head size", ShapeError, /4 numbers/, () => forward(rotary(), zeros([1, 2, 3, 8]))],
  ["rotary: an offset", ShapeError, /1\.5/, () => forward(rotary(), x, { offset: 1.5 })],
  [
    "rotary: too far",
    ShapeError,
    /offset \+ T/,
    () => forward(rotary(), x, { offset: 2 ** 31 - 1 }),
  ],
  [
    "rotary: an offset and positions",
    DataError,
    /one of offset and positions, got both/,
    () => forward(rotary(), x, { offset: 0, positions: indices([1, 2, 3]) }),
  ],
  [
    "rotary: positions too far",
    ShapeError,
    /0 to 1048575, got 1048576/,
    () => forward(rotary(), x, { positions: indices([1, 2 ** 20, 3]) }),
  ],
  [
    "rotary: a tensor of positions",
    ShapeError,
    /indices/,
    () => forward(rotary(), x, { positions: zeros([3]) }),
  ],
  [
    "rotary: too few positions",
    ShapeError,
    /\(3\), one per step/,
    () => forward(rotary(), x, { positions: indices([1, 2]) }),
  ],
  [
    "rotary: before the first",
    ShapeError,
    /-1 at element 1/,
    () => forward(rotary(), x, { positions: indices([1, -1, 2]) }),
  ],
  ["rotary: no forward", StateError, /backward/, () => rotary()["backward"]?.(x)],
  ["rotary: dy", ShapeError, /dy of shape/, () => undo(rotary(), x, zeros([2, 3, 8]))],
  ["rotary: dy's dtype", DtypeError, /x is float32, dy is float64/, () => undo(rotary(), x, wide)],
  [
    "Parameters: a start",
    DataError,
    /start of a.*NaN/,
    () => make("Parameters", [{ name: "a", shape: [1], deviation: 0, start: NaNs }]),
  ],
];

describe("is refused", () => {
  test.each(refusals)("%s", (_, error, message, run) => {
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });
});

describe("between the forward and the backward pass", () => {
  test("what is needed may not be disposed", () => {
    const given = zeros([2, 3, 4]);
    for (const layer of [new heed.Gelu(), new heed.LayerNorm(4)]) layer.forward(given);
    const gelu = new heed.Gelu();
    const norm = new heed.LayerNorm(4);
    gelu.forward(given);
    norm.forward(given);
    given.dispose();
    expect(() => gelu.backward(x)).toThrow(/Gelu\.backward: .*use of x .*dispose it later/);
    expect(() => norm.backward(x)).toThrow(/LayerNorm\.backward: .*use of x/);
  });

  test("what is not needed may", () => {
    const given = zeros([2, 3, 4]);
    const layers = [
      new heed.Tanh(),
      new heed.SinusoidalPositions(4),
      new heed.LearnedPositions(3, 4),
      new heed.RotaryPositions({ size: 4 }),
    ];
    for (const layer of layers) layer.forward(given);
    given.dispose();
    for (const layer of layers) expect(layer.backward(x).shape).toEqual([2, 3, 4]);
  });

  test("positions that were written to are looked at anew", () => {
    const layer = new heed.RotaryPositions({ size: 4 });
    const positions = indices([0, 1, 2]);
    const y = layer.forward(x, { positions });
    positions.data[1] = -5;
    expect(() => layer.backward(y)).toThrow(/RotaryPositions\.backward.*got -5 at element 1/);
    positions.dispose();
    expect(() => layer.backward(y)).toThrow(StateError);
  });

  test("what backward returns outlives the gradient it was given", () => {
    const layer = new heed.SinusoidalPositions(2);
    layer.forward(zeros([1, 1, 2]));
    const dy = heed.tensor([[[3, 4]]]);
    const dx = layer.backward(dy);
    dy.dispose();
    expect(dx.toArray()).toEqual([[[3, 4]]]);
  });
});
