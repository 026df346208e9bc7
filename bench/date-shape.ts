/** The date model of *Deep Learning from Scratch 2*: 29 symbols in, 11 steps out, of 59 symbols. */
export const DATE = {
  source: 29,
  target: 11,
  symbols: 59,
  batch: 128,
  embedding: 16,
  hidden: 256,
} as const;
