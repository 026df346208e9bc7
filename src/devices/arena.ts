import { capacityFor, LINE } from "./capacity.ts";

const GROWTH = 2 ** 24;

/** Memory that an arena hands out, from address 0 on. */
export interface ArenaMemory {
  /** Bytes that there are. */
  readonly bytes: number;
  /** Makes it so many bytes at least. @throws anything when there is no such room */
  grow(bytes: number): void;
}

/** Free memory that was joined out of freed runs: from `address` on. */
interface Gap {
  readonly address: number;
  readonly bytes: number;
}

/** Hands out and takes back runs of a memory. Knows nothing of who uses them. */
export class Arena {
  readonly #memory: ArenaMemory;
  /** Bytes the memory may grow to. */
  readonly maximum: number;
  /** Free addresses by capacity. */
  readonly #free = new Map<number, number[]>();
  /** Capacity by address, of every run that is handed out or free. */
  readonly #capacities = new Map<number, number>();
  /** What free runs were joined to, by address. */
  #gaps: Gap[] = [];
  #top: number;
  #live = 0;
  /** Bytes of the free runs that were not joined yet. */
  #loose = 0;

  /**
   * @param base the first address that is free
   * @param maximum the number of bytes the memory may grow to
   */
  constructor(memory: ArenaMemory, base: number, maximum: number) {
    this.#memory = memory;
    this.maximum = maximum;
    this.#top = Math.ceil(base / LINE) * LINE;
  }

  /** Bytes that are handed out, with what rounding adds. */
  get live(): number {
    return this.#live;
  }

  /** Bytes of memory that are there for us. */
  get reserved(): number {
    return this.#memory.bytes;
  }

  /** The address of a run of at least `bytes`; null when the memory cannot grow that far. */
  take(bytes: number): number | null {
    const capacity = capacityFor(bytes);
    const address = this.#reuse(capacity) ?? this.#cut(capacity);
    if (address !== null) this.#live += this.capacityAt(address);
    return address;
  }

  /** As `take`, but for good: not for tensors, and not counted among them. */
  keep(bytes: number): number | null {
    const live = this.#live;
    const address = this.take(bytes);
    this.#live = live;
    return address;
  }

  /** Takes a run back. */
  give(address: number): void {
    const capacity = this.capacityAt(address);
    this.#live -= capacity;
    this.#loose += capacity;
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
      if (address === undefined) continue;
      this.#loose -= size;
      return address;
    }
    return null;
  }

  /** A new run, from a gap or behind all others; before the memory grows, free runs are joined. */
  #cut(capacity: number): number | null {
    const fits = (): boolean => this.#top + capacity <= this.reserved;
    let address = this.#fill(capacity);
    if (address === null && !fits() && this.#loose > 0) {
      this.#join();
      address = this.#fill(capacity);
    }
    if (address === null) {
      if (!fits() && !this.#grow(this.#top + capacity)) return null;
      address = this.#top;
      this.#top += capacity;
    }
    this.#capacities.set(address, capacity);
    return address;
  }

  /** Room in the first gap that is large enough. */
  #fill(capacity: number): number | null {
    const at = this.#gaps.findIndex(({ bytes }) => bytes >= capacity);
    const gap = this.#gaps[at];
    if (gap === undefined) return null;
    const { address, bytes } = gap;
    if (bytes === capacity) this.#gaps.splice(at, 1);
    else this.#gaps[at] = { address: address + capacity, bytes: bytes - capacity };
    return address;
  }

  /** Joins free runs and gaps that are neighbours to gaps; what reaches the top is no gap any more. */
  #join(): void {
    const parts = [...this.#gaps];
    for (const [bytes, addresses] of this.#free) {
      for (const address of addresses) parts.push({ address, bytes });
    }
    parts.sort((a, b) => a.address - b.address);
    this.#gaps = [];
    this.#free.clear();
    this.#loose = 0;
    for (let i = 0, next = 0; i < parts.length; i = next) {
      const { address } = parts[i]!;
      let end = address;
      for (next = i; parts[next]?.address === end; next++) end += parts[next]!.bytes;
      if (next === i + 1 && end < this.#top && this.#capacities.has(address)) {
        // Alone, a run stays one: it fits its own kind exactly.
        this.#live += end - address;
        this.give(address);
        continue;
      }
      for (const part of parts.slice(i, next)) this.#capacities.delete(part.address);
      if (end === this.#top) this.#top = address;
      else this.#gaps.push({ address, bytes: end - address });
    }
  }

  /** Grows in big steps, since growing moves memory that is not shared; by less where that fails. */
  #grow(end: number): boolean {
    if (end > this.maximum) return false;
    const steps = [Math.max(GROWTH, this.reserved / 4), 0];
    for (const spare of steps) {
      const wanted = Math.min(Math.max(end, this.reserved + spare), this.maximum);
      try {
        this.#memory.grow(wanted);
        return true;
      } catch {
        // The engine refuses: try the smaller step.
      }
    }
    return false;
  }
}
