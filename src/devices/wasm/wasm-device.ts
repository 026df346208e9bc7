import type { Dtype, Storage, StorageDtype } from "../../core/storage.ts";
import type { Device } from "../../kernels/device.ts";
import type { FamilyKernels } from "../../kernels/family.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { checkAllocation } from "../allocation.ts";
import { Arena } from "../arena.ts";
import { coreAlone } from "../core-alone.ts";
import { coreCalls } from "../core-calls.ts";
import { describeThreads, threadsFor } from "../host.ts";
import type { KernelExports } from "../kernel-calls.ts";
import { LAYOUT } from "./layout.ts";
import {
  type Loaded,
  load,
  loadFamily,
  type ModuleText,
  PAGE,
  type Simd,
} from "./module-loading.ts";
import { DEFAULT_LIMIT, WasmMemory } from "./wasm-memory.ts";
import { WorkerPool } from "./worker-pool.ts";
import { type StartWorker, workerStarter } from "./worker-starting.ts";

/** How to open a wasm device. */
export interface WasmOptions {
  /** The build; the best that the engine accepts when absent. */
  readonly simd?: Simd;
  /** Bytes of tensors to keep in WebAssembly memory before old ones move out; 256 MiB when absent. */
  readonly memoryLimit?: number;
  /** Most threads to use; when absent, one per core. */
  readonly threads?: number;
  /** For tests: to cut work into parts however little it is. */
  readonly cutAll?: boolean;
  /** For tests: milliseconds until a worker that makes no progress counts as lost. */
  readonly patience?: number;
  /** For tests: how to start workers. */
  readonly startWorker?: StartWorker;
  /** Whether the memory is shared; when absent, it is wherever the engine allows it. */
  readonly shared?: boolean;
}

/** What a page needs not have: the kernels of the family of attention. */
export interface WasmFamily {
  readonly text: ModuleText;
  /** As `kernelCalls`. */
  calls(run: KernelExports, settle: () => void): FamilyKernels<Storage, Storage>;
}

const SIMD_NAMES = { relaxed: "relaxed SIMD", simd128: "SIMD" } as const;

/** On how many threads to compute, in words too, and how to start more than one. */
interface Crew {
  readonly threads: number;
  readonly startWorker: StartWorker | null;
  readonly description: string;
}

function crewFor(options: WasmOptions, shared: boolean): Crew {
  const threads = threadsFor(options.threads);
  const alone = { threads: 1, startWorker: null, description: describeThreads(1) };
  if (threads === 1) return alone;
  const because = (reason: string): Crew => ({ ...alone, description: `1 thread: ${reason}` });
  if (!shared) return because("memory cannot be shared here");
  const startWorker = options.startWorker ?? workerStarter();
  if (startWorker === null) return because("workers cannot be started here");
  return { threads, startWorker, description: describeThreads(threads) };
}

/** What the module exports besides the kernels: src/kernels/parallel.c and waiting.h. */
interface PoolExports {
  use_threads(threads: number, cutAll: number): void;
  pool_words(): number;
}

/** WebAssembly with SIMD: every engine has it, and tensors are born in its memory. */
export class WasmDevice implements Device {
  readonly name = "wasm";
  readonly dtypes: readonly Dtype[] = ["float32"];
  readonly hostVisible = true;
  readonly description: string;
  readonly kernels: Kernels<Storage, Storage>;
  /** The build in use. */
  readonly simd: Simd;
  readonly #loaded: Loaded;
  readonly #memory: WasmMemory;
  readonly #pool: WorkerPool | null;
  #extended = false;

  /** Use {@link openWasmDevice}. */
  constructor(options: WasmOptions) {
    const shared = options.shared ?? typeof SharedArrayBuffer !== "undefined";
    const { threads, startWorker, description } = crewFor(options, shared);
    let pool: WorkerPool | null = null;
    const loaded = load(options.simd, shared, {
      hire: (workers) => pool?.hire(workers),
      waitForWorkers: () => pool?.wait(),
    });
    const { simd, module, exports, memory, maximum } = loaded;
    const { pool_words, use_threads } = exports as unknown as PoolExports;
    const pages = {
      get bytes(): number {
        return memory.buffer.byteLength;
      },
      grow(bytes: number): void {
        memory.grow(Math.ceil((bytes - this.bytes) / PAGE));
      },
    };
    const arena = new Arena(pages, LAYOUT.tensors, maximum);
    if (startWorker !== null) {
      const { patience } = options;
      const take = (bytes: number): number | null => arena.keep(bytes);
      pool = new WorkerPool(this, pool_words(), { startWorker, module, memory, take, patience });
      use_threads(threads, options.cutAll ? 1 : 0);
    }
    this.simd = simd;
    this.description = `WebAssembly, ${SIMD_NAMES[simd]}, ${description}`;
    this.#loaded = loaded;
    this.#memory = new WasmMemory(arena, memory, options.memoryLimit ?? DEFAULT_LIMIT);
    this.#pool = pool;
    const core = coreCalls(exports as unknown as KernelExports, () => this.#settle());
    this.kernels = coreAlone(this.name, core);
  }

  /** Adds the kernels of the family of attention, once. Tensors stay where they are. */
  extend(family: WasmFamily): void {
    if (this.#extended) return;
    const { module, exports } = loadFamily(family.text, this.#loaded);
    this.#pool?.extend(module);
    const calls = family.calls(exports as unknown as KernelExports, () => this.#settle());
    Object.assign(this.kernels, calls);
    this.#extended = true;
  }

  /**
   * @throws DtypeError for float64
   * @throws DeviceError when memory ends
   */
  allocate(dtype: StorageDtype, length: number): Storage {
    checkAllocation("wasm device", dtype, length);
    return this.#memory.allocate(dtype, length);
  }

  /** After every kernel. */
  #settle(): void {
    this.#memory.settle();
    this.#pool?.check();
  }

  /** How many parts of work its workers have computed. */
  get partsByWorkers(): number {
    return this.#pool?.partsByWorkers ?? 0;
  }

  /** Bytes: of tensors in WebAssembly memory, reserved for them, and the limit of the former. */
  memoryUse(): { live: number; reserved: number; limit: number } {
    return this.#memory.use;
  }
}

/**
 * Opens a wasm device, synchronously.
 *
 * @throws DeviceError when the engine lacks WebAssembly, its SIMD, or the build asked for
 */
export function openWasmDevice(options: WasmOptions = {}): WasmDevice {
  return new WasmDevice(options);
}
