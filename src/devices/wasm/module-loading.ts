import { DeviceError } from "../../core/errors.ts";
import { modules } from "./modules.generated.ts";

/** The builds of the kernels: with fused multiply-add where the engine has relaxed SIMD, or without. */
export type Simd = keyof typeof modules;

const PAGE = 2 ** 16;
/** Most pages to ask for; a browser on a small machine may refuse the address space of the first. */
const MAXIMA = [65536, 32768, 16384, 8192];
const INITIAL_PAGES = 64;

/** An instance of the kernels and the memory it works on. */
export interface Loaded {
  readonly simd: Simd;
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  /** Bytes the memory may grow to. */
  readonly maximum: number;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function refuse(expected: string, received: string, fix: string): never {
  throw new DeviceError({ where: 'openDevice("wasm")', expected, received, fix });
}

/** Picks the build asked for, or the best that the engine accepts. */
function choose(asked: Simd | undefined): { simd: Simd; bytes: Uint8Array<ArrayBuffer> } {
  if (typeof WebAssembly === "undefined") {
    refuse("an engine with WebAssembly", "one without", "use the reference device");
  }
  for (const simd of asked === undefined ? (["relaxed", "simd128"] as const) : [asked]) {
    const bytes = decode(modules[simd]);
    if (WebAssembly.validate(bytes)) return { simd, bytes };
  }
  return asked === "relaxed"
    ? refuse("an engine with relaxed SIMD", "one without", 'open it with simd: "simd128"')
    : refuse("an engine with WebAssembly SIMD", "one without", "use the reference device");
}

/**
 * The modules import a shared memory. A page that is not cross-origin isolated has none; there, the
 * one byte of the import that says so is changed, and the same module takes an ordinary memory.
 */
function unshare(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  // module "env", field "memory", kind 2 (memory), limits 3 (shared, with a maximum)
  const entry = [3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 3];
  const at = copy.findIndex((_, i) => entry.every((byte, j) => copy[i + j] === byte));
  if (at < 0) throw new Error("the module imports no shared memory");
  copy[at + entry.length - 1] = 1;
  return copy;
}

function createMemory(shared: boolean): { memory: WebAssembly.Memory; maximum: number } {
  for (const maximum of MAXIMA) {
    try {
      const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
      return { memory, maximum: maximum * PAGE };
    } catch {
      // Too much address space: ask for less.
    }
  }
  return refuse(
    "room for a WebAssembly memory of 512 MiB",
    "an engine that refuses it",
    "close other pages, or use the reference device",
  );
}

function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new DeviceError(
      {
        where: 'openDevice("wasm")',
        expected: "an engine that compiles WebAssembly",
        received: `one that refuses: ${cause instanceof Error ? cause.message : cause}`,
        fix: "allow 'wasm-unsafe-eval' in the page's content security policy",
      },
      { cause },
    );
  }
}

/** Compiles and starts the kernels. */
export function load(asked: Simd | undefined, shared: boolean): Loaded {
  const { simd, bytes } = choose(asked);
  const module = compile(shared ? bytes : unshare(bytes));
  const { memory, maximum } = createMemory(shared);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { simd, exports: instance.exports, memory, maximum };
}
