import { availableParallelism } from "node:os";
import { SHAPES, type Sizes } from "./shapes.ts";

/** One dimension that grows while the others stay. */
export interface Dimension {
  /** Names its files, too. */
  readonly name: "te" | "h" | "n" | "t" | "threads";
  readonly title: string;
  /** What grows, as an axis calls it. */
  readonly axis: string;
  readonly values: readonly number[];
  readonly sizes: (value: number) => Sizes;
  /** Threads at a value; 1 unless they are what grows. */
  readonly threads: (value: number) => number;
}

const [N, Td, Te, H] = SHAPES.D;

function doublings(from: number, to: number): number[] {
  return from > to ? [] : [from, ...doublings(2 * from, to)];
}

const one = (): number => 1;

/** Every dimension that is swept. */
export const DIMENSIONS: readonly Dimension[] = [
  {
    name: "te",
    title: `encoder steps Te; N = ${N}, Td = ${Td}, H = ${H}, 1 thread`,
    axis: "Te",
    values: doublings(16, 8192),
    sizes: (value) => [N, Td, value, H],
    threads: one,
  },
  {
    name: "h",
    title: `hidden size H; N = ${N}, Td = Te = ${Te}, 1 thread`,
    axis: "H",
    values: doublings(16, 1024),
    sizes: (value) => [N, Td, Te, value],
    threads: one,
  },
  {
    name: "n",
    title: `batch N; Td = Te = ${Te}, H = ${H}, 1 thread`,
    axis: "N",
    values: doublings(1, 512),
    sizes: (value) => [value, Td, Te, H],
    threads: one,
  },
  {
    name: "t",
    title: `both lengths, Td = Te = T; N = 1, H = ${H}, 1 thread`,
    axis: "T",
    values: doublings(16, 8192),
    sizes: (value) => [1, value, value, H],
    threads: one,
  },
  {
    name: "threads",
    title: `threads, at E: N = 8, Td = Te = 1024, H = 64`,
    axis: "threads",
    values: Array.from({ length: availableParallelism() }, (_, i) => i + 1),
    sizes: () => SHAPES.E,
    threads: (value) => value,
  },
];
