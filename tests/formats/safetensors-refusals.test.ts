import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError, DataError } from "../../src/core/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { entry, file, sample } from "./safetensors-bytes.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const prefixed = (length: bigint, rest: string): Uint8Array => {
  const bytes = new Uint8Array([...new Uint8Array(8), ...text(rest)]);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};
const one = (tensor: unknown, dataBytes = 4): Uint8Array => file({ w: tensor }, dataBytes);

describe("files of another kind are named", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /got an empty file/],
    ["three bytes", new Uint8Array([2, 0, 0]), /only 3 bytes/],
    ["a PNG image", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]), /PNG/],
    ["a pickle", new Uint8Array([0x80, 2, 0x7d, 0x71, 0, 0x58, 1, 0, 0, 0, 0]), /pickle/],
    ["a PyTorch archive", text("PK\x03\x04 and so on and on"), /zip archive/],
    ["JSON", text('{"hiddenSize": 4, "more": []}'), /got JSON/],
    ["two bytes of JSON", text("{}"), /got JSON/],
    ["a page", text("<!doctype html><title>404</title>"), /HTML/],
    ["a Git LFS pointer", text("version https://git-lfs.github.com/spec/v1\noid"), /Git LFS/],
    ["a NumPy array", Uint8Array.from(Buffer.from("\x93NUMPY\x01\x00v\x00{", "latin1")), /NumPy/],
    ["zeros", new Uint8Array(64), /header length from 2 to 100,000,000/],
    ["ones", new Uint8Array(64).fill(0xff), /header length/],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "model.bin")).toThrow(CheckpointError);
    expect(() => readSafetensors(bytes, "model.bin")).toThrow(message);
    expect(() => readSafetensors(bytes, "model.bin")).toThrow(/^model\.bin: expected/);
  });
});

describe("a header is refused that", () => {
  const w = '"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  const deep = (levels: number): string => `{"x":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  it.each<[string, Uint8Array, RegExp]>([
    ["is longer than the file", prefixed(100n, "{}"), /cut off/],
    ["is longer than 100 MB", prefixed(100_000_001n, "{}"), /100000001/],
    ["has a length of 2^64 - 1", prefixed(2n ** 64n - 1n, "{}"), /header length/],
    ["begins with a space", file(" {}"), /begins with "\{"/],
    ["is an array", file("[]"), /begins with "\{"/],
    ["is not UTF-8", file("{}").with(9, 0xff), /UTF-8/],
    ["ends early", file(`{${w}`, 4), /nothing at character/],
    ["goes on", file(`{${w}}{}`, 4), /instead of the end/],
    ["has a trailing comma", file(`{${w},}`, 4), /a key in quotation marks/],
    ["repeats a tensor", file(`{${w},${w}}`, 4), /the key "w" twice/],
    ["repeats a tensor with escapes", file(`{${w},${w.replace("w", "\\u0077")}}`, 4), /twice/],
    ["repeats a key", file('{"__metadata__":{"a":"1","a":"2"}}'), /the key "a" twice/],
    ["repeats a field", file(`{${w.replace("{", '{"dtype":"F32",')}}`, 4), /"dtype" twice/],
    ["is nested too deep", file(deep(8)), /nested more than 8/],
    ["is nested far too deep", file(deep(1_000_000)), /nested more than 8/],
    ["never closes what it opens", file(`{"x":${"[".repeat(1_000_000)}`), /nested more than 8/],
    ["holds a raw line break in a string", file('{"a\nb":1}'), /control character/],
    ["holds a bad escape", file('{"\\x":1}'), /valid escapes/],
    ["holds half a surrogate pair", file('{"\\ud800":1}'), /valid escapes/],
    ["has text as a tensor", one("w"), /an object for tensor "w"/],
    ["has null as a tensor", one(null), /an object for tensor "w"/],
    ["has a tensor __proto__ of nothing", file('{"__proto__":{}}'), /tensor "__proto__"/],
    ["has metadata that is text", file({ __metadata__: "x" }), /__metadata__/],
    ["has metadata of numbers", file({ __metadata__: { a: 1 } }), /something else for "a"/],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "m")).toThrow(CheckpointError);
    expect(() => readSafetensors(bytes, "m")).toThrow(message);
  });
});

describe("a tensor is refused", () => {
  it.each<[string, Uint8Array, RegExp]>([
    [
      "of integers, naming them",
      one(entry("I64", [1], 0, 8), 8),
      /"I64", which heed does not read/,
    ],
    ["of a dtype nobody knows", one(entry("F12", [1], 0, 4)), /F16, BF16, F32, F64.*got "F12"/],
    ["of a dtype that objects inherit", one(entry("toString", [1], 0, 4)), /"toString"/],
    ["without dtype", one({ shape: [1], data_offsets: [0, 4] }), /dtypes/],
    ["without shape", one({ dtype: "F32", data_offsets: [0, 4] }), /shape/],
    ["without offsets", one({ dtype: "F32", shape: [1] }), /data_offsets/],
    ["with one offset", one({ dtype: "F32", shape: [1], data_offsets: [0] }), /data_offsets/],
    ["with a negative size", one(entry("F32", [-1], 0, 4)), /whole numbers as shape/],
    ["with a fractional size", one(entry("F32", [1.5], 0, 4)), /whole numbers as shape/],
    [
      "with a size of 1e400",
      file('{"w":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', 4),
      /shape/,
    ],
    ["with a size of text", one(entry("F32", ["1"], 0, 4)), /shape/],
    ["with a negative offset", one(entry("F32", [1], -4, 0)), /data_offsets/],
    ["with a fractional offset", one(entry("F32", [1], 0.5, 4)), /data_offsets/],
    ["with a huge offset", one(entry("F32", [1], 0, 2 ** 52)), /as if the file were cut off/],
    ["with an unsafe offset", one(entry("F32", [1], 0, 2 ** 60)), /data_offsets/],
    ["that ends before it begins", one(entry("F32", [1], 4, 0)), /data_offsets/],
    ["whose shape takes more bytes", one(entry("F32", [2], 0, 4)), /takes 8/],
    ["whose shape takes fewer bytes", one(entry("F32", [1], 0, 8), 8), /takes 4/],
    ["of terabytes", one(entry("F32", [2 ** 40], 0, 4)), /takes 4398046511104/],
    ["whose size overflows 2^64 to 0", one(entry("F32", [2 ** 32, 2 ** 32], 0, 0), 0), /than any/],
    ["whose size overflows 2^53", one(entry("F64", new Array(50).fill(4096), 0, 4)), /than any/],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "m")).toThrow(CheckpointError);
    expect(() => readSafetensors(bytes, "m")).toThrow(message);
  });
});

describe("tensors that do not cover the data are refused", () => {
  const a = entry("F32", [1], 0, 4);
  it.each<[string, Uint8Array, RegExp]>([
    ["a hole at the beginning", file({ b: entry("F32", [1], 4, 8) }, 8), /offset 0.*4, a hole/],
    ["a hole", file({ a, b: entry("F32", [1], 8, 12) }, 12), /offset 4.*8, a hole/],
    ["an overlap", file({ a, b: entry("F32", [1], 2, 6) }, 6), /offset 4.*2, an overlap/],
    ["the same bytes twice", file({ a, b: a }, 4), /an overlap/],
    ["bytes left over", file({ a }, 5), /4 bytes of numbers.*got 5/],
    ["bytes without tensors", file({}, 1), /0 bytes of numbers.*got 1/],
    ["bytes missing", file({ a }, 3), /cut off/],
    ["an empty tensor in a hole", file({ a, b: entry("F32", [0], 6, 6) }, 8), /a hole/],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "m")).toThrow(CheckpointError);
    expect(() => readSafetensors(bytes, "m")).toThrow(message);
  });
});

it("what is not a Uint8Array is a wrong call", () => {
  const buffer = new ArrayBuffer(8) as unknown as Uint8Array;
  expect(() => readSafetensors(buffer, "m")).toThrow(DataError);
});

/** Whether bytes are read, within a small multiple of their own size, or refused as they should be. */
function isRead(bytes: Uint8Array): boolean {
  try {
    let size = 0;
    for (const { shape, data } of readSafetensors(bytes, "fuzz").tensors.values()) {
      size += data.byteLength;
      expect(shape.reduce((product, n) => product * n, 1)).toBe(data.length);
    }
    expect(size).toBeLessThanOrEqual(2 * bytes.length);
    return true;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return false;
  }
}

describe("nothing but a valid file or a CheckpointError comes out of", () => {
  const seeded = { seed: 20_260_101, numRuns: 2000 };

  it("random bytes, with and without a plausible header length", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.boolean(), (data, hasLength) => {
        isRead(hasLength ? file(`{${Buffer.from(data).toString("latin1")}`) : data);
      }),
      seeded,
    );
  });

  it("every truncation and every extension of a valid file", () => {
    const whole = sample();
    expect(isRead(whole)).toBe(true);
    for (let length = 0; length < whole.length; length++) {
      expect(isRead(whole.subarray(0, length)), `${length} bytes`).toBe(false);
    }
    expect(isRead(new Uint8Array([...whole, 0]))).toBe(false);
  });

  it("a valid file with some bytes changed", () => {
    const whole = sample();
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    let read = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = whole.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        if (isRead(bytes)) read += 1;
      }),
      seeded,
    );
    expect(read).toBeGreaterThan(0); // numbers and names can change unnoticed
    expect(read).toBeLessThan(seeded.numRuns);
  });

  it("headers of arbitrary JSON and of nearly right entries", () => {
    const size = fc.oneof(fc.nat(4), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53, 1e300));
    const near = fc.record({
      dtype: fc.constantFrom("F16", "F32", "F64", "BF16", "I64"),
      shape: fc.array(size, { maxLength: 3 }),
      data_offsets: fc.tuple(size, size),
    });
    const header = fc.dictionary(fc.string(), fc.oneof(near, fc.jsonValue()), { maxKeys: 3 });
    fc.assert(
      fc.property(header, fc.nat(16), (value, data) => {
        isRead(file(value, data));
      }),
      seeded,
    );
  });

  it("large headers, in time proportional to their size", () => {
    const names = Array.from({ length: 50_000 }, (_, i) => [`t${i}`, entry("F32", [0], 0, 0)]);
    expect(isRead(file(Object.fromEntries(names)))).toBe(true);
    expect(isRead(file(`{"${"x".repeat(5_000_000)}":1}`))).toBe(false);
    expect(isRead(file(`{"x":${"9".repeat(5_000_000)}}`))).toBe(false);
    expect(isRead(file(`{"x":[${"1,".repeat(1_000_000)}1]}`))).toBe(false);
    expect(isRead(file(`{"x":"${"\\n".repeat(2_000_000)}"}`))).toBe(false);
  });
});
