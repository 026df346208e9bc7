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

/** The common base: `error instanceof HeedError` tells a refusal by heed from a bug. */
export abstract class HeedError extends Error {
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  readonly fix: string | undefined;

  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    const fix = facts.fix === undefined ? "" : `; ${facts.fix}`;
    const text =
      facts.form === "statement"
        ? `${facts.received}; ${facts.expected}`
        : `expected ${facts.expected}, got ${facts.received}`;
    super(`${facts.where}: ${text}${fix}`, options);
    this.name = new.target.name;
    this.where = facts.where;
    this.expected = facts.expected;
    this.received = facts.received;
    this.fix = facts.fix;
  }
}

/** A shape, a length or a nesting that does not fit. */
export class ShapeError extends HeedError {}

/** A number type that does not exist, is not held by a device, or is mixed with another. */
export class DtypeError extends HeedError {}

/** A device that cannot be opened, has run out of memory, or is mixed with another. */
export class DeviceError extends HeedError {}

/** A call that comes too early or too late: `backward` before `forward`, use after `dispose`. */
export class StateError extends HeedError {}

/** Training data, text or an option that cannot be used. */
export class DataError extends HeedError {}

/** A model file that is damaged, foreign or from a later version. */
export class CheckpointError extends HeedError {}
