import { DeviceError, StateError } from "../../core/errors.ts";
import type { Storage, StorageArray, StorageDtype } from "../../core/storage.ts";
import { capacityFor, LINE } from "../capacity.ts";
import { freeMemory } from "../host.ts";

const MIB = 2 ** 20;
/** Bytes of released memory to keep for what is allocated next. */
const MOST_KEPT = 256 * MIB;
/** Bytes from which on it is asked whether there is memory for them. */
const LARGE = 64 * MIB;
/** What the smallest piece counts for: about what its objects take on the JavaScript heap. */
const LEAST_WEIGHT = 1024;

/** A piece of memory: part of an ArrayBuffer, beginning on a cache line. */
interface Piece {
  readonly buffer: ArrayBuffer;
  /** Bytes from the beginning of the buffer. */
  readonly start: number;
  /** What the kernels are told. Buffers do not move. */
  readonly address: number;
  readonly capacity: number;
}

/** Released pieces of one capacity. */
interface Shelf {
  readonly pieces: Piece[];
  /** When one was last laid here. */
  used: number;
}

/** Pieces of memory, those that were released before new ones. */
class Pieces {
  readonly #addressOf: (buffer: ArrayBuffer) => number;
  readonly #shelves = new Map<number, Shelf>();
  /** Whose addresses the kernel call at hand was told. */
  readonly #inUse: (Piece | null)[] = [];
  #used = 0;
  #kept = 0;
  #clock = 0;

  constructor(addressOf: (buffer: ArrayBuffer) => number) {
    this.#addressOf = addressOf;
  }

  /** Bytes on the shelves. */
  get kept(): number {
    return this.#kept;
  }

  /**
   * The address for a kernel call, which `settle` must follow. Until then the piece is held here: its
   * storage may be forgotten as soon as the address is known, and collected before the kernel runs.
   */
  use(piece: Piece): number {
    this.#inUse[this.#used++] = piece;
    return piece.address;
  }

  settle(): void {
    while (this.#used > 0) this.#inUse[--this.#used] = null;
  }

  take(bytes: number): Piece {
    const capacity = capacityFor(bytes);
    const kept = this.#shelves.get(capacity)?.pieces.pop();
    if (kept === undefined) return this.#create(capacity);
    this.#kept -= weightOf(capacity);
    return kept;
  }

  give(piece: Piece): void {
    // A buffer that was transferred elsewhere is empty.
    if (piece.buffer.byteLength === 0) return;
    let shelf = this.#shelves.get(piece.capacity);
    if (shelf === undefined) {
      shelf = { pieces: [], used: 0 };
      this.#shelves.set(piece.capacity, shelf);
    }
    shelf.pieces.push(piece);
    shelf.used = ++this.#clock;
    this.#kept += weightOf(piece.capacity);
    while (this.#kept > MOST_KEPT) this.#clearOldest();
  }

  #create(capacity: number): Piece {
    const buffer = arrayBuffer(capacity + LINE);
    const bytes = this.#addressOf(buffer);
    const start = -bytes & (LINE - 1);
    return { buffer, start, address: bytes + start, capacity };
  }

  /** Leaves the pieces of the capacity that has been of no use for longest to the collector. */
  #clearOldest(): void {
    let oldest: [number, Shelf] | null = null;
    for (const entry of this.#shelves) {
      if (oldest === null || entry[1].used < oldest[1].used) oldest = entry;
    }
    if (oldest === null) return;
    const [capacity, { pieces }] = oldest;
    this.#kept -= pieces.length * weightOf(capacity);
    this.#shelves.delete(capacity);
  }
}

function weightOf(capacity: number): number {
  return Math.max(capacity, LEAST_WEIGHT);
}

/**
 * A new buffer, if memory is there for it: a system may well promise more than it has, and end the
 * process once the promise is called in.
 */
function arrayBuffer(bytes: number): ArrayBuffer {
  const free = bytes < LARGE ? bytes : freeMemory();
  if (bytes > free) throw outOfMemory(bytes, `${(free / MIB).toFixed(1)} MiB`);
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw outOfMemory(bytes, "none", { cause });
  }
}

function outOfMemory(bytes: number, free: string, options?: ErrorOptions): DeviceError {
  return new DeviceError(
    {
      where: "native device",
      expected: `${(bytes / MIB).toFixed(1)} MiB of free memory`,
      received: free,
      fix: "dispose() tensors that are no longer needed, or use smaller batches",
    },
    options,
  );
}

/** What one or more storages look at. */
class Block {
  /** Null once all of them have released it. */
  piece: Piece | null;
  holders = 0;

  constructor(piece: Piece) {
    this.piece = piece;
  }
}

/** A run of numbers in an ArrayBuffer. Forgotten ones are the engine's to collect. */
class NativeStorage implements Storage {
  readonly dtype: StorageDtype;
  readonly length: number;
  readonly #pieces: Pieces;
  readonly #block: Block;
  /** Bytes from the beginning of the block. */
  readonly #offset: number;
  #view: StorageArray | null = null;
  #released = false;

  constructor(pieces: Pieces, block: Block, dtype: StorageDtype, offset: number, length: number) {
    this.#pieces = pieces;
    this.#block = block;
    this.#offset = offset;
    this.dtype = dtype;
    this.length = length;
    block.holders++;
  }

  /** The address for a kernel call, which `settle` must follow. */
  address(): number {
    return this.#pieces.use(this.#piece()) + this.#offset;
  }

  view(): StorageArray {
    this.#view ??= this.#numbers();
    return this.#view;
  }

  async read(): Promise<StorageArray> {
    return this.#numbers().slice();
  }

  write(data: ArrayLike<number>): void {
    this.#numbers().set(data);
  }

  slice(offset: number, length: number): Storage {
    this.#piece();
    const start = this.#offset + 4 * offset;
    return new NativeStorage(this.#pieces, this.#block, this.dtype, start, length);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    const { piece } = this.#block;
    this.#block.holders--;
    if (this.#block.holders > 0 || piece === null) return;
    this.#block.piece = null;
    this.#pieces.give(piece);
  }

  #numbers(): StorageArray {
    const { buffer, start } = this.#piece();
    return this.dtype === "int32"
      ? new Int32Array(buffer, start + this.#offset, this.length)
      : new Float32Array(buffer, start + this.#offset, this.length);
  }

  /** Its memory, which must still be there: a kernel would write wherever it is told to. */
  #piece(): Piece {
    const { piece } = this.#block;
    if (piece !== null && piece.buffer.byteLength !== 0) return piece;
    throw new StateError({
      where: "native device",
      expected: "memory that has not been given away",
      received: piece === null ? "released memory" : "an ArrayBuffer that was transferred",
      fix: "copy the numbers with read() before they go",
    });
  }
}

/** The memory of a native device. */
export class NativeMemory {
  readonly #pieces: Pieces;

  constructor(addressOf: (buffer: ArrayBuffer) => number) {
    this.#pieces = new Pieces(addressOf);
  }

  /** Bytes of released memory that wait to be used again. */
  get kept(): number {
    return this.#pieces.kept;
  }

  /** To be called after every kernel call, when addresses need no longer hold. */
  settle(): void {
    this.#pieces.settle();
  }

  /** Room for `length` numbers of 4 bytes. */
  allocate(dtype: StorageDtype, length: number): Storage {
    return new NativeStorage(
      this.#pieces,
      new Block(this.#pieces.take(4 * length)),
      dtype,
      0,
      length,
    );
  }
}
