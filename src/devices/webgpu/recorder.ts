import { COMPUTE_STAGE, MAP_READ, USAGE } from "./gpu-flags.ts";
import type { GpuHealth } from "./gpu-health.ts";

/** Dispatches in a batch: enough to keep the GPU busy while the next ones are recorded. */
const MOST_RECORDED = 256;
/** Staging buffers that are kept for the next read. */
const MOST_STAGING = 4;

/**
 * Records dispatches in order and submits them in batches. Nothing waits but `read`.
 *
 * Each dispatch has a slot of a uniform buffer for its parameters, found by a dynamic offset, so that one bind
 * group serves all of them; the slots of a batch are written at once when it is submitted.
 */
export class Recorder {
  /** What every pipeline binds: the heap, and the parameters of a dispatch. */
  readonly layout: GPUPipelineLayout;
  readonly #device: GPUDevice;
  readonly #health: GpuHealth;
  readonly #groupLayout: GPUBindGroupLayout;
  /** Bytes from one slot of parameters to the next. */
  readonly #stride: number;
  readonly #parameters: ArrayBuffer;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  readonly #uniforms: GPUBuffer;
  #heap: GPUBuffer | null = null;
  #group: GPUBindGroup | null = null;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #recorded = 0;
  #dispatches = 0;
  #submissions = 0;
  #staging: GPUBuffer[] = [];

  constructor(device: GPUDevice, health: GpuHealth) {
    this.#device = device;
    this.#health = health;
    this.#stride = Math.max(256, device.limits.minUniformBufferOffsetAlignment);
    this.#parameters = new ArrayBuffer(MOST_RECORDED * this.#stride);
    this.#words = new Uint32Array(this.#parameters);
    this.#floats = new Float32Array(this.#parameters);
    this.#uniforms = device.createBuffer({
      size: this.#parameters.byteLength,
      usage: USAGE.uniform | USAGE.copyTo,
    });
    this.#groupLayout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "storage" } },
        {
          binding: 1,
          visibility: COMPUTE_STAGE,
          buffer: { type: "uniform", hasDynamicOffset: true },
        },
      ],
    });
    this.layout = device.createPipelineLayout({ bindGroupLayouts: [this.#groupLayout] });
  }

  /** Dispatches and submissions so far: how tests know that kernels ran, and that they were batched. */
  get counts(): { dispatches: number; submissions: number } {
    return { dispatches: this.#dispatches, submissions: this.#submissions };
  }

  /** The words that the next dispatch's parameters go into, from `at` on; both views are of the same memory. */
  slot(): { words: Uint32Array; floats: Float32Array; at: number } {
    if (this.#recorded === MOST_RECORDED) this.flush();
    return {
      words: this.#words,
      floats: this.#floats,
      at: (this.#recorded * this.#stride) / 4,
    };
  }

  /** Records a dispatch of so many workgroups, whose parameters stand in `slot()`. */
  dispatch(pipeline: GPUComputePipeline, x: number, y: number, z: number): void {
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, this.#group, [this.#recorded * this.#stride]);
    this.#pass.dispatchWorkgroups(x, y, z);
    this.#recorded++;
    this.#dispatches++;
  }

  /** Hands over what was recorded. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder === null) return;
    this.#pass?.end();
    const bytes = this.#recorded * this.#stride;
    this.#device.queue.writeBuffer(this.#uniforms, 0, this.#parameters, 0, bytes);
    this.#device.queue.submit([encoder.finish()]);
    this.#encoder = null;
    this.#pass = null;
    this.#recorded = 0;
    this.#submissions++;
  }

  /** Overwrites part of the heap, behind everything that was recorded. */
  write(address: number, data: Float32Array | Int32Array): void {
    this.#health.check();
    if (data.length === 0) return;
    this.flush();
    const { buffer, byteOffset, byteLength } = data;
    if (this.#heap === null) return;
    // The queue copies before it returns; memory that is shared it does not take.
    const source = buffer instanceof ArrayBuffer ? buffer : data.slice().buffer;
    const from = source === buffer ? byteOffset : 0;
    this.#device.queue.writeBuffer(this.#heap, address, source, from, byteLength);
  }

  /** A copy of part of the heap, as everything that was recorded leaves it. */
  async read(address: number, bytes: number): Promise<ArrayBuffer> {
    this.#health.check();
    if (bytes === 0 || this.#heap === null) return new ArrayBuffer(0);
    const staging = this.#takeStaging(bytes);
    const encoder = this.#encoder ?? this.#device.createCommandEncoder();
    this.#pass?.end();
    this.#pass = null;
    encoder.copyBufferToBuffer(this.#heap, address, staging, 0, bytes);
    this.#encoder = encoder;
    this.flush();
    try {
      await staging.mapAsync(MAP_READ, 0, bytes);
    } catch (cause) {
      staging.destroy();
      throw this.#health.explain(cause);
    }
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    if (this.#staging.length < MOST_STAGING) this.#staging.push(staging);
    else staging.destroy();
    this.#health.check();
    return copy;
  }

  /** Makes the heap so many bytes large; what stands in it stays. */
  growHeap(bytes: number): void {
    const old = this.#heap;
    const usage = USAGE.storage | USAGE.copyFrom | USAGE.copyTo;
    const heap = this.#device.createBuffer({ size: bytes, usage });
    if (old !== null) {
      this.flush();
      const encoder = this.#device.createCommandEncoder();
      encoder.copyBufferToBuffer(old, 0, heap, 0, old.size);
      this.#device.queue.submit([encoder.finish()]);
      // What was submitted still has it.
      old.destroy();
    }
    this.#heap = heap;
    this.#group = this.#device.createBindGroup({
      layout: this.#groupLayout,
      entries: [
        { binding: 0, resource: { buffer: heap } },
        { binding: 1, resource: { buffer: this.#uniforms, size: this.#stride } },
      ],
    });
  }

  /** A buffer that can be mapped, of at least so many bytes. */
  #takeStaging(bytes: number): GPUBuffer {
    const at = this.#staging.findIndex(({ size }) => size >= bytes);
    const [found] = at < 0 ? [] : this.#staging.splice(at, 1);
    if (found !== undefined) return found;
    // The smallest that did not do makes room.
    if (this.#staging.length === MOST_STAGING) this.#staging.shift()?.destroy();
    const size = Math.max(4096, 2 ** Math.ceil(Math.log2(bytes)));
    return this.#device.createBuffer({
      size: Math.min(size, this.#device.limits.maxBufferSize),
      usage: USAGE.mapRead | USAGE.copyTo,
    });
  }
}
