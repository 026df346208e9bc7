import type { Dtype, Storage, StorageDtype } from "../../core/storage.ts";
import type { Device } from "../../kernels/device.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { checkAllocation } from "../allocation.ts";
import { describeThreads, threadsFor } from "../host.ts";
import { kernelCalls } from "../kernel-calls.ts";
import { type Addon, loadAddon, type NativeSimd } from "./addon.ts";
import { NativeMemory } from "./native-memory.ts";

/** How to open a native device. */
export interface NativeOptions {
  /** The level; the best that this processor has when absent. */
  readonly simd?: NativeSimd;
  /** Most threads to use; when absent, one per core. */
  readonly threads?: number;
  /** For tests: to cut work into parts however little it is. */
  readonly cutAll?: boolean;
}

const NAMES = { avx512: "AVX-512", avx2: "AVX2", sse2: "SSE2", neon: "NEON" } as const;

/** The C kernels as a Node addon, compiled where heed was installed. */
export class NativeDevice implements Device {
  readonly name = "native";
  readonly dtypes: readonly Dtype[] = ["float32"];
  readonly hostVisible = true;
  readonly description: string;
  readonly kernels: Kernels<Storage, Storage>;
  /** What its kernels use. */
  readonly simd: NativeSimd;
  readonly #addon: Addon;
  readonly #memory: NativeMemory;

  /** Use {@link openNativeDevice}. */
  constructor(options: NativeOptions) {
    const addon = loadAddon(options.simd);
    const threads = threadsFor(options.threads);
    this.simd = addon.level;
    this.description = `native, ${NAMES[addon.level]}, ${describeThreads(threads)}`;
    this.#addon = addon;
    this.#memory = new NativeMemory((buffer) => addon.addressOf(buffer));
    const exports = addon.open(threads, options.cutAll ?? false);
    this.kernels = kernelCalls(exports, () => this.#memory.settle());
  }

  /**
   * @throws DtypeError for float64
   * @throws DeviceError when memory ends
   */
  allocate(dtype: StorageDtype, length: number): Storage {
    checkAllocation("native device", dtype, length);
    return this.#memory.allocate(dtype, length);
  }

  /** Bytes of released memory that wait to be used again. */
  get keptBytes(): number {
    return this.#memory.kept;
  }

  /** How many parts of work threads of this level's pool have computed, in this process. */
  get partsByWorkers(): number {
    return this.#addon.partsByWorkers();
  }
}

/**
 * Opens a native device, synchronously.
 *
 * @throws DeviceError where heed's addon was not built, cannot be loaded, or lacks the level asked for
 */
export function openNativeDevice(options: NativeOptions = {}): NativeDevice {
  return new NativeDevice(options);
}
