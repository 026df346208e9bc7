import { checkFlag } from "../../core/arguments.ts";
import { DeviceError } from "../../core/errors.ts";
import type { Dtype, Storage, StorageDtype } from "../../core/storage.ts";
import type { Device } from "../../kernels/device.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { checkAllocation } from "../allocation.ts";
import { findAdapter } from "./adapter.ts";
import { kernelCalls } from "./calls/kernel-calls.ts";
import { Dispatcher } from "./gpu.ts";
import { describeGpu, type GpuDescription } from "./gpu-description.ts";
import { GpuHealth } from "./gpu-health.ts";
import { GpuMemory } from "./gpu-memory.ts";
import { Pipelines } from "./pipelines.ts";
import { Recorder } from "./recorder.ts";
import type { Shader } from "./shader.ts";
import {
  ALL_SHADERS,
  wgslPrelude,
  wgslReducePlain,
  wgslReduceSubgroups,
} from "./shaders.generated.ts";

/** What `openDevice("webgpu")` takes. */
export interface WebGpuSwitches {
  /** Whether to reduce within subgroups; where the adapter can, unless given. */
  readonly subgroups?: boolean;
  /** Whether attention's forward pass rounds what it multiplies to float16. False unless given. */
  readonly float16?: boolean;
}

/** How to open a WebGPU device. */
export interface WebGpuOptions extends WebGpuSwitches {
  /** Whom to ask for an adapter, instead of `navigator.gpu` or Node's package. */
  readonly gpu?: GPU;
  /** Whether to compile all kernels in the background at once, rather than each at its first use. True unless given. */
  readonly warm?: boolean;
}

/** What kernels need of an adapter, beyond what WebGPU promises of every one. */
const LEAST = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 };

/** The GPU of a browser or of Node, by WebGPU. */
export class WebGpuDevice implements Device {
  readonly name = "webgpu";
  readonly dtypes: readonly Dtype[] = ["float32"];
  readonly hostVisible = false;
  readonly description: string;
  readonly details: readonly string[];
  readonly kernels: Kernels<Storage, Storage>;
  /** WebGPU's own device: its limits, features and `lost`. */
  readonly gpu: GPUDevice;
  /** Resolves when all kernels are compiled. */
  readonly warmed: Promise<void>;
  readonly #health: GpuHealth;
  readonly #memory: GpuMemory;
  readonly #recorder: Recorder;
  readonly #pipelines: Pipelines;

  /** Use {@link openWebGpuDevice}. */
  constructor(gpu: GPUDevice, about: GpuDescription, options: WebGpuOptions) {
    this.gpu = gpu;
    this.description = about.description;
    this.details = about.details;
    this.#health = new GpuHealth(gpu);
    this.#recorder = new Recorder(gpu, this.#health);
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.limits;
    this.#memory = new GpuMemory(
      this.#recorder,
      Math.min(maxStorageBufferBindingSize, maxBufferSize),
    );
    const grouped = gpu.features.has("subgroups");
    const reduce = grouped ? wgslReduceSubgroups : wgslReducePlain;
    const prelude = `${grouped ? "enable subgroups;\n" : ""}${wgslPrelude}\n${reduce}`;
    this.#pipelines = new Pipelines(gpu, this.#recorder, prelude);
    const dispatcher = new Dispatcher(
      this.#recorder,
      this.#pipelines,
      (length) => this.allocate("float32", length),
      options.float16 ?? false,
    );
    this.kernels = kernelCalls(dispatcher);
    const shaders = [...ALL_SHADERS, ...dispatcher.rounded];
    this.warmed = (options.warm ?? true) ? this.#warm(shaders) : Promise.resolve();
  }

  /**
   * @throws DtypeError for float64
   * @throws DeviceError when memory ends, or the GPU was lost
   */
  allocate(dtype: StorageDtype, length: number): Storage {
    checkAllocation("webgpu device", dtype, length);
    this.#health.check();
    return this.#memory.allocate(dtype, length);
  }

  /** Bytes: of tensors, reserved for them, and what they may grow to. */
  memoryUse(): { live: number; reserved: number; limit: number } {
    return this.#memory.use;
  }

  /** Dispatches, submissions and pipelines so far. */
  get counts(): { dispatches: number; submissions: number; pipelines: number } {
    return { ...this.#recorder.counts, pipelines: this.#pipelines.count };
  }

  async #warm(shaders: readonly Shader[]): Promise<void> {
    try {
      await this.#pipelines.warm(shaders);
    } catch {
      // Who uses the kernel is told.
    }
  }
}

/**
 * Opens a WebGPU device: of the page, or of Node by the package `webgpu`.
 *
 * @throws DeviceError where there is no WebGPU, no adapter, or one that is too small
 */
export async function openWebGpuDevice(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  const where = 'openDevice("webgpu")';
  for (const name of ["subgroups", "float16"] as const) {
    if (options[name] !== undefined) checkFlag(where, name, options[name]);
  }
  const adapter = await findAdapter(options.gpu);
  const { limits, features, info } = adapter;
  for (const name of Object.keys(LEAST) as (keyof typeof LEAST)[]) {
    if (limits[name] >= LEAST[name]) continue;
    throw new DeviceError({
      where,
      expected: `an adapter with ${name} of at least ${LEAST[name]}`,
      received: `one with ${limits[name]}`,
      fix: 'open "wasm" instead',
    });
  }
  const subgroups = options.subgroups ?? true;
  const wanted = (["subgroups"] as const).filter((name) => subgroups && features.has(name));
  let gpu: GPUDevice;
  try {
    gpu = await adapter.requestDevice({
      label: "heed",
      requiredFeatures: wanted,
      requiredLimits: {
        ...LEAST,
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      },
    });
  } catch (cause) {
    const received = `an adapter that gives none (${cause instanceof Error ? cause.message : cause})`;
    throw new DeviceError(
      { where, expected: "a device", received, fix: 'open "wasm" instead' },
      { cause },
    );
  }
  const used = options.float16 ? [...wanted, "float16"] : wanted;
  return new WebGpuDevice(gpu, describeGpu(gpu, info, used), options);
}
