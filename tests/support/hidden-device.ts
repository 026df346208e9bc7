import { setImmediate } from "node:timers/promises";
import { DeviceError } from "../../src/core/errors.ts";
import type { Dtype, Storage, StorageArray, StorageDtype } from "../../src/core/storage.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import type { Device } from "../../src/kernels/device.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { replaced } from "./replaced.ts";
import { withFamily } from "./with-family.ts";

/** What the host cannot see, as on a GPU: floats, and whole numbers that a kernel wrote. */
class HiddenStorage implements Storage {
  readonly #device: HiddenDevice;
  readonly #inner: Storage;
  /** Shared by all slices of one allocation. */
  readonly #fate: { seen: boolean };
  #released = false;

  constructor(device: HiddenDevice, inner: Storage, fate: { seen: boolean }) {
    this.#device = device;
    this.#inner = inner;
    this.#fate = fate;
  }

  get dtype(): StorageDtype {
    return this.#inner.dtype;
  }

  get length(): number {
    return this.#inner.length;
  }

  /** What kernels are given. */
  get held(): Storage {
    if (this.#released) throw new Error("a storage is used after its release");
    return this.#inner;
  }

  /** From here on, the host does not know what stands here. */
  hide(): void {
    this.#fate.seen = false;
  }

  view(): StorageArray {
    if (this.dtype === "int32" && this.#fate.seen) return this.held.view();
    throw new DeviceError({
      where: this.#device.name,
      expected: "await read()",
      received: "a look at numbers that the host does not see",
    });
  }

  async read(): Promise<StorageArray> {
    this.#device.reads++;
    const numbers = await this.held.read();
    await setImmediate();
    return numbers;
  }

  write(data: ArrayLike<number>): void {
    this.held.write(data);
    this.#fate.seen = true;
  }

  slice(offset: number, length: number): Storage {
    return new HiddenStorage(this.#device, this.held.slice(offset, length), this.#fate);
  }

  release(): void {
    this.#released = true;
  }
}

/** Where kernels write whole numbers: the place among their arguments. */
const INT_OUTPUTS: Readonly<Record<string, number>> = { argmax: 1 };

/**
 * The reference device behind a curtain: the same numbers to the last bit, but `view` throws, and only `await read()`
 * reaches them, in a later task. What runs on it runs on a GPU, as far as that can be known without one.
 */
export class HiddenDevice implements Device {
  readonly name = "hidden";
  readonly description = "the reference device, whose numbers the host does not see";
  readonly dtypes: readonly Dtype[] = ["float32"];
  readonly hostVisible = false;
  readonly kernels: Kernels<Storage, Storage>;
  /** How often anybody waited for numbers. */
  reads = 0;
  /** Set to have no more room. */
  full = false;
  readonly #inner = withFamily(new ReferenceDevice());

  constructor() {
    const ops = Object.entries(this.#inner.kernels) as [string, (...given: unknown[]) => void][];
    const behind = ops.map(([name, op]) => {
      const place = INT_OUTPUTS[name];
      const call = (...given: unknown[]): void => {
        const output = place === undefined ? null : given[place];
        if (output instanceof HiddenStorage) output.hide();
        op(...given.map(heldIn));
      };
      return [name, call];
    });
    this.kernels = Object.fromEntries(behind) as unknown as Kernels<Storage, Storage>;
  }

  /** @throws DeviceError once it is `full` */
  allocate(dtype: StorageDtype, length: number): Storage {
    if (this.full) {
      const [expected, received] = ["room for a tensor", "a device that is full"];
      throw new DeviceError({ where: this.name, expected, received });
    }
    const inner = this.#inner.allocate(dtype, length);
    // What stands in new memory is unspecified: nobody is to count on zeros.
    inner.write(new Float64Array(length).fill(dtype === "int32" ? -7 : Number.NaN));
    return new HiddenStorage(this, inner, { seen: false });
  }
}

/** An argument with what is behind every storage: a storage, an object of storages, or a number. */
function heldIn(given: unknown): unknown {
  return replaced(given, (object) => (object instanceof HiddenStorage ? object.held : undefined));
}
