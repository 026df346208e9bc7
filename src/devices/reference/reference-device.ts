import { DeviceError } from "../../core/errors.ts";
import type { Dtype, Storage, StorageArray, StorageDtype } from "../../core/storage.ts";
import type { Floats } from "../../kernels/arrays.ts";
import { coreDefinitions } from "../../kernels/core-definitions.ts";
import type { Device } from "../../kernels/device.ts";
import type { FamilyKernels } from "../../kernels/family.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { coreAlone } from "../core-alone.ts";

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

/** A typed array on the JavaScript heap; the collector does the rest. */
class ReferenceStorage implements Storage {
  readonly dtype: StorageDtype;
  readonly array: StorageArray;

  constructor(dtype: StorageDtype, array: StorageArray) {
    this.dtype = dtype;
    this.array = array;
  }

  get length(): number {
    return this.array.length;
  }

  view(): StorageArray {
    return this.array;
  }

  async read(): Promise<StorageArray> {
    return this.array.slice();
  }

  write(data: ArrayLike<number>): void {
    this.array.set(data);
  }

  slice(offset: number, length: number): Storage {
    return new ReferenceStorage(this.dtype, this.array.subarray(offset, offset + length));
  }

  release(): void {}
}

/** An argument with the array behind every storage: a storage, an object of storages, or a number. */
function arraysIn(argument: unknown): unknown {
  if (argument instanceof ReferenceStorage) return argument.array;
  if (typeof argument !== "object" || argument === null) return argument;
  return Object.fromEntries(Object.entries(argument).map(([name, a]) => [name, arraysIn(a)]));
}

/** The definitions, called with the arrays behind the storages. */
function onStorages(kernels: Partial<Kernels<Floats, Int32Array>>): Kernels<Storage, Storage> {
  const lift =
    (kernel: (...arguments_: unknown[]) => void) =>
    (...arguments_: unknown[]): void =>
      kernel(...arguments_.map(arraysIn));
  // The contract is the same on both sides but for what stands for an array, which `lift` unwraps.
  return Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]) => [
      name,
      lift(kernel as (...arguments_: unknown[]) => void),
    ]),
  ) as unknown as Kernels<Storage, Storage>;
}

/** The reference device: the definitions themselves, in float32 and float64. Slow, and right. */
export class ReferenceDevice implements Device {
  readonly name = "reference";
  readonly dtypes: readonly Dtype[] = ["float32", "float64"];
  readonly hostVisible = true;
  readonly description = "plain TypeScript definitions, one thread";
  readonly kernels = coreAlone(this.name, onStorages(coreDefinitions()));
  #extended = false;

  /** Adds the definitions of the family of attention, once: a page that needs none need not have them. */
  extend(family: () => FamilyKernels<Floats, Int32Array>): void {
    if (this.#extended) return;
    Object.assign(this.kernels, onStorages(family()));
    this.#extended = true;
  }

  /** @throws DeviceError when the engine has no array of that length */
  allocate(dtype: StorageDtype, length: number): Storage {
    try {
      return new ReferenceStorage(dtype, new ARRAYS[dtype](length));
    } catch (cause) {
      throw new DeviceError(
        {
          where: "reference device",
          expected: `room for ${length} numbers (${dtype})`,
          received: "an engine that has none",
          fix: "dispose() tensors that are no longer needed, or use smaller batches",
        },
        { cause },
      );
    }
  }
}
