import type { Dtype, Storage, StorageDtype } from "../../core/storage.ts";
import type { Device } from "../../kernels/device.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { checkAllocation } from "../allocation.ts";
import { type KernelExports, kernelCalls } from "../kernel-calls.ts";
import { Arena } from "./arena.ts";
import { load, type Simd } from "./module-loading.ts";
import { DEFAULT_LIMIT, WasmMemory } from "./wasm-memory.ts";

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
  /** Whether the memory is shared; when absent, it is wherever the engine allows it. */
  readonly shared?: boolean;
}

/** WebAssembly with SIMD: every engine has it, and tensors are born in its memory. */
export class WasmDevice implements Device {
  readonly name = "wasm";
  readonly dtypes: readonly Dtype[] = ["float32"];
  readonly description: string;
  readonly kernels: Kernels<Storage, Storage>;
  /** The build in use. */
  readonly simd: Simd;
  readonly #memory: WasmMemory;

  /** Use {@link openWasmDevice}. */
  constructor(options: WasmOptions) {
    const shared = options.shared ?? typeof SharedArrayBuffer !== "undefined";
    const { simd, exports, memory, maximum } = load(options.simd, shared);
    const base = (exports["__heap_base"] as WebAssembly.Global<"i32">).value;
    this.simd = simd;
    this.description = `WebAssembly, ${simd === "relaxed" ? "relaxed SIMD" : "SIMD"}, 1 thread`;
    this.#memory = new WasmMemory(
      new Arena(memory, base, maximum),
      options.memoryLimit ?? DEFAULT_LIMIT,
    );
    this.kernels = kernelCalls(exports as unknown as KernelExports, () => this.#memory.settle());
  }

  /**
   * @throws DtypeError for float64
   * @throws DeviceError when memory ends
   */
  allocate(dtype: StorageDtype, length: number): Storage {
    checkAllocation("wasm device", dtype, length);
    return this.#memory.allocate(dtype, length);
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
