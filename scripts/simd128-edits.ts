/**
 * The build without relaxed SIMD, as edits of the one with it: the download needs only one module.
 *
 * a · b + c is one instruction there and two here, and nothing else differs: the kernels ask for it in
 * one place (`multiply_add` of vector.h). An engine optimises both alike, whatever compiler pass the
 * instructions come from.
 */
import { leb, prefixed, WasmReader } from "./wasm-code.ts";

/** Bytes that stand in place of those from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: readonly number[];
}

const CODE = 10;
const TYPES = 1;
const FUNCTIONS = 3;
const V128 = 0x7b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;

const SIMD = 0xfd;
const RELAXED = { first: prefixed(SIMD, 0x100), last: prefixed(SIMD, 0x1ff) };
const MADD = prefixed(SIMD, 0x105); // f32x4.relaxed_madd
/** Relaxed instructions that have one of the same operands among the others, whose result they may give. */
const SAME_OPERANDS: Readonly<Record<number, number>> = {
  [prefixed(SIMD, 0x10d)]: 0xea, // f32x4.relaxed_min → f32x4.pmin
  [prefixed(SIMD, 0x10e)]: 0xeb, // f32x4.relaxed_max → f32x4.pmax
};

const simd = (number: number) => [SIMD, ...leb(number)];
const MUL = simd(0xe6);
const ADD = simd(0xe4);

/**
 * The edits that make the relaxed build one for simd128, in order.
 *
 * @throws when the module uses a relaxed instruction that has no counterpart here
 */
export function simd128Edits(module: Uint8Array): Edit[] {
  const reader = new WasmReader(module, 8);
  const edits: Edit[] = [];
  let parameters: number[] = [];
  let types: number[] = [];
  while (reader.at < module.length) {
    const section = reader.byte();
    const size = sized(reader);
    if (section === TYPES) parameters = parameterCounts(reader);
    if (section === FUNCTIONS) types = vector(reader, () => reader.number());
    if (section === CODE) {
      const inside = vector(reader, (i) => functionEdits(reader, parameters[types[i]!]!)).flat();
      if (inside.length > 0) edits.push(resized(size, inside), ...inside);
    }
    reader.at = size.end;
  }
  return edits;
}

/** Edits and their bytes, one after the other: the gap since the last, how many go, how many come. */
export function asBytes(edits: readonly Edit[]): Uint8Array {
  let at = 0;
  const numbers = edits.flatMap(({ start, end, bytes }) => {
    const gap = start - at;
    at = end;
    return [...leb(gap), ...leb(end - start), ...leb(bytes.length), ...bytes];
  });
  return Uint8Array.from(numbers);
}

/** Where a size is written, and where what it counts begins and ends. */
interface Sized {
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

function sized(reader: WasmReader): Sized {
  const start = reader.at;
  const size = reader.number();
  return { start, content: reader.at, end: reader.at + size };
}

/** The edit of a size whose content is edited. */
function resized({ start, content, end }: Sized, inside: readonly Edit[]): Edit {
  let size = end - content;
  for (const edit of inside) size += edit.bytes.length - (edit.end - edit.start);
  return { start, end: content, bytes: leb(size) };
}

function vector<Element>(reader: WasmReader, next: (index: number) => Element): Element[] {
  return Array.from({ length: reader.number() }, (_, i) => next(i));
}

/** How many parameters each type of function has. */
function parameterCounts(reader: WasmReader): number[] {
  return vector(reader, () => {
    reader.byte(); // 0x60, a function
    const count = vector(reader, () => reader.byte()).length;
    vector(reader, () => reader.byte());
    return count;
  });
}

function functionEdits(reader: WasmReader, parameters: number): Edit[] {
  const size = sized(reader);
  const groups = sized(reader); // a count, not a size, but written the same
  const count = groups.end - groups.content;
  let locals = parameters;
  for (let i = 0; i < count; i++) {
    locals += reader.number();
    reader.byte();
  }
  const declared = reader.at;
  const edits: Edit[] = [];
  while (reader.at < size.end) {
    const { start, end, opcode } = reader.instruction();
    if (opcode >= RELAXED.first && opcode <= RELAXED.last) {
      edits.push({ start, end, bytes: unrelaxed(opcode, locals) });
    }
  }
  if (edits.length === 0) return [];
  const inside: Edit[] = [
    { start: groups.start, end: groups.content, bytes: leb(count + 1) },
    { start: declared, end: declared, bytes: [1, V128] },
    ...edits,
  ];
  return [resized(size, inside), ...inside];
}

/** What computes the same without relaxed SIMD; the addend waits in a local, being on top of a and b. */
function unrelaxed(opcode: number, local: number): number[] {
  if (opcode === MADD) return [LOCAL_SET, ...leb(local), ...MUL, LOCAL_GET, ...leb(local), ...ADD];
  const same = SAME_OPERANDS[opcode];
  if (same === undefined) throw new Error(`no counterpart of 0x${opcode.toString(16)} is known`);
  return simd(same);
}
