import type { Storage } from "../../core/storage.ts";
import { GpuStorage } from "./gpu-storage.ts";
import type { Pipelines } from "./pipelines.ts";
import type { Recorder } from "./recorder.ts";
import type { Shader } from "./shader.ts";

/** How many workgroups a dispatch has. */
export type Groups = readonly [x: number, y: number, z: number];

/** What kernel calls see of a GPU device. */
export interface Gpu {
  /**
   * Records one dispatch. `parameters` has a number for every field of the shader's `struct Parameters`; nothing
   * happens if a number of workgroups is 0.
   */
  run<Field extends string, Entry extends string>(
    shader: Shader<Field, Entry>,
    entry: NoInfer<Entry>,
    groups: Groups,
    parameters: Readonly<Record<NoInfer<Field>, number>>,
  ): void;
  /**
   * The shader, or where the device was opened with `float16` one that rounds what it multiplies to that. For forward
   * passes: gradients are often smaller than what float16 holds.
   */
  rounding<Rounded extends Shader>(shader: Rounded): Rounded;
  /** Room for numbers that a call needs until its end. */
  scratch(length: number): Storage;
}

/** The place of an array: its first word in the heap. */
export function at(storage: Storage): number {
  return (storage as GpuStorage).address / 4;
}

/** The same; 0 for an array that is absent, where no tensor lies. */
export function orNull(storage: Storage | null): number {
  return storage === null ? 0 : at(storage);
}

/** How a flag of the contract is told to shaders. */
export function bit(flag: boolean): number {
  return flag ? 1 : 0;
}

/** Says that a kernel writes whole numbers there: what the host wrote before no longer stands. */
export function overwritten(storage: Storage): void {
  if (storage instanceof GpuStorage) storage.block.written = null;
}

/** Threads of a workgroup, for kernels of one thread an element and of one workgroup a row: the prelude's GROUP. */
export const GROUP = 256;
/** What one axis of a dispatch has room for: WebGPU's least maxComputeWorkgroupsPerDimension. */
const MOST_GROUPS = 65535;

/**
 * Workgroups for `count` elements of one thread each: as many as it takes along x, and then along y. Shaders find theirs by
 * `element(id, groups)` of the prelude.
 */
export function elements(count: number): Groups {
  return rows(Math.ceil(count / GROUP));
}

/** As many workgroups: `row(id, groups)` of the prelude. */
export function rows(count: number): Groups {
  if (count <= MOST_GROUPS) return [count, 1, 1];
  const y = Math.ceil(count / MOST_GROUPS);
  return [Math.ceil(count / y), y, 1];
}

/** Writes parameters into the slot of the next dispatch, and records it. */
export class Dispatcher implements Gpu {
  readonly #recorder: Recorder;
  readonly #pipelines: Pipelines;
  readonly #allocate: (length: number) => Storage;
  /** By shader, the one that rounds; null where none does. */
  readonly #rounding: Map<Shader, Shader> | null;

  constructor(
    recorder: Recorder,
    pipelines: Pipelines,
    allocate: (length: number) => Storage,
    float16: boolean,
  ) {
    this.#recorder = recorder;
    this.#pipelines = pipelines;
    this.#allocate = allocate;
    this.#rounding = float16 ? new Map() : null;
  }

  run(
    shader: Shader,
    entry: string,
    [x, y, z]: Groups,
    parameters: Readonly<Record<string, number>>,
  ): void {
    if (x === 0 || y === 0 || z === 0) return;
    const pipeline = this.#pipelines.of(shader, entry);
    const { words, floats, at: start } = this.#recorder.slot();
    let place = start;
    for (const [field, type] of shader.fields) {
      const value = parameters[field]!;
      if (type === "f32") floats[place] = value;
      else words[place] = value;
      place++;
    }
    this.#recorder.dispatch(pipeline, x, y, z);
  }

  rounding<Rounded extends Shader>(shader: Rounded): Rounded {
    if (this.#rounding === null) return shader;
    const known = this.#rounding.get(shader) as Rounded | undefined;
    const rounded = known ?? { ...shader, name: `${shader.name} in float16`, float16: true };
    this.#rounding.set(shader, rounded);
    return rounded;
  }

  /** The shaders that round, so far. */
  get rounded(): Shader[] {
    return [...(this.#rounding?.values() ?? [])];
  }

  scratch(length: number): Storage {
    return this.#allocate(length);
  }
}
