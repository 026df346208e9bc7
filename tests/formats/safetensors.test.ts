import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DataError, DtypeError, ShapeError } from "../../src/core/errors.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { missing, sharedPath } from "../support/shared-files.ts";
import { entry, file, sample } from "./safetensors-bytes.ts";

const none = new Map<string, never>();

describe("what was written is read again", () => {
  it("with names, order, shapes, number types, bits and metadata", () => {
    const { metadata, tensors } = readSafetensors(sample(), "sample");
    expect([...metadata]).toEqual([
      ["config", '{"hiddenSize":4}'],
      ["", "naïve 🙂 \u0000"],
    ]);
    expect([...tensors.keys()]).toEqual(["b", "a", "0", "empty", "__proto__"]);
    const b = tensors.get("b");
    expect(b).toMatchObject({ dtype: "F32", shape: [2, 3] });
    expect(b?.data).toEqual(
      new Float32Array([1, -2, 0.5, -0, Number.POSITIVE_INFINITY, Number.NaN]),
    );
    expect(tensors.get("a")?.data).toEqual(new Float64Array([Math.PI, 5e-324, -1e308]));
    expect(tensors.get("0")).toMatchObject({ shape: [], data: new Float32Array([7]) });
    expect(tensors.get("empty")).toMatchObject({ shape: [4, 0], data: new Float32Array(0) });
    expect(writeSafetensors(readSafetensors(sample(), "sample"))).toEqual(sample());
  });

  it("from a Buffer at any offset, from shared memory, and as copies", () => {
    const bytes = sample();
    for (let offset = 0; offset < 9; offset++) {
      const buffer = Buffer.alloc(bytes.length + offset);
      buffer.set(bytes, offset);
      expect(readSafetensors(buffer.subarray(offset), "buffer")).toEqual(
        readSafetensors(bytes, "sample"),
      );
    }
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const { tensors } = readSafetensors(shared, "shared");
    shared.fill(0);
    expect(tensors.get("0")?.data).toEqual(new Float32Array([7]));
  });

  it("without tensors and without metadata", () => {
    const bytes = writeSafetensors({ metadata: none, tensors: none });
    expect(Buffer.from(bytes).toString("latin1")).toBe("\x08\0\0\0\0\0\0\0{}      ");
    expect(readSafetensors(bytes, "nothing")).toEqual({ metadata: new Map(), tensors: new Map() });
  });
});

describe("what is written", () => {
  it("is the format's layout byte for byte", () => {
    const tensors = new Map([["w", { shape: [1], data: new Float32Array([1]) }]]);
    const bytes = writeSafetensors({ metadata: new Map([["k", "v"]]), tensors });
    const header =
      '{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    const expected = Buffer.concat([
      Buffer.from([padded.length, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(padded),
      Buffer.from([0, 0, 0x80, 0x3f]),
    ]);
    expect(Buffer.from(bytes).equals(expected)).toBe(true);
  });

  it("takes a view's own numbers only", () => {
    const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
    const bytes = writeSafetensors({
      metadata: none,
      tensors: new Map([["w", { shape: [2], data }]]),
    });
    expect(readSafetensors(bytes, "view").tensors.get("w")?.data).toEqual(new Float32Array([2, 3]));
  });

  const one = new Float32Array(1);
  const write = (name: string, shape: number[], data: Float32Array, metadata = new Map()) =>
    writeSafetensors({ metadata, tensors: new Map([[name, { shape, data }]]) });

  it("is refused where it would be no safetensors file", () => {
    expect(() => write("w", [2], one)).toThrow(ShapeError);
    expect(() => write("w", [-1], one)).toThrow(ShapeError);
    expect(() => write("__metadata__", [1], one)).toThrow(DataError);
    expect(() => write("\ud800", [1], one)).toThrow(DataError);
    expect(() => write("w", [1], one, new Map([["k", "\udc00"]]))).toThrow(DataError);
    expect(() => write("w", [1], new Int32Array(1) as unknown as Float32Array)).toThrow(DtypeError);
  });
});

describe("files by others", () => {
  it("may list tensors in another order than they lie, with spaces and unknown keys", () => {
    const header = {
      y: { ...entry("F32", [1], 4, 8), more: { a: [1.5] } },
      x: entry("F32", [1], 0, 4),
    };
    const bytes = file(`${JSON.stringify(header, null, 2)}  \n`, 8);
    new DataView(bytes.buffer).setFloat32(bytes.length - 8, 1, true);
    const { tensors } = readSafetensors(bytes, "other");
    expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
      ["y", 0],
      ["x", 1],
    ]);
  });

  it("may hold float16 and bfloat16, which become float32", () => {
    const bytes = file({ h: entry("F16", [1], 0, 2), b: entry("BF16", [1], 2, 4) }, 4);
    bytes.set([0x00, 0xc0, 0x80, 0x3f], bytes.length - 4);
    const { tensors } = readSafetensors(bytes, "halves");
    expect(tensors.get("h")).toEqual({ dtype: "F16", shape: [1], data: new Float32Array([-2]) });
    expect(tensors.get("b")).toEqual({ dtype: "BF16", shape: [1], data: new Float32Array([1]) });
  });

  const name = "data/dates/book-date-model.safetensors";
  const absent = missing(name);
  it.skipIf(absent)(`such as the book's date model${absent ? ` (${absent})` : ""}`, () => {
    const bytes = readFileSync(sharedPath(name));
    const { metadata, tensors } = readSafetensors(bytes, name);
    expect([...metadata.keys()]).toEqual(["note"]);
    const shapes = [...tensors].map(([key, { shape }]) => [key, ...shape]);
    expect(shapes).toEqual([
      ["encoder.embed.W", 59, 16],
      ["encoder.lstm.Wx", 16, 1024],
      ["encoder.lstm.Wh", 256, 1024],
      ["encoder.lstm.b", 1024],
      ["decoder.embed.W", 59, 16],
      ["decoder.lstm.Wx", 16, 1024],
      ["decoder.lstm.Wh", 256, 1024],
      ["decoder.lstm.b", 1024],
      ["decoder.affine.W", 512, 59],
      ["decoder.affine.b", 59],
    ]);
    for (const { dtype, data } of tensors.values()) {
      expect(dtype).toBe("F16");
      expect(data.every((x) => Number.isFinite(x) && Math.abs(x) < 20)).toBe(true);
    }
    // The first number is 0x3699: exponent 13 - 15, fraction 665 / 1024.
    expect(tensors.get("encoder.embed.W")?.data[0]).toBe(2 ** -2 * (1 + 665 / 1024));
  });
});
