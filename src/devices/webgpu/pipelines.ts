import type { Recorder } from "./recorder.ts";
import type { Shader } from "./shader.ts";
import { wgslStored, wgslStoredFloat16 } from "./shaders.generated.ts";

/**
 * Compiles shaders to pipelines, each once. `warm` compiles ahead of use without anybody waiting; what is used before
 * it is there is compiled on the spot.
 */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #layout: GPUPipelineLayout;
  readonly #prelude: string;
  readonly #modules = new Map<Shader, GPUShaderModule>();
  readonly #pipelines = new Map<Shader, Map<string, GPUComputePipeline>>();

  constructor(device: GPUDevice, recorder: Recorder, prelude: string) {
    this.#device = device;
    this.#layout = recorder.layout;
    this.#prelude = prelude;
  }

  /** Pipelines so far. */
  get count(): number {
    let count = 0;
    for (const entries of this.#pipelines.values()) count += entries.size;
    return count;
  }

  /** The pipeline of an entry point. */
  of(shader: Shader, entry: string): GPUComputePipeline {
    const known = this.#of(shader).get(entry);
    if (known !== undefined) return known;
    const pipeline = this.#device.createComputePipeline(this.#descriptor(shader, entry));
    this.#of(shader).set(entry, pipeline);
    return pipeline;
  }

  /** Compiles all entry points of the shaders that are not there yet, in the background. */
  async warm(shaders: readonly Shader[]): Promise<void> {
    for (const shader of shaders) {
      await Promise.all(
        shader.entries.map(async (entry) => {
          if (this.#of(shader).has(entry)) return;
          const ahead = this.#device.createComputePipelineAsync(this.#descriptor(shader, entry));
          const pipeline = await ahead;
          if (!this.#of(shader).has(entry)) this.#of(shader).set(entry, pipeline);
        }),
      );
    }
  }

  #of(shader: Shader): Map<string, GPUComputePipeline> {
    let entries = this.#pipelines.get(shader);
    if (entries === undefined) {
      entries = new Map();
      this.#pipelines.set(shader, entries);
    }
    return entries;
  }

  #descriptor(shader: Shader, entryPoint: string): GPUComputePipelineDescriptor {
    let module = this.#modules.get(shader);
    if (module === undefined) {
      const stored = shader.float16 ? wgslStoredFloat16 : wgslStored;
      const code = [this.#prelude, stored, shader.code].join("\n");
      module = this.#device.createShaderModule({ code, label: shader.name });
      this.#modules.set(shader, module);
    }
    const label = `${shader.name} ${entryPoint}`;
    return { layout: this.#layout, compute: { module, entryPoint }, label };
  }
}
