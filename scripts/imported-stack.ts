import { leb, WasmReader } from "./wasm-code.ts";

const IMPORTS = 2;
const GLOBALS = 6;
const I32 = 0x7f;
const MUTABLE = 1;
const END = 0x0b;

/** "env", "__stack_pointer", a global, a variable i32. */
const ENTRY = [...text("env"), ...text("__stack_pointer"), 3, I32, MUTABLE];

/**
 * The module with its first global, which is its stack pointer, imported rather than its own: then it
 * shares the stack of the module that exports one. The linker does this for position-independent code
 * alone. Imported globals come first, as the stack pointer did, so that nothing else changes.
 *
 * @throws when the first global is not a variable i32
 */
export function withImportedStack(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: ArrayLike<number>[] = [module.subarray(0, 8)];
  const reader = new WasmReader(module, 8);
  while (reader.at < module.length) {
    const section = reader.byte();
    const size = reader.number();
    const end = reader.at + size;
    let content: readonly number[] | Uint8Array = module.subarray(reader.at, end);
    if (section === IMPORTS) {
      const count = reader.number();
      content = [...leb(count + 1), ...module.subarray(reader.at, end), ...ENTRY];
    }
    if (section === GLOBALS) {
      const count = reader.number();
      if (reader.byte() !== I32 || reader.byte() !== MUTABLE) {
        throw new Error("the module's first global is not its stack pointer");
      }
      while (reader.instruction().opcode !== END);
      content = [...leb(count - 1), ...module.subarray(reader.at, end)];
    }
    reader.at = end;
    parts.push([section, ...leb(content.length)], content);
  }
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}
