/**
 * Reads WebAssembly modules as far as the build needs it: sections, function bodies, instructions.
 * https://webassembly.github.io/spec/core/binary/
 */

/** One instruction: its bytes are those from `start` to `end`. */
export interface Instruction {
  readonly start: number;
  readonly end: number;
  /** The first byte, or for a prefixed one, prefix · 65536 + number. */
  readonly opcode: number;
}

/** A place in the bytes of a module. */
export class WasmReader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** An unsigned number in LEB128; steps over signed ones just as well. */
  number(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  numbers(count: number): void {
    for (let i = 0; i < count; i++) this.number();
  }

  /** Steps over bytes. */
  skip(count: number): void {
    this.at += count;
  }

  /**
   * The next instruction.
   *
   * @throws for opcodes beyond the first release, bulk memory, SIMD and threads
   */
  instruction(): Instruction {
    const start = this.at;
    const first = this.byte();
    const opcode = first < 0xfc ? first : prefixed(first, this.number());
    const kind = OPERANDS.find(([from, to]) => opcode >= from && opcode <= to);
    if (kind === undefined) throw new Error(`opcode 0x${opcode.toString(16)} is not known`);
    kind[2](this);
    return { start, end: this.at, opcode };
  }
}

/** The opcode of an instruction behind a prefix. */
export function prefixed(prefix: number, number: number): number {
  return prefix * 65536 + number;
}

const nothing = () => {};
const one = (reader: WasmReader) => reader.numbers(1);
const two = (reader: WasmReader) => reader.numbers(2);
const bytes = (count: number) => (reader: WasmReader) => reader.skip(count);

/** From which opcode to which, what stands behind it. The first range that holds an opcode counts. */
const OPERANDS: readonly (readonly [number, number, (reader: WasmReader) => void])[] = [
  [0x02, 0x04, one], // block, loop, if
  [0x0c, 0x0d, one], // br, br_if
  [0x0e, 0x0e, (reader) => reader.numbers(reader.number() + 1)], // br_table
  [0x10, 0x10, one], // call
  [0x11, 0x11, two], // call_indirect
  [0x20, 0x26, one], // locals, globals, tables
  [0x28, 0x3e, two], // loads and stores
  [0x3f, 0x42, one], // memory.size, memory.grow, i32.const, i64.const
  [0x43, 0x43, bytes(4)], // f32.const
  [0x44, 0x44, bytes(8)], // f64.const
  [0x00, 0xc4, nothing],
  [0xfc0000, 0xfc0007, nothing], // saturating conversions
  [0xfc0008, 0xfc0008, two], // memory.init
  [0xfc0009, 0xfc0009, one], // data.drop
  [0xfc000a, 0xfc000a, two], // memory.copy
  [0xfc000b, 0xfc000b, one], // memory.fill
  [0xfd0000, 0xfd000b, two], // loads and stores of vectors
  [0xfd000c, 0xfd000d, bytes(16)], // v128.const, i8x16.shuffle
  [0xfd0015, 0xfd0022, bytes(1)], // lanes taken out and put in
  [0xfd0054, 0xfd005b, (reader) => reader.numbers(3)], // lanes loaded and stored
  [0xfd005c, 0xfd005d, two], // loads filled up with zeros
  [0xfd000e, 0xfd01ff, nothing],
  [0xfe0000, 0xfe0002, two], // notify, wait
  [0xfe0003, 0xfe0003, one], // fence
  [0xfe0010, 0xfe004e, two], // atomic accesses
];

/** An unsigned number in LEB128. */
export function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
}
