/** Numbers between −√3 and √3 at random: of mean 0 and variance 1. Millions of them take a moment, not seconds. */
export function randomNumbers(length: number, seed: number): Float32Array {
  const numbers = new Float32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    numbers[i] = (((x ^ (x >>> 14)) >>> 0) / 2 ** 31 - 1) * Math.sqrt(3);
  }
  return numbers;
}
