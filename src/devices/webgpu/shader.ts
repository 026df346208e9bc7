/** How a parameter of a shader lies in its struct. */
export type ShaderType = "u32" | "i32" | "f32";

/**
 * A WGSL file of src/kernels, as scripts/build-wgsl.ts embeds it: its text behind the prelude, the fields of its
 * `struct Parameters`, and its entry points.
 */
export interface Shader<Field extends string = string, Entry extends string = string> {
  /** Folder and file, for messages. */
  readonly name: string;
  readonly code: string;
  /** In the order of the struct; each takes four bytes. */
  readonly fields: readonly (readonly [Field, ShaderType])[];
  readonly entries: readonly Entry[];
  /** Whether what it multiplies is float16 in workgroup memory: see {@link Gpu.rounding}. */
  readonly float16?: true;
}
