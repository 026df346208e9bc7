import type { Hypothesis } from "heed";

/** A piece of the tree of outputs: what several of them go on with, or how one ends. */
export interface Branch {
  /** The symbols of this piece. */
  readonly symbols: readonly string[];
  /** The symbols from the beginning up to the end of this piece. */
  readonly path: readonly string[];
  /** The probabilities of all outputs below, added up. */
  readonly probability: number;
  /** What may follow, likeliest first; empty where the output ends. */
  readonly branches: readonly Branch[];
}

/**
 * Outputs as a tree: those that begin alike share their beginning.
 *
 * @param outputs all different, as `alternatives` are
 */
export function treeOf(outputs: readonly Hypothesis[]): readonly Branch[] {
  const leaves = outputs.map(({ outputSymbols, score }) => {
    return { symbols: outputSymbols, probability: Math.exp(score) };
  });
  return branchesFrom(leaves, 0);
}

interface Leaf {
  readonly symbols: readonly string[];
  readonly probability: number;
}

function branchesFrom(leaves: readonly Leaf[], from: number): Branch[] {
  const groups = new Map<string | null, Leaf[]>();
  for (const leaf of leaves) {
    const next = leaf.symbols[from] ?? null;
    const group = groups.get(next);
    if (group === undefined) groups.set(next, [leaf]);
    else group.push(leaf);
  }
  const branches = [...groups.values()].map((group) => branchOf(group, from));
  return branches.sort((a, b) => b.probability - a.probability);
}

/** The piece that outputs which go on alike have in common from here on. */
function branchOf(group: readonly Leaf[], from: number): Branch {
  const [{ symbols: first }] = group as [Leaf];
  let end = from;
  while (end < first.length && group.every(({ symbols }) => symbols[end] === first[end])) end++;
  return {
    symbols: first.slice(from, end),
    path: first.slice(0, end),
    probability: group.reduce((sum, { probability }) => sum + probability, 0),
    branches: group.length === 1 ? [] : branchesFrom(group, end),
  };
}
