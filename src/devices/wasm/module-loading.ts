import { DeviceError } from "../../core/errors.ts";
import { core } from "./core.generated.ts";
import { LAYOUT } from "./layout.ts";
import { bytesOfText, edited } from "./module-bytes.ts";

/** The builds of the kernels: with fused multiply-add where the engine has relaxed SIMD, or without. */
export type Simd = "relaxed" | "simd128";

/** A module as scripts/build-wasm.ts writes it. */
export type ModuleText = Readonly<Record<Simd, string>>;

/** Bytes of a page of WebAssembly memory. */
export const PAGE = 2 ** 16;
/** Most pages to ask for; a browser on a small machine may refuse the address space of the first. */
const MAXIMA = [65536, 32768, 16384, 8192];
const INITIAL_PAGES = 64;

/**
 * Modules of one function each, `drop` of an instruction of that build: what an engine says to them
 * costs no time, unlike its opinion of all kernels.
 */
const splat = [0x41, 0, 0xfd, 0x11]; // i32.const 0, i32x4.splat
const PROBES: Readonly<Record<Simd, Uint8Array<ArrayBuffer>>> = {
  simd128: probe(splat),
  relaxed: probe([...splat, ...splat, ...splat, 0xfd, 0x85, 2]), // f32x4.relaxed_madd
};

function probe(code: readonly number[]): Uint8Array<ArrayBuffer> {
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
  const body = [0, ...code, 0x1a, 0x0b]; // no locals, drop, end
  return Uint8Array.from([...head, 10, body.length + 2, 1, body.length, ...body]);
}

/** An instance of the kernels and the memory it works on. */
export interface Loaded {
  readonly simd: Simd;
  readonly shared: boolean;
  readonly module: WebAssembly.Module;
  readonly imports: WebAssembly.ModuleImports;
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  /** Bytes the memory may grow to. */
  readonly maximum: number;
}

function refuse(expected: string, received: string, fix: string): never {
  throw new DeviceError({ where: 'openDevice("wasm")', expected, received, fix });
}

function bytesOf(text: ModuleText, simd: Simd): Uint8Array<ArrayBuffer> {
  const relaxed = bytesOfText(text.relaxed);
  return simd === "relaxed" ? relaxed : edited(relaxed, bytesOfText(text.simd128));
}

/** Picks the build asked for, or the best that the engine accepts. */
function choose(asked: Simd | undefined): Simd {
  if (typeof WebAssembly === "undefined") {
    refuse("an engine with WebAssembly", "one without", "use the reference device");
  }
  for (const simd of asked === undefined ? (["relaxed", "simd128"] as const) : [asked]) {
    if (WebAssembly.validate(PROBES[simd])) return simd;
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

function compile(text: ModuleText, simd: Simd, shared: boolean): WebAssembly.Module {
  const bytes = bytesOf(text, simd);
  try {
    return new WebAssembly.Module(shared ? bytes : unshare(bytes));
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

/** What the kernels call back for, once threads share a job: see src/kernels/waiting.h. */
export interface PoolImports {
  hire(workers: number): void;
  waitForWorkers(): void;
}

/** Compiles and starts the kernels that every page has. */
export function load(asked: Simd | undefined, shared: boolean, pool: PoolImports): Loaded {
  const simd = choose(asked);
  const module = compile(core, simd, shared);
  const { memory, maximum } = createMemory(shared);
  const table = new WebAssembly.Table({ element: "anyfunc", initial: LAYOUT.functions });
  const imports = { memory, __indirect_function_table: table, ...pool };
  const { exports } = new WebAssembly.Instance(module, { env: imports });
  return { simd, shared, module, imports, exports, memory, maximum };
}

/** Compiles and starts the family's kernels beside those: they call them, and lie in the same memory. */
export function loadFamily(
  text: ModuleText,
  { simd, shared, imports, exports }: Loaded,
): Pick<Loaded, "module" | "exports"> {
  const module = compile(text, simd, shared);
  const instance = new WebAssembly.Instance(module, { env: { ...imports, ...exports } });
  return { module, exports: instance.exports };
}
