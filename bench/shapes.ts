import { HEADS_CALLS, operationsOf } from "./family/calls.ts";

/** Sizes of one TimeAttention: batch, decoder steps, encoder steps, hidden size. */
export type Sizes = readonly [N: number, Td: number, Te: number, H: number];

/** The shapes every comparison uses. */
export const SHAPES = {
  /** The date model of *Deep Learning from Scratch 2*. */
  A: [128, 11, 29, 256],
  B: [32, 20, 20, 128],
  /** Translation-sized. */
  C: [64, 50, 50, 512],
  D: [8, 256, 256, 64],
  E: [8, 1024, 1024, 64],
  /** One decoding step. */
  F: [1, 1, 29, 256],
  /** One long sequence. */
  G: [1, 4096, 4096, 64],
} as const satisfies Record<string, Sizes>;

/** A letter of {@link SHAPES}. */
export type ShapeName = keyof typeof SHAPES;

/** Their letters, in order. */
export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[];

/** Operations of a forward and a backward pass: 12 · N · Td · Te · H. */
export function operations([N, Td, Te, H]: Sizes): number {
  return 12 * N * Td * Te * H;
}

/** Operations of a shape or of a call of the whole family, by its name. */
export function operationsAt(name: string): number {
  const call = HEADS_CALLS.find((each) => each.name === name);
  return call === undefined ? operations(SHAPES[name as ShapeName]) : operationsOf(call);
}

/** "128 × 11 × 29 × 256". */
export function formatSizes(sizes: Sizes): string {
  return sizes.join(" × ");
}
