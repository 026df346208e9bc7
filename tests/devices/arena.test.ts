import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { Arena } from "../../src/devices/arena.ts";
import { capacityFor } from "../../src/devices/capacity.ts";

const MIB = 2 ** 20;

function arenaOf(maximum: number): Arena {
  const memory = {
    bytes: 2 ** 16,
    grow(bytes: number): void {
      if (bytes > maximum) throw new Error("no room");
      this.bytes = bytes;
    },
  };
  return new Arena(memory, 1000, maximum);
}

describe("a capacity", () => {
  it("holds what was asked for, in whole cache lines, at a waste of at most a quarter", () => {
    for (let bytes = 0; bytes < 70_000; bytes += 13) {
      const capacity = capacityFor(bytes);
      expect(capacity).toBeGreaterThanOrEqual(bytes);
      expect(capacity % 64).toBe(0);
      if (bytes > 512) expect(capacity).toBeLessThanOrEqual(1.25 * bytes);
    }
  });

  it("is its own capacity, so that what is given back fits again", () => {
    for (let bytes = 1; bytes < 2 ** 31; bytes = Math.ceil(bytes * 1.07)) {
      expect(capacityFor(capacityFor(bytes))).toBe(capacityFor(bytes));
    }
  });
});

describe("an arena", () => {
  it("hands out cache lines that do not overlap, the empty run included", () => {
    const arena = arenaOf(MIB);
    const runs = [0, 4, 64, 65, 1000, 5000].map((bytes) => ({
      bytes,
      address: arena.take(bytes)!,
    }));
    for (const [i, { bytes, address }] of runs.entries()) {
      expect(address % 64).toBe(0);
      expect(address).toBeGreaterThanOrEqual(1000);
      expect(address + bytes).toBeLessThanOrEqual(runs[i + 1]?.address ?? MIB);
    }
  });

  it("hands a run out again once it was given back", () => {
    const arena = arenaOf(MIB);
    const address = arena.take(1000)!;
    arena.give(address);
    expect(arena.live).toBe(0);
    expect(arena.take(990)).toBe(address);
    expect(arena.live).toBe(capacityFor(1000));
  });

  it("uses a larger free run rather than growing", () => {
    const arena = arenaOf(MIB);
    const address = arena.take(3000)!;
    arena.give(address);
    expect(arena.take(2000)).toBe(address);
  });

  it("joins free neighbours rather than growing", () => {
    const arena = arenaOf(MIB);
    const runs = Array.from({ length: 14 }, () => arena.take(MIB / 16)!);
    for (const address of runs) arena.give(address);
    const large = arena.take(MIB / 2)!;
    expect(large).not.toBeNull();
    const rest = arena.take(MIB / 4)!;
    expect(rest).toBeGreaterThanOrEqual(large + MIB / 2);
    expect(arena.live).toBe(capacityFor(MIB / 2) + capacityFor(MIB / 4));
    arena.give(large);
    arena.give(rest);
    expect(arena.live).toBe(0);
  });

  it("hands out runs that do not overlap, whatever was taken and given before", () => {
    const arena = arenaOf(4 * MIB);
    const random = new Random(1);
    let held: { address: number; bytes: number }[] = [];
    for (let i = 0; i < 5000; i++) {
      if (random.uniform() < 0.45 && held.length > 0) {
        const [gone] = held.splice(random.integer(held.length), 1);
        arena.give(gone!.address);
        continue;
      }
      const bytes = Math.floor(2 ** random.uniform(0, 19));
      const address = arena.take(bytes);
      if (address === null) {
        for (const { address } of held.filter((_, j) => j % 2 === 0)) arena.give(address);
        held = held.filter((_, j) => j % 2 === 1);
        continue;
      }
      expect(arena.capacityAt(address)).toBeGreaterThanOrEqual(bytes);
      held.push({ address, bytes });
    }
    held.sort((a, b) => a.address - b.address);
    for (const [i, { address, bytes }] of held.entries()) {
      expect(address % 64).toBe(0);
      expect(address + bytes).toBeLessThanOrEqual(held[i + 1]?.address ?? 4 * MIB);
    }
    expect(arena.live).toBe(held.reduce((sum, { address }) => sum + arena.capacityAt(address), 0));
    for (const { address } of held) arena.give(address);
    expect(arena.live).toBe(0);
    expect(arena.take(3 * MIB)).not.toBeNull();
  });

  it("grows up to its maximum and answers null behind it", () => {
    const arena = arenaOf(MIB);
    expect(arena.take(MIB / 2)).not.toBeNull();
    expect(arena.take(MIB / 2)).toBeNull();
    expect(arena.reserved).toBeLessThanOrEqual(MIB);
    expect(arena.take(MIB / 4)).not.toBeNull();
  });
});
