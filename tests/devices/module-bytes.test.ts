import { describe, expect, it } from "vitest";
import { bytesAsText } from "../../scripts/bytes-as-text.ts";
import { asBytes, simd128Edits } from "../../scripts/simd128-edits.ts";
import { core } from "../../src/devices/wasm/core.generated.ts";
import { family } from "../../src/devices/wasm/family.generated.ts";
import { bytesOfText, edited } from "../../src/devices/wasm/module-bytes.ts";

describe("bytes as text", () => {
  const all = Uint8Array.from({ length: 3 * 256 }, (_, i) => (i * 7) % 256);

  it("come back", () => {
    expect(bytesOfText(bytesAsText(all))).toEqual(all);
    expect(bytesOfText(bytesAsText(new Uint8Array(0)))).toEqual(new Uint8Array(0));
  });

  it("need no escape in quotes of any kind, in HTML, or in another character set", () => {
    expect(bytesAsText(all)).toMatch(/^[ -~]+$/);
    expect(bytesAsText(all)).not.toMatch(/["'`\\$<]/);
  });
});

describe("edits", () => {
  it("keep, drop and insert", () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    const edits = [
      { start: 1, end: 3, bytes: [7, 8, 9] },
      { start: 3, end: 3, bytes: [10] },
      { start: 290, end: 300, bytes: [] },
    ];
    const expected = [0, 7, 8, 9, 10, ...bytes.subarray(3, 290)];
    expect([...edited(bytes, asBytes(edits))]).toEqual(expected);
    expect(edited(bytes, new Uint8Array(0))).toEqual(bytes);
  });
});

describe.each(Object.entries({ core, family }))("the build of the %s for simd128", (_, text) => {
  const relaxed = bytesOfText(text.relaxed);
  const simd128 = edited(relaxed, bytesOfText(text.simd128));

  it("is what its edits of the relaxed build say", () => {
    expect(edited(relaxed, asBytes(simd128Edits(relaxed)))).toEqual(simd128);
  });

  it("has no relaxed instruction left, so that every engine with SIMD compiles it", () => {
    expect(simd128Edits(relaxed).length).toBeGreaterThan(100);
    expect(simd128Edits(simd128)).toEqual([]);
    expect(WebAssembly.validate(simd128)).toBe(true);
  });
});

describe("a build for simd128", () => {
  it("multiplies and adds where the other does both at once", () => {
    // f(a, b, c) = a · b + c on vectors: relaxed in, ordinary out, through a local behind the three.
    const body = [0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 0x0b];
    const small = Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
      ...[3, 2, 1, 0, 10, body.length + 2, 1, body.length, ...body],
    ]);
    const code = [1, 1, 0x7b, 0x20, 0, 0x20, 1, 0x20, 2];
    const instead = [0x21, 3, 0xfd, 0xe6, 1, 0x20, 3, 0xfd, 0xe4, 1, 0x0b];
    const made = edited(small, asBytes(simd128Edits(small)));
    expect([...made.subarray(-20)]).toEqual([...code, ...instead]);
    expect(WebAssembly.validate(made)).toBe(true);
  });
});
