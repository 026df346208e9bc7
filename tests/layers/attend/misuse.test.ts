/** What plain JavaScript may pass to attention: one error of heed's own each, before anything is done. */
import { describe, expect, it } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import * as heed from "../../../src/index.ts";

const { DataError, DeviceError, DtypeError, ShapeError, StateError } = heed;
const on = { device: new ReferenceDevice() } as const;
const zeros = (...shape: number[]): heed.Tensor => heed.zeros(shape, on);
const ints = (data: number[], ...shape: number[]) => heed.indices(data, shape, on);
const disposed = (...shape: number[]): heed.Tensor => {
  const x = zeros(...shape);
  x.dispose();
  return x;
};

/** attention without its types, of (2, 3, 4) and (2, 5, 4) unless given otherwise. */
const call = (
  options?: unknown,
  query: unknown = zeros(2, 3, 4),
  keys: unknown = zeros(2, 5, 4),
  values = keys,
) =>
  (heed.attention as (...given: unknown[]) => heed.AttentionResult)(query, keys, values, options);
const score = (options: object) => () => call({ score: options });
const undo = (options: object, ...given: unknown[]) =>
  (call(options).backward as (...given: unknown[]) => unknown).bind(call(options))(...given);
const cacheOf = (options: object = {}) =>
  new heed.KeyValueCache({ batch: 2, size: 4, ...on, ...options });
const full = () => {
  const cache = cacheOf({ capacity: 7 });
  call({ cache });
  return cache;
};
const past =
  (keys: unknown, values: unknown = keys) =>
  () =>
    call({ past: { keys, values } });
const gone = cacheOf();
gone.dispose();
const forgotten = (): heed.AttentionResult => {
  const result = call();
  result.dispose();
  return result;
};
const endless = (): unknown[] => {
  const mask: unknown[] = Array.from({ length: 2000 }, () => false);
  mask[0] = mask;
  return mask;
};
const elsewhere = { device: new ReferenceDevice() };
const NaN64 = Number.NaN;

const refusals: readonly (readonly [string, typeof DataError, RegExp, () => unknown])[] = [
  ["query: an array", ShapeError, /query to be a tensor.*array/, () => call({}, [[[1]]])],
  ["query: two axes", ShapeError, /query of shape \(3, 4\)/, () => call({}, zeros(3, 4))],
  [
    "keys: four axes",
    ShapeError,
    /keys of shape \(2, 1, 5, 4\)/,
    () => call({}, zeros(2, 3, 4), zeros(2, 1, 5, 4)),
  ],
  [
    "keys: another batch",
    ShapeError,
    /keys has N = 3, query has N = 2/,
    () => call({}, zeros(2, 3, 4), zeros(3, 5, 4)),
  ],
  [
    "keys: another size",
    ShapeError,
    /keys has D = 5, query has D = 4/,
    () => call({}, zeros(2, 3, 4), zeros(2, 5, 5)),
  ],
  [
    "values: another batch",
    ShapeError,
    /values has N = 1/,
    () => call({}, zeros(2, 3, 4), zeros(2, 5, 4), zeros(1, 5, 4)),
  ],
  [
    "values: other steps",
    ShapeError,
    /values has T = 6, keys has T = 5/,
    () => call({}, zeros(2, 3, 4), zeros(2, 5, 4), zeros(2, 6, 4)),
  ],
  [
    "values: other heads",
    ShapeError,
    /values has heads = 2/,
    () => call({}, zeros(2, 1, 3, 4), zeros(2, 1, 5, 4), zeros(2, 2, 5, 4)),
  ],
  [
    "values: disposed",
    StateError,
    /values.*after dispose/,
    () => call({}, zeros(2, 3, 4), zeros(2, 5, 4), disposed(2, 5, 4)),
  ],
  [
    "query: float64",
    DtypeError,
    /query is float64, keys is float32/,
    () => call({}, heed.zeros([2, 3, 4], { ...on, dtype: "float64" })),
  ],
  [
    "query: elsewhere",
    DeviceError,
    /same device/,
    () => call({}, heed.zeros([2, 3, 4], elsewhere)),
  ],
  ["options: null", DataError, /got null/, () => call(null)],
  ["options: a name", DataError, /"sclae"/, () => call({ sclae: 1 })],
  ["options: a tensor", DataError, /Tensor/, () => call(zeros(1))],
  ["heads: none", ShapeError, /heads.*got 0/, () => call({ heads: 0 })],
  ["heads: half a head", ShapeError, /heads.*1\.5/, () => call({ heads: 1.5 })],
  [
    "heads: that do not divide",
    ShapeError,
    /3 heads can share.*\(2, 3, 4\)/,
    () => call({ heads: 3 }),
  ],
  [
    "keyHeads: that do not divide",
    ShapeError,
    /keyHeads to divide heads/,
    () => call({ heads: 4, keyHeads: 3 }, zeros(2, 3, 16), zeros(2, 5, 12)),
  ],
  [
    "heads: of four axes",
    DataError,
    /heads to be left out, or 2/,
    () => call({ heads: 3 }, zeros(2, 2, 3, 4), zeros(2, 1, 5, 4)),
  ],
  [
    "heads: no head of four axes",
    ShapeError,
    /heads/,
    () => call({}, zeros(2, 0, 3, 4), zeros(2, 0, 5, 4)),
  ],
  ["score: a name", DataError, /"cosine"/, () => call({ score: "cosine" })],
  ["score: a kind", DataError, /score\.kind.*"cosine"/, score({ kind: "cosine" })],
  ["score: no kind", DataError, /score\.kind.*undefined/, score({})],
  ["score: a scale", DataError, /scale.*NaN/, score({ kind: "dot", scale: NaN64 })],
  [
    "score: no end",
    DataError,
    /scale.*Infinity/,
    score({ kind: "additive", scale: Number.POSITIVE_INFINITY }),
  ],
  ["score: an option", DataError, /"W"/, score({ kind: "dot", W: zeros(4, 4) })],
  ["score: no W", ShapeError, /score\.W.*undefined/, score({ kind: "multiplicative" })],
  [
    "score: another W",
    ShapeError,
    /score\.W of shape \(4, 4\).*\(4, 5\)/,
    score({ kind: "multiplicative", W: zeros(4, 5) }),
  ],
  [
    "score: W elsewhere",
    DeviceError,
    /score\.W/,
    score({ kind: "multiplicative", W: heed.zeros([4, 4], elsewhere) }),
  ],
  [
    "score: another Wq",
    ShapeError,
    /score\.Wq of shape \(4, 6\)/,
    score({ kind: "additive", Wq: zeros(5, 6) }),
  ],
  [
    "score: Wq alone",
    ShapeError,
    /query · Wq has A = 6/,
    score({ kind: "additive", Wq: zeros(4, 6) }),
  ],
  [
    "score: another v",
    ShapeError,
    /score\.v of shape \(6\)/,
    score({ kind: "additive", Wq: zeros(4, 6), Wk: zeros(4, 6), v: zeros(4) }),
  ],
  [
    "mask: too many axes",
    ShapeError,
    /mask.*broadcasts.*\(1, 2, 1, 3, 5\)/,
    () => call({ mask: ints(new Array(30).fill(1), 1, 2, 1, 3, 5) }),
  ],
  [
    "mask: another size",
    ShapeError,
    /mask.*broadcasts to \(2, 3, 5\).*\(4\)/,
    () => call({ mask: ints([1, 1, 1, 1], 4) }),
  ],
  [
    "mask: heads that are not there",
    ShapeError,
    /mask/,
    () => call({ mask: ints(new Array(60).fill(1), 2, 2, 3, 5) }),
  ],
  [
    "mask: a tensor",
    DtypeError,
    /indices.*Tensor.*zeros and ones/,
    () => call({ mask: zeros(3, 5) }),
  ],
  ["mask: nested numbers", DtypeError, /booleans.*got 1/, () => call({ mask: [1, 1, 1, 1, 1] })],
  ["mask: ragged", ShapeError, /length 2/, () => call({ mask: [[true, true], [true]] })],
  ["mask: one that holds itself", DtypeError, /booleans/, () => call({ mask: endless() })],
  ["mask: deep", ShapeError, /mask/, () => call({ mask: [[[[[true]]]]] })],
  ["mask: elsewhere", DeviceError, /mask/, () => call({ mask: heed.indices([1], [1], elsewhere) })],
  ["bias: an array", ShapeError, /bias to be a tensor/, () => call({ bias: [1] })],
  ["bias: another size", ShapeError, /bias.*broadcasts/, () => call({ bias: zeros(2, 1, 5, 3) })],
  ["bias: indices", ShapeError, /bias to be a tensor/, () => call({ bias: ints([1], 1) })],
  ["lengths: an array", ShapeError, /lengths to be indices/, () => call({ lengths: [1, 2] })],
  ["lengths: too few", ShapeError, /lengths of shape \(2\)/, () => call({ lengths: ints([1], 1) })],
  ["lengths: too long", ShapeError, /from 0 to 5.*got 6/, () => call({ lengths: ints([5, 6], 2) })],
  ["lengths: negative", ShapeError, /got -1/, () => call({ lengths: ints([-1, 5], 2) })],
  ["causal: a name", DataError, /causal.*"left"/, () => call({ causal: "left" })],
  ["causal: a number", DataError, /causal.*got 1/, () => call({ causal: 1 })],
  ["causal: null", DataError, /causal.*null/, () => call({ causal: null })],
  ["causal: no offset", DataError, /offset.*undefined/, () => call({ causal: {} })],
  ["causal: half an offset", DataError, /offset.*0\.5/, () => call({ causal: { offset: 0.5 } })],
  ["causal: a far offset", DataError, /offset/, () => call({ causal: { offset: 2 ** 31 } })],
  ["window: negative", DataError, /window.*-1/, () => call({ window: -1 })],
  ["window: NaN", DataError, /window.*NaN/, () => call({ window: NaN64 })],
  ["window: half a key", DataError, /window\.left.*0\.5/, () => call({ window: { left: 0.5 } })],
  [
    "window: no end",
    DataError,
    /window\.right.*Infinity/,
    () => call({ window: { right: Number.POSITIVE_INFINITY } }),
  ],
  ["window: an option", DataError, /"size"/, () => call({ window: { size: 3 } })],
  ["alibi: a number", DataError, /alibi.*got 2/, () => call({ alibi: 2 })],
  [
    "alibi: too few slopes",
    ShapeError,
    /alibi of shape \(2\)/,
    () => call({ alibi: zeros(1), heads: 2 }),
  ],
  ["softcap: NaN", DataError, /softcap.*NaN/, () => call({ softcap: NaN64 })],
  ["softcap: negative", DataError, /softcap.*-1/, () => call({ softcap: -1 })],
  [
    "softcap: no end",
    DataError,
    /softcap.*Infinity/,
    () => call({ softcap: Number.POSITIVE_INFINITY }),
  ],
  ["dropout: a rate", DataError, /rate.*got 1/, () => call({ dropout: { rate: 1, seed: 0 } })],
  ["dropout: no seed", DataError, /seed.*undefined/, () => call({ dropout: { rate: 0.5 } })],
  [
    "dropout: a stream",
    DataError,
    /stream.*-1/,
    () => call({ dropout: { rate: 0.5, seed: 0, stream: -1 } }),
  ],
  ["dropout: a number", DataError, /dropout.*0\.5/, () => call({ dropout: 0.5 })],
  ["normalizer: a name", DataError, /normalizer.*"softmin"/, () => call({ normalizer: "softmin" })],
  ["normalizer: of all objects", DataError, /normalizer/, () => call({ normalizer: "toString" })],
  ["return: true", DataError, /return.*true/, () => call({ return: true })],
  ["return: a name", DataError, /"weight"/, () => call({ return: { weight: true } })],
  ["return: a number", DataError, /return\.weights.*1/, () => call({ return: { weights: 1 } })],
  ["return: a stage", DataError, /return\.scores.*true/, () => call({ return: { scores: true } })],
  [
    "past: keys alone",
    ShapeError,
    /past\.values to be a tensor/,
    () => call({ past: { keys: zeros(2, 1, 4) } }),
  ],
  ["past: another size", ShapeError, /past\.keys of shape \(2, 1, 4\)/, past(zeros(2, 1, 3))],
  ["past: four axes", ShapeError, /past\.keys of shape/, past(zeros(2, 1, 1, 4))],
  [
    "past: other steps",
    ShapeError,
    /past\.values of shape \(2, 2, 4\)/,
    past(zeros(2, 2, 4), zeros(2, 1, 4)),
  ],
  ["past: elsewhere", DeviceError, /past\.keys/, past(heed.zeros([2, 1, 4], elsewhere))],
  [
    "past and cache",
    DataError,
    /past or cache, not both/,
    () => call({ past: { keys: zeros(2, 1, 4), values: zeros(2, 1, 4) }, cache: cacheOf() }),
  ],
  ["cache: an object", DataError, /cache to be a KeyValueCache/, () => call({ cache: {} })],
  ["cache: full", ShapeError, /at most 2 steps more.*got 5/, () => call({ cache: full() })],
  [
    "cache: another size",
    ShapeError,
    /\(2, 1, T, 3\)/,
    () => call({ cache: cacheOf({ size: 3 }) }),
  ],
  [
    "cache: another batch",
    ShapeError,
    /\(1, 1, T, 4\)/,
    () => call({ cache: cacheOf({ batch: 1 }) }),
  ],
  [
    "cache: other heads",
    DataError,
    /a cache of 1 heads.*one of 2/,
    () => call({ cache: cacheOf({ heads: 2, size: 2 }) }),
  ],
  ["cache: elsewhere", DeviceError, /cache/, () => call({ cache: cacheOf(elsewhere) })],
  [
    "cache: float64",
    DtypeError,
    /cache is float64/,
    () => call({ cache: cacheOf({ dtype: "float64" }) }),
  ],
  ["cache: disposed", StateError, /after dispose/, () => call({ cache: gone })],
  ["cache: a size", ShapeError, /size.*-1/, () => cacheOf({ size: -1 })],
  ["cache: an option", DataError, /"length"/, () => cacheOf({ length: 3 })],
  ["cache: truncated", ShapeError, /from 0 to 5.*got 6/, () => full().truncate(6)],
  [
    "cache: no backward pass",
    StateError,
    /a call with a cache/,
    () => call({ cache: cacheOf() }).backward(zeros(2, 3, 4)),
  ],
  ["backward: nothing", DataError, /dContext, dWeights or both/, () => undo({})],
  [
    "backward: a shape",
    ShapeError,
    /dContext of shape \(2, 3, 4\)/,
    () => undo({}, zeros(2, 3, 5)),
  ],
  ["backward: a number", ShapeError, /dContext to be a tensor/, () => undo({}, 1)],
  [
    "backward: elsewhere",
    DeviceError,
    /dContext/,
    () => undo({}, heed.zeros([2, 3, 4], elsewhere)),
  ],
  [
    "backward: dWeights",
    ShapeError,
    /dWeights of shape \(2, 3, 5\)/,
    () => undo({}, undefined, { dWeights: zeros(2, 1, 3, 5) }),
  ],
  ["backward: an option", DataError, /"dScores"/, () => undo({}, zeros(2, 3, 4), { dScores: 1 })],
  [
    "backward: a disposed result",
    StateError,
    /after dispose/,
    () => forgotten().backward(zeros(2, 3, 4)),
  ],
];

describe("a wrong call of attention is refused with one error that says what came", () => {
  it.each(refusals)("%s", (_, type, message, wrong) => {
    let caught: unknown = null;
    try {
      wrong();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(type);
    expect((caught as Error).message).toMatch(message);
  });

  it("and a cache is left as it was", () => {
    const cache = cacheOf();
    expect(() => call({ cache, mask: [true, false] })).toThrow(ShapeError);
    expect(() => call({ cache, lengths: ints([9, 9], 2) })).toThrow(ShapeError);
    expect(cache.length).toBe(0);
  });
});
