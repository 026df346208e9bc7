import { describe, expect, it } from "vitest";
import { Block, type Holder } from "../../src/devices/wasm/block.ts";
import { RecentHolders } from "../../src/devices/wasm/recent-holders.ts";

const newHolder = (): Holder => ({ block: new Block(4), lease: null });

describe("recent holders", () => {
  it("come out in the order in which they went in, once all places are taken", () => {
    const recent = new RecentHolders();
    const holders = Array.from({ length: 100 }, newHolder);
    const out = holders.map((holder) => recent.add(holder)).filter((holder) => holder !== null);
    expect(out.length).toBeGreaterThan(50);
    expect(out).toEqual(holders.slice(0, out.length));
  });

  it("do not come out when they were released, and leave the others where they are", () => {
    const recent = new RecentHolders();
    const holders = Array.from({ length: 100 }, newHolder);
    const out: (Holder | null)[] = [];
    for (const [i, holder] of holders.entries()) {
      out.push(recent.add(holder));
      if (i % 2 === 0) recent.remove(holder);
    }
    const kept = holders.filter((_, i) => i % 2 === 1);
    const came = out.filter((holder) => holder !== null);
    expect(came).toEqual(kept.slice(0, came.length));
    recent.remove(newHolder()); // a stranger
  });
});
