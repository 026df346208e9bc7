import type { Memory, Storage } from "../core/storage.ts";
import type { Kernels } from "./kernels.ts";

/** A place where tensors live and ops run: memory, and the kernels over it. */
export interface Device extends Memory {
  /** One line for people: the build in use, its vector width, its threads. */
  readonly description: string;
  readonly kernels: Kernels<Storage, Storage>;
}
