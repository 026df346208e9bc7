/** Loops that do nothing but multiply and add, four float32 at a time, as WebAssembly modules. */

/**
 * `fused`: acc = a · b + acc in one operation. `separate`: acc = acc · a, then + b. `paired`: x = x · a,
 * then acc = acc + x, which leaves the two in shorter chains.
 */
export type LoopKind = "fused" | "separate" | "paired";

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const END = 0x0b;

/**
 * A module that exports run(rounds), and how many float32 operations a round has. Its constants come
 * from memory: engines rebuild a constant that they know at every use.
 */
export function ceilingModule(
  kind: LoopKind,
  accumulators: number,
): { bytes: Uint8Array<ArrayBuffer>; operations: number } {
  const chains = kind === "paired" ? Math.floor(accumulators / 2) : accumulators;
  const [a, b, first] = [1, 2, 3];
  const body: number[] = [
    ...[...load(0), ...set(a)],
    ...[...load(16), ...set(b)],
    // Apart from each other, lest an engine see that one chain would do for all.
    ...Array.from({ length: 2 * chains }, (_, i) => [
      ...load(16 * (2 + i)),
      ...set(first + i),
    ]).flat(),
    ...[0x03, 0x40], // loop
    ...Array.from({ length: chains }, (_, i) =>
      step(kind, first + i, first + chains + i, a, b),
    ).flat(),
    ...[...get(0), 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0], // while (--rounds)
    END,
    ...get(first),
    ...Array.from({ length: chains - 1 }, (_, i) => [...get(first + 1 + i), ...ADD]).flat(),
    ...[0xfd, 0x1f, 0], // the first lane
    END,
  ];
  const locals = [1, ...leb(2 + 2 * chains), V128];
  const code = [...locals, ...body];
  const constants = new Uint8Array(
    new Float32Array([1, 1, 1, 1, 2 ** -20, 2 ** -20, 2 ** -20, 2 ** -20]).buffer,
  );
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [1, 3, ...Buffer.from("run"), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
    ...section(11, [1, 0, 0x41, 0, END, ...leb(constants.length), ...constants]),
  ];
  return { bytes: Uint8Array.from(bytes), operations: chains * 4 * 2 };
}

function step(kind: LoopKind, acc: number, x: number, a: number, b: number): number[] {
  switch (kind) {
    case "fused":
      return [...get(a), ...get(b), ...get(acc), 0xfd, ...leb(0x105), ...set(acc)];
    case "separate":
      return [...get(acc), ...get(a), ...MULTIPLY, ...get(b), ...ADD, ...set(acc)];
    case "paired":
      return [
        ...get(x),
        ...get(a),
        ...MULTIPLY,
        ...set(x),
        ...get(acc),
        ...get(x),
        ...ADD,
        ...set(acc),
      ];
  }
}

const MULTIPLY = [0xfd, ...leb(0xe6)];
const ADD = [0xfd, ...leb(0xe4)];

function get(local: number): number[] {
  return [0x20, ...leb(local)];
}

function set(local: number): number[] {
  return [0x21, ...leb(local)];
}

/** A vector from memory. */
function load(address: number): number[] {
  return [0x41, 0, 0xfd, 0x00, 4, ...leb(address)];
}

function section(id: number, contents: readonly number[]): number[] {
  return [id, ...leb(contents.length), ...contents];
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...leb(rest)];
}
