import { DeviceError } from "../../core/errors.ts";

const MIB = 2 ** 20;
const PAGE = 2 ** 16;
/** Blocks begin on cache lines. */
const LINE = 64;
const GROWTH = 16 * MIB;

/**
 * The size a block of `bytes` really takes: cache lines up to 512 bytes, then four sizes per power
 * of two, so that freed blocks fit again at a waste of at most a quarter.
 */
export function capacityFor(bytes: number): number {
  if (bytes <= 8 * LINE) return Math.max(LINE, Math.ceil(bytes / LINE) * LINE);
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** Hands out and takes back runs of WebAssembly memory. Knows nothing of who uses them. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  /** Bytes the memory may grow to. */
  readonly maximum: number;
  /** Free addresses by capacity. */
  readonly #free = new Map<number, number[]>();
  /** Capacity by address, of every block that was ever cut. */
  readonly #capacities = new Map<number, number>();
  #top: number;
  #live = 0;

  /**
   * @param base the first address that is free
   * @param maximum the number of bytes the memory may grow to
   */
  constructor(memory: WebAssembly.Memory, base: number, maximum: number) {
    this.memory = memory;
    this.maximum = maximum;
    this.#top = Math.ceil(base / LINE) * LINE;
  }

  /** Bytes that are handed out, with what rounding adds. */
  get live(): number {
    return this.#live;
  }

  /** Bytes of memory that the engine holds for us. */
  get reserved(): number {
    return this.memory.buffer.byteLength;
  }

  /** The address of a run of at least `bytes`; null when the memory cannot grow that far. */
  take(bytes: number): number | null {
    const capacity = capacityFor(bytes);
    const address = this.#reuse(capacity) ?? this.#cut(capacity);
    if (address !== null) this.#live += this.#capacities.get(address) ?? 0;
    return address;
  }

  /** Takes a run back. */
  give(address: number): void {
    const capacity = this.#capacities.get(address) ?? 0;
    this.#live -= capacity;
    const free = this.#free.get(capacity);
    if (free === undefined) this.#free.set(capacity, [address]);
    else free.push(address);
  }

  /** The capacity of the run at an address. */
  capacityAt(address: number): number {
    return this.#capacities.get(address) ?? 0;
  }

  /** A free run of this capacity, or failing that one of up to twice of it. */
  #reuse(capacity: number): number | null {
    for (let size = capacity; size <= 2 * capacity; size = capacityFor(size + 1)) {
      const address = this.#free.get(size)?.pop();
      if (address !== undefined) return address;
    }
    return null;
  }

  #cut(capacity: number): number | null {
    const address = this.#top;
    const end = address + capacity;
    if (end > this.reserved && !this.#grow(end)) return null;
    this.#top = end;
    this.#capacities.set(address, capacity);
    return address;
  }

  /** Grows in big steps, since growing moves memory that is not shared; by less where that fails. */
  #grow(end: number): boolean {
    if (end > this.maximum) return false;
    const steps = [Math.max(GROWTH, this.reserved / 4), 0];
    for (const spare of steps) {
      const wanted = Math.min(Math.max(end, this.reserved + spare), this.maximum);
      try {
        this.memory.grow(Math.ceil((wanted - this.reserved) / PAGE));
        return true;
      } catch {
        // The engine refuses: try the smaller step.
      }
    }
    return false;
  }
}

/** What is thrown when memory ends. */
export function outOfMemory(bytes: number, live: number): DeviceError {
  const size = (n: number): string => `${(n / MIB).toFixed(1)} MiB`;
  return new DeviceError({
    where: "wasm device",
    expected: `${size(bytes)} of free memory`,
    received: `none: ${size(live)} are in use and WebAssembly memory cannot grow further`,
    fix: "dispose() tensors that are no longer needed, or use smaller batches",
  });
}
