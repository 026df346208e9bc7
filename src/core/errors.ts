/**
 * The errors heed throws. Each class carries the facts as fields and derives its message from them,
 * so that code can act on the fields and a person can act on the text:
 * where it happened, what was expected, what came, and what to do.
 */

/** The facts every heed error carries. */
export interface ErrorFacts {
  /** The function, layer, file or flag that refused, e.g. `TimeAttention.forward`. */
  readonly where: string;
  /** What was expected there. */
  readonly expected: string;
  /** What came instead. */
  readonly received: string;
  /** What the caller can do about it, where the expectation alone does not say it. */
  readonly fix?: string;
  /**
   * How the message is built: `expected …, got …` by default; `statement` puts what came first, for
   * facts that are sentences: `hsDec has H = 64, hsEnc has H = 128; both need the same hidden size`.
   */
  readonly form?: "expectation" | "statement";
}

/**
 * The common base: `error instanceof HeedError` tells a refusal by heed from a bug.
 *
 * @example
 * try {
 *   new WeightSum().backward(tensor([[1]]));
 * } catch (error) {
 *   if (!(error instanceof HeedError)) throw error;
 *   error.where; // → "WeightSum.backward"
 *   error.expected; // → "WeightSum.forward to have been called before"
 *   error.received; // → "no forward pass to undo"
 * }
 */
export abstract class HeedError extends Error {
  /** The function, layer, file or flag that refused. */
  readonly where: string;
  /** What was expected there. */
  readonly expected: string;
  /** What came instead. */
  readonly received: string;
  /** What the caller can do about it; undefined where the expectation alone says it. */
  readonly fix: string | undefined;

  /**
   * @param facts what the message is made of, and the fields hold
   * @param options `cause`, as for any `Error`
   */
  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    const fix = facts.fix === undefined ? "" : `; ${facts.fix}`;
    const text =
      facts.form === "statement"
        ? `${facts.received}; ${facts.expected}`
        : `expected ${facts.expected}, got ${facts.received}`;
    super(`${facts.where}: ${text}${fix}`, options);
    // Classes of heed have theirs as fields, since minifiers give them other names.
    this.name = new.target.name;
    this.where = facts.where;
    this.expected = facts.expected;
    this.received = facts.received;
    this.fix = facts.fix;
  }
}

/**
 * A shape, a length or a nesting that does not fit.
 *
 * @example
 * tensor([[1, 2], [3]]); // → throws ShapeError: expected an array of length 2 at index [1]
 */
export class ShapeError extends HeedError {
  override readonly name: string = "ShapeError";
}

/**
 * A number type that does not exist, is not held by a device, or is mixed with another.
 *
 * @example
 * indices([1.5]); // → throws DtypeError: expected whole numbers of 32 bits
 */
export class DtypeError extends HeedError {
  override readonly name: string = "DtypeError";
}

/**
 * A device that cannot be opened, has run out of memory, or is mixed with another.
 *
 * @example
 * const elsewhere = { device: await openDevice("reference") };
 * useDevice(await openDevice("wasm"));
 * const layer = new WeightSum();
 * layer.forward(zeros([1, 2, 3]), zeros([1, 2], elsewhere)); // → throws DeviceError
 */
export class DeviceError extends HeedError {
  override readonly name: string = "DeviceError";
}

/**
 * A call that comes too early or too late: `backward` before `forward`, use after `dispose`.
 *
 * @example
 * new Softmax().backward(tensor([1, 2])); // → throws StateError
 */
export class StateError extends HeedError {
  override readonly name: string = "StateError";
}

/**
 * Training data, text or an option that cannot be used.
 *
 * @example
 * const bytes = new TextEncoder().encode("no tab here");
 * parsePairs(bytes, { file: "pairs.tsv" }); // → throws DataError: pairs.tsv, line 1
 */
export class DataError extends HeedError {
  override readonly name: string = "DataError";
}

/**
 * A model file that is damaged, foreign or from a later version.
 *
 * @example
 * AttentionSeq2seq.fromBytes(new Uint8Array(4)); // → throws CheckpointError: only 4 bytes
 */
export class CheckpointError extends HeedError {
  override readonly name: string = "CheckpointError";
}
