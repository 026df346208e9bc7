import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { CheckpointError, DataError, DtypeError, ShapeError } from "../../src/core/errors.ts";
import { type NpyArray, type NpyNumbers, readNpy, writeNpy } from "../../src/formats/npy.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

/** A file of version 1 with this header, and so many bytes of numbers. */
function file(header: string, dataBytes: number, version = 1): Uint8Array {
  const wide = version > 1;
  const bytes = new Uint8Array((wide ? 12 : 10) + header.length + dataBytes);
  bytes.set(latin1(`\x93NUMPY${String.fromCharCode(version)}\0`));
  const view = new DataView(bytes.buffer);
  if (wide) view.setUint32(8, header.length, true);
  else view.setUint16(8, header.length, true);
  bytes.set(latin1(header), wide ? 12 : 10);
  return bytes;
}
const dictionary = (shape: string, descr = "<f4", order = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const numbers: fc.Arbitrary<NpyNumbers> = fc.oneof(
  fc.float32Array({ maxLength: 12 }),
  fc.float64Array({ maxLength: 12 }),
  fc.int32Array({ maxLength: 12 }),
  fc.bigInt64Array({ maxLength: 12 }),
  fc.uint8Array({ maxLength: 12 }),
);
/** A shape with as many elements: with axes of 1 put in, or of 0 where there are none. */
const arrays: fc.Arbitrary<NpyArray> = fc
  .tuple(numbers, fc.array(fc.boolean(), { maxLength: 4 }))
  .map(([data, places]) => {
    const rest = data.length === 1 && places[0] === true ? [] : [data.length];
    const ones = places.slice(1).map(() => 1);
    return { shape: [...ones, ...rest], data };
  });

describe("a .npy file", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(arrays, (array) => {
        const read = readNpy(writeNpy(array), "a.npy");
        expect(read).toEqual(array);
        expect(read.data.constructor).toBe(array.data.constructor);
      }),
    );
  });

  it("begins its numbers at a multiple of 64 bytes, whatever the header's length", () => {
    for (const shape of [[], [1], [1, 1], new Array(20).fill(1), new Array(64).fill(1)]) {
      const bytes = writeNpy({ shape, data: new Float64Array([7]) });
      expect((bytes.length - 8) % 64).toBe(0);
      expect(bytes[bytes.length - 9]).toBe(10);
      expect(readNpy(bytes, "a.npy").shape).toEqual(shape);
    }
  });

  it("takes the numbers of a view, not of the memory behind it", () => {
    const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
    expect(readNpy(writeNpy({ shape: [2], data }), "a.npy").data).toEqual(new Float32Array([2, 3]));
  });

  it("is read at any alignment, in versions 1 to 3, with the keys in any order", () => {
    const bytes = file("{'shape': (2,), 'fortran_order': False, 'descr': '|u1'}", 2, 2);
    const padded = new Uint8Array([0, ...bytes]);
    expect(readNpy(padded.subarray(1), "a.npy").data).toEqual(new Uint8Array(2));
    expect(readNpy(file(dictionary("(2, 3)"), 24, 3), "a.npy").shape).toEqual([2, 3]);
    expect(readNpy(file(dictionary("(2L, 3L)"), 24), "a.npy").shape).toEqual([2, 3]);
    expect(readNpy(file(dictionary("()"), 4), "a.npy").shape).toEqual([]);
  });

  it("is refused, and never crashes the reader, when bytes of it are changed or missing", () => {
    const bytes = writeNpy({ shape: [2, 2], data: new Float32Array(4) });
    const refusal = (damaged: Uint8Array): boolean => {
      try {
        readNpy(damaged, "a.npy");
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
        return true;
      }
    };
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length))).toBe(true);
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 17), fc.nat(255), (at, value) => {
        refusal(bytes.with(at, value));
      }),
    );
    expect(refusal(new Uint8Array([...bytes, 0]))).toBe(true);
  });
});

describe("a file is refused that", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["is empty", new Uint8Array(0), /got an empty file/],
    ["is a zip archive", latin1("PK\x03\x04 and so on"), /got a zip archive/],
    ["is something else", latin1("and so on and on"), /a \.npy file, got something else/],
    ["ends after its magic word", latin1("\x93NUMPY"), /got 6 bytes/],
    ["is of version 4", file(dictionary("(1,)"), 4, 4), /version 1, 2 or 3.*got version 4/],
    ["says a header of 4 GB", latin1("\x93NUMPY\x02\0\xff\xff\xff\xff"), /up to 65536 bytes/],
    ["ends in its header", file(dictionary("(1,)"), 0).subarray(0, 20), /cut off/],
    ["has no dictionary", file("(1, 2)\n", 4), /a header \{'descr'/],
    ["lacks a key", file("{'descr': '<f4', 'shape': (1,)}", 4), /none of fortran_order/],
    ["repeats a key", file("{'shape': (1,), 'shape': (1,)}", 4), /a header/],
    ["has another key", file("{'x': 1}", 4), /a header/],
    ["lies column by column", file(dictionary("(2, 2)", "<f4", "True"), 16), /column by column/],
    ["is big-endian", file(dictionary("(1,)", ">f4"), 4), /got ">f4"/],
    ["holds objects", file(dictionary("(1,)", "|O"), 8), /got "\|O"/],
    ["has a method's name for a type", file(dictionary("(1,)", "toString"), 4), /"toString"/],
    ["has a size of many digits and no end", file(`{'shape': (${"1".repeat(500)}`, 4), /a header/],
    ["has a negative size", file(dictionary("(-1,)"), 4), /a header/],
    ["has too large a size", file(dictionary("(99999999999,)"), 4), /< 2\^31/],
    ["has more elements than can be", file(dictionary("(2000000000, 2000000000)"), 4), /safe/],
    ["is cut off", file(dictionary("(2,)"), 7), /8 bytes of numbers.*got 7; the file is cut off/],
    ["has too many numbers", file(dictionary("(2,)"), 9), /got 9; the file is damaged/],
  ])("%s", (_, bytes, message) => {
    expect(() => readNpy(bytes, "a.npy")).toThrow(CheckpointError);
    expect(() => readNpy(bytes, "a.npy")).toThrow(/^a\.npy: /);
    expect(() => readNpy(bytes, "a.npy")).toThrow(message);
  });

  it("is no Uint8Array", () => {
    expect(() => readNpy(new ArrayBuffer(8) as unknown as Uint8Array, "a")).toThrow(DataError);
  });
});

describe("an array is not written that", () => {
  it("does not fit its shape, or is of other numbers", () => {
    expect(() => writeNpy({ shape: [2], data: new Float32Array(3) })).toThrow(ShapeError);
    expect(() => writeNpy({ shape: [-1], data: new Float32Array(0) })).toThrow(ShapeError);
    const data = new Int16Array(1) as unknown as Int32Array;
    expect(() => writeNpy({ shape: [1], data })).toThrow(DtypeError);
    expect(() => writeNpy(undefined as unknown as NpyArray)).toThrow(DtypeError);
  });
});

describe("NumPy", () => {
  const found = spawnSync("python3", ["-c", "import numpy"]).status === 0;
  it.skipIf(!found)("reads the file, and writes the same bytes (skipped without numpy)", () => {
    const folder = mkdtempSync(join(tmpdir(), "heed-npy-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const bytes = writeNpy({ shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6.5]) });
    writeFileSync(join(folder, "a.npy"), bytes);
    const program = [
      "import numpy, sys",
      "a = numpy.load('a.npy'); assert a.tolist() == [[1, 2, 3], [4, 5, 6.5]], a",
      "numpy.save(sys.stdout.buffer, a)",
    ];
    const run = spawnSync("python3", ["-c", program.join("\n")], { cwd: folder });
    expect(run.stderr.toString()).toBe("");
    expect(new Uint8Array(run.stdout)).toEqual(bytes);
  });
});
