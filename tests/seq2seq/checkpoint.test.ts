import { beforeAll, describe, expect, it, test } from "vitest";
import { formatShape, sizeOf } from "../../src/core/shapes.ts";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { crc32 } from "../../src/formats/crc32.ts";
import {
  AttentionSeq2seq,
  CheckpointError,
  DataError,
  defaultConfig,
  type Pair,
  readSafetensors,
  writeSafetensors,
} from "../../src/index.ts";

const pairs: Pair[] = [
  { source: "ab", target: "ba", line: 1 },
  { source: "cd", target: "dc", line: 2 },
];
const small = { embeddingSize: 4, hiddenSize: 8, dropout: 0 } as const;
const makeModel = (overrides: object = {}): AttentionSeq2seq =>
  AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs, { ...small, ...overrides }));

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await makeModel().toBytes();
});

type Json = Record<string, unknown>;

/** What a file says, to be altered; `metadata` is altered after the checksum has been made. */
interface Contents {
  readonly config: Json;
  readonly source: Json & { symbols: unknown[] };
  readonly target: Json;
  readonly tensors: Map<string, { shape: number[]; data: Float32Array }>;
  readonly metadata: Map<string, string>;
}

/** The model file altered by someone who knows how to make its checksum right again. */
function forge(alter: (contents: Contents) => void): Uint8Array {
  const file = readSafetensors(bytes, "model");
  const metadata = new Map(file.metadata);
  const tensors: Contents["tensors"] = new Map();
  for (const [name, { shape, data }] of file.tensors) {
    tensors.set(name, { shape: [...shape], data: Float32Array.from(data) });
  }
  const parsed = (key: string) => JSON.parse(metadata.get(key) ?? "");
  const [config, source, target] = ["config", "source", "target"].map(parsed);
  metadata.clear();
  alter({ config, source, target, tensors, metadata });
  const described = {
    config: JSON.stringify(config),
    source: JSON.stringify(source),
    features: "null",
    target: JSON.stringify(target),
  };
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  let crc = crc32(utf8(JSON.stringify(described)));
  for (const [name, { shape, data }] of tensors) {
    crc = crc32(utf8(`${name}${formatShape(shape)}${sizeOf(shape)}`), crc);
    crc = crc32(new Uint8Array(data.buffer), crc);
  }
  const all = new Map([
    ["format", "heed.AttentionSeq2seq"],
    ["version", "1"],
    ...Object.entries(described),
    ["crc32", crc.toString(16).padStart(8, "0")],
    ...metadata,
  ]);
  return writeSafetensors({ metadata: all, tensors });
}

describe("a forged file with the right checksum", () => {
  it("is read where nothing is wrong with it", async () => {
    const model = AttentionSeq2seq.fromBytes(forge(() => {}));
    expect(await model.toBytes()).toEqual(bytes);
  });

  it("may say more than is known, to no effect", async () => {
    const forged = forge(({ config, source }) => {
      config["colour"] = "red";
      source["comment"] = "mine";
    });
    expect(await AttentionSeq2seq.fromBytes(forged).toBytes()).toEqual(bytes);
  });

  it.each(["1.0", " 1", "01", "1e0", "0x1", "1\n", "", "0", "-1", "one"])(
    "is refused for its version %j",
    (version) => {
      const forged = forge(({ metadata }) => metadata.set("version", version));
      const read = (): unknown => AttentionSeq2seq.fromBytes(forged);
      expect(read).toThrow(CheckpointError);
      expect(read).toThrow(
        `expected version 1 of the model file, got version ${JSON.stringify(version)}`,
      );
      expect(read).not.toThrow(/later/);
    },
  );

  it.each(["2", "10", "99999999999999999999999"])("is of a later version %s", (version) => {
    const forged = forge(({ metadata }) => metadata.set("version", version));
    expect(() => AttentionSeq2seq.fromBytes(forged)).toThrow(/a later heed wrote it; update heed/);
  });

  it.each([
    "embeddingSize",
    "hiddenSize",
    "targetLimit",
    "sourceLength",
    "targetLength",
    "layerDropout",
  ])("is refused for another %s", (name) => {
    for (const value of [undefined, "4", [4], {}, -1, 0.5e-9 + 1, 2 ** 53, 1e300]) {
      const forged = forge(({ config }) => {
        config[name] = value;
      });
      expect(() => AttentionSeq2seq.fromBytes(forged), JSON.stringify(value)).toThrow(
        CheckpointError,
      );
    }
  });

  it.each<[name: string, config: Json, target: Json]>([
    ["endless outputs", { targetLimit: 1e9 }, {}],
    ["endless outputs without an end", { targetLength: 1e9 }, { end: null }],
    ["endless padding", { maskPadding: false, sourceLength: 1e9 }, {}],
  ])("is refused for %s, which would hang whoever uses it", (_name, config, target) => {
    const forged = forge((contents) => {
      Object.assign(contents.config, config);
      Object.assign(contents.target, target);
    });
    expect(() => AttentionSeq2seq.fromBytes(forged)).toThrow(
      /whole number from \d to 65536(, or null)?, got 1000000000/,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "is refused for a parameter that is %d",
    (value) => {
      const forged = forge(({ tensors }) =>
        tensors.get("decoder.affine.b")?.data.fill(value, 1, 2),
      );
      expect(() => AttentionSeq2seq.fromBytes(forged)).toThrow(CheckpointError);
      expect(() => AttentionSeq2seq.fromBytes(forged)).toThrow(
        `expected finite numbers in decoder.affine.b, got ${value}`,
      );
    },
  );

  it("is refused for a vocabulary that its tensors have no room for", () => {
    const forged = forge(({ source }) => {
      source.symbols = Array.from({ length: 100_000 }, (_, i) => `s${i}`);
    });
    expect(() => AttentionSeq2seq.fromBytes(forged)).toThrow(/of shape \(100000, 4\)/);
  });

  it("takes a symbol spelled like a key of every object for a symbol", async () => {
    const forged = forge(({ source }) => {
      source.symbols[4] = "__proto__";
      source.symbols[5] = "constructor";
    });
    const { unknownSymbols } = await AttentionSeq2seq.fromBytes(forged).transduce("ab");
    expect(unknownSymbols).toEqual(["a", "b"]);
  });
});

test("a model that has diverged is not written down", async () => {
  const model = makeModel();
  const b = model.parameters.value("encoder.lstm.b");
  b.storage.write(new Float64Array(b.size).fill(Number.NaN));
  await expect(model.toBytes()).rejects.toThrow(DataError);
  await expect(model.toBytes()).rejects.toThrow(/finite numbers in encoder\.lstm\.b, got NaN/);
});

test("a model too large for any memory is refused before it takes any", () => {
  for (const sizes of [{ hiddenSize: 65_536 }, { hiddenSize: 8192, embeddingSize: 65_536 }]) {
    expect(() => makeModel(sizes)).toThrow(DataError);
    expect(() => makeModel(sizes)).toThrow(/at most 268435456 learned numbers/);
  }
  expect(() => makeModel({ hiddenSize: 1e9 })).toThrow(/hiddenSize to be a whole number from 1/);
});

test("the memory that decoding takes does not grow with the output", async () => {
  const device = openWasmDevice({ simd: "simd128" });
  const peak = async (targetLimit: number): Promise<number> => {
    const config = defaultConfig(pairs, { ...small, targetLimit });
    const model = AttentionSeq2seq.fromPairs(pairs, config, { device });
    // Special symbols, the end among them, are never the likeliest.
    const b = model.parameters.value("decoder.affine.b");
    b.storage.write(new Float64Array(b.size).fill(-100, 0, 4));
    const { outputSymbols } = await model.transduce("ab".repeat(500));
    expect(outputSymbols).toHaveLength(targetLimit);
    model.dispose();
    return device.memoryUse().reserved;
  };
  const short = await peak(10);
  expect(await peak(2000)).toBe(short);
});
