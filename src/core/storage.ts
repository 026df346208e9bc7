/** The number types of a {@link Tensor}. */
export type Dtype = "float32" | "float64";

/** What a storage can hold: a tensor's numbers, or the row numbers of {@link Indices}. */
export type StorageDtype = Dtype | "int32";

/** A typed array of one of the storage types. */
export type StorageArray = Float32Array | Float64Array | Int32Array;

/**
 * A run of numbers on some device. Who holds it decides when it goes: `release` gives the memory
 * back at once, and a storage that is merely forgotten gives it back when it is collected.
 */
export interface Storage {
  /** The type of the numbers. */
  readonly dtype: StorageDtype;
  /** Number of elements. */
  readonly length: number;
  /** A view of the numbers. @throws DeviceError, naming `read()`, where the host cannot see them */
  view(): StorageArray;
  /** A copy of the numbers. */
  read(): Promise<StorageArray>;
  /** Overwrites all numbers, converting to this storage's type. */
  write(data: ArrayLike<number>): void;
  /** The same memory from `offset` on, for `length` elements. */
  slice(offset: number, length: number): Storage;
  /** Gives the memory back now. */
  release(): void;
}

/** The part of a device that tensors need: a name, and memory. */
export interface Memory {
  /** The name `openDevice` knows it by. */
  readonly name: string;
  /** The number types it holds. */
  readonly dtypes: readonly Dtype[];
  /**
   * Whether the host sees the numbers of tensors as they are: where not, as on a GPU, `view` throws for
   * floats, and only `await read()` reaches them, which waits for all that was asked of the device before.
   * What the host wrote as int32 it sees on every device.
   */
  readonly hostVisible: boolean;
  /**
   * Room for `length` elements; what stands in it is unspecified.
   *
   * @throws DtypeError when it does not hold the dtype; DeviceError when memory ends
   */
  allocate(dtype: StorageDtype, length: number): Storage;
}
