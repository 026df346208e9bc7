import type { Tokens, Transduction } from "heed";
import type { SampleSet } from "./sample-sets.ts";

/** Which model is trained: one that is done in seconds, or what `heed train` would take. */
export const PRESETS = ["quick", "standard", "transformer"] as const;

/** One of them. */
export type Preset = (typeof PRESETS)[number];

/** Where pairs come from: a set that the page makes up, or the text of a file. */
export type PairsFrom =
  | { readonly set: SampleSet }
  | {
      readonly bytes: Uint8Array;
      readonly file: string;
      /** Columns of source and target, from 1; null: there are exactly two. */
      readonly columns: readonly [number, number] | null;
      readonly targetTokens: Tokens | null;
    };

/** What is to be trained. */
export interface TrainingTask {
  readonly from: PairsFrom;
  readonly preset: Preset;
  readonly seed: number;
  /** Epochs; null: as many as the number of pairs asks for. */
  readonly epochs: number | null;
  /** The text whose attention is shown while it changes; empty: one of those that are held out. */
  readonly pinned: string;
  readonly threads: number;
  /** As the page's address says it. */
  readonly compute: string | null;
}

/** What is known before the first step. */
export interface TrainingPlan {
  readonly pairs: number;
  readonly heldOut: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly totalSteps: number;
  readonly device: string;
  readonly isolated: boolean;
  readonly pinned: string;
}

/** One example that is held out, and what the model makes of it now. */
export interface Conversion {
  readonly source: string;
  readonly target: string;
  readonly output: string;
}

/** How far a training is, several times a second. */
export interface StepNotice {
  readonly kind: "step";
  readonly step: number;
  readonly epoch: number;
  /** Mean cross-entropy per symbol, of the steps since the last notice. */
  readonly loss: number;
  readonly pairsPerSecond: number;
  readonly secondsLeft: number;
  readonly seconds: number;
}

/** What the model makes of examples, every second or so. */
export interface LookNotice {
  readonly kind: "look";
  readonly step: number;
  readonly conversions: readonly Conversion[];
  readonly pinned: Transduction;
}

/** How the model does on what is held out, after each epoch. */
export interface EpochNotice {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  /** 0 to 1. */
  readonly exactMatch: number;
  readonly symbolErrorRate: number;
  readonly isBest: boolean;
  readonly seconds: number;
  /** The model as it is now, to be looked at beside others; null where too many were kept since. */
  readonly model: Uint8Array | null;
}

/** What a training says unasked. */
export type TrainingNotice = StepNotice | LookNotice | EpochNotice;

/** How a training ended. */
export interface TrainingEnd {
  readonly reason: "done" | "stopped" | "diverged";
  readonly step: number;
  /** The best model, by what is held out; null where none was measured. */
  readonly model: Uint8Array | null;
  readonly seconds: number;
}
