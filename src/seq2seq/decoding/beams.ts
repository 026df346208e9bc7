import type { OutputRules, Step, Written } from "./stepper.ts";

/** How wide a beam search looks, how much it gives back, and what it thinks of length. */
export interface BeamRules extends OutputRules {
  /** Outputs kept after each step, those that just ended among them. */
  readonly beam: number;
  /** Outputs wanted in the end, all different. */
  readonly best: number;
  /** The exponent α of {@link lengthNormaliser}. */
  readonly lengthPenalty: number;
  /** What tells outputs apart: different symbols can spell the same text. Sources are numbered from 0. */
  readonly spell: (symbols: readonly number[], source: number) => string;
}

/** The last symbol of an output, and what stands before it. */
interface Tail {
  readonly symbol: number;
  readonly before: Tail | null;
  readonly attention: readonly number[] | null;
}

/** An output that may go on. */
interface Open {
  /** Place of the batch that it came from. */
  readonly from: number;
  readonly score: number;
  readonly tail: Tail | null;
}

/** An output that goes on no more, and what it is ranked by. */
interface Ended extends Written {
  readonly rank: number;
  readonly spelling: string;
}

/**
 * What a score is divided by before outputs of different lengths are compared (Wu et al. 2016, equation 14),
 *
 *     lp(Y) = ((5 + |Y|) / 6)^α
 *
 * with |Y| the symbols of the output, that of its end included.
 */
export function lengthNormaliser(length: number, lengthPenalty: number): number {
  return ((5 + length) / 6) ** lengthPenalty;
}

/**
 * The beam of one source. After every step, of all that its open outputs can become by one more symbol,
 * the `beam` most probable are kept, as long as they can still become one of the `best`.
 */
export class Beams {
  readonly #rules: BeamRules;
  readonly #source: number;
  readonly #top: Candidates;
  readonly #ended: Ended[] = [];
  #open: readonly Open[] = [{ from: 0, score: 0, tail: null }];
  #length = 0;

  constructor(rules: BeamRules, source: number) {
    this.#rules = rules;
    this.#source = source;
    this.#top = new Candidates(rules.beam);
  }

  /** What is still open, most probable first: where each came from, and the symbol it wrote last. */
  get open(): readonly { readonly from: number; readonly symbol: number }[] {
    const { begin } = this.#rules;
    return this.#open.map(({ from, tail }) => ({ from, symbol: tail?.symbol ?? begin }));
  }

  /** How many are still open. */
  get width(): number {
    return this.#open.length;
  }

  /** Takes a step of all that is open; `places` says where in the batch each of them stands. */
  grow(step: Step, places: readonly number[]): void {
    const { end, limit } = this.#rules;
    this.#length += 1;
    this.#top.clear();
    for (const [i, { score }] of this.#open.entries()) {
      this.#top.add(step, places[i]!, score, i, this.#rules.forbidden);
    }
    const attention = this.#open.map((_, i) => step.attention?.(places[i]!) ?? null);
    const last = this.#length === limit;
    const open: Open[] = [];
    for (const { parent, symbol, score } of this.#top) {
      const before = this.#open[parent]!.tail;
      if (symbol === end) {
        this.#end(before, score, true);
        continue;
      }
      const tail = { symbol, before, attention: attention[parent]! };
      if (last) this.#end(tail, score, end === null);
      else open.push({ from: places[parent]!, score, tail });
    }
    // Probabilities that are no numbers lead nowhere: an output stays as it is, unfinished.
    if (this.#top.size === 0) this.#end(this.#open[0]!.tail, Number.NEGATIVE_INFINITY, false);
    this.#open = open.filter(({ score }) => this.#canWin(score));
  }

  /** What it came to, best first; at least one. */
  get results(): readonly Written[] {
    return this.#ended;
  }

  /** A score only falls, and no output is longer than the limit: what comes of it is at most this good. */
  #canWin(score: number): boolean {
    const { best, limit, lengthPenalty } = this.#rules;
    const worst = this.#ended[best - 1];
    return worst === undefined || score / lengthNormaliser(limit, lengthPenalty) > worst.rank;
  }

  #end(tail: Tail | null, score: number, finished: boolean): void {
    const { best, lengthPenalty, spell } = this.#rules;
    const symbols: number[] = [];
    const attention: (readonly number[])[] = [];
    for (let each = tail; each !== null; each = each.before) {
      symbols.push(each.symbol);
      if (each.attention !== null) attention.push(each.attention);
    }
    symbols.reverse();
    attention.reverse();
    const rank = score / lengthNormaliser(this.#length, lengthPenalty);
    const spelling = spell(symbols, this.#source);
    const isBehind = (other: Ended): boolean =>
      finished === other.finished ? rank > other.rank : finished;
    const same = this.#ended.findIndex((other) => other.spelling === spelling);
    if (same !== -1) {
      if (!isBehind(this.#ended[same]!)) return;
      this.#ended.splice(same, 1);
    }
    const place = this.#ended.findIndex(isBehind);
    const at = place === -1 ? this.#ended.length : place;
    this.#ended.splice(at, 0, { symbols, score, finished, attention, rank, spelling });
    this.#ended.length = Math.min(this.#ended.length, best);
  }
}

/** The most probable of many continuations, most probable first; of equals, the first that came. */
class Candidates {
  readonly #most: number;
  readonly #scores: Float64Array;
  readonly #parents: Int32Array;
  readonly #symbols: Int32Array;
  size = 0;

  constructor(most: number) {
    this.#most = most;
    this.#scores = new Float64Array(most);
    this.#parents = new Int32Array(most);
    this.#symbols = new Int32Array(most);
  }

  clear(): void {
    this.size = 0;
  }

  /** What the output `parent`, which stands at `place` of a step's batch, can become. */
  add(
    step: Step,
    place: number,
    score: number,
    parent: number,
    forbidden: ReadonlySet<number>,
  ): void {
    const { probabilities, width } = step;
    const offset = place * width;
    // Below this a symbol cannot get in: most need no logarithm.
    let least = this.#least(score);
    for (let symbol = 0; symbol < width; symbol++) {
      const probability = probabilities[offset + symbol]!;
      if (!(probability > least) || forbidden.has(symbol)) continue;
      this.#insert(score + Math.min(Math.log(probability), 0), parent, symbol);
      least = this.#least(score);
    }
  }

  *[Symbol.iterator](): Generator<{ parent: number; symbol: number; score: number }> {
    for (let i = 0; i < this.size; i++) {
      yield { parent: this.#parents[i]!, symbol: this.#symbols[i]!, score: this.#scores[i]! };
    }
  }

  /** A probability that is surely too low; the margin is for what exp and log round. */
  #least(score: number): number {
    if (this.size < this.#most) return 0;
    return Math.exp(this.#scores[this.#most - 1]! - score) * (1 - 1e-9);
  }

  #insert(score: number, parent: number, symbol: number): void {
    let at = this.size;
    while (at > 0 && score > this.#scores[at - 1]!) at--;
    if (at === this.#most) return;
    this.size = Math.min(this.size + 1, this.#most);
    for (const column of [this.#scores, this.#parents, this.#symbols]) {
      column.copyWithin(at + 1, at, this.size - 1);
    }
    this.#scores[at] = score;
    this.#parents[at] = parent;
    this.#symbols[at] = symbol;
  }
}
