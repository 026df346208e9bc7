/**
 * Threefry-2x32, 20 rounds: a counter-based random function (Salmon et al. 2011, "Parallel Random
 * Numbers: As Easy as 1, 2, 3"). Two words of key and two of counter give two random words, with no
 * state in between, so that any element of any stream can be had at any time, on any device, in any
 * order. 32-bit additions, rotations and exclusive-ors only: the same bits everywhere.
 */

const PARITY = 0x1bd11bda;
const ROTATIONS: readonly (readonly number[])[] = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

/**
 * Writes the two random words of counter `(c0, c1)` under key `(k0, k1)` to `out[0]` and `out[1]`.
 *
 * @example
 * const out = new Uint32Array(2);
 * threefry(0, 0, 0, 0, out);
 * out[0] === 0x6b200159; // true: the known answer of the Random123 distribution
 */
export function threefry(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const key = [k0 | 0, k1 | 0, PARITY ^ k0 ^ k1];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let block = 0; block < 5; block++) {
    for (const rotation of ROTATIONS[block % 2] ?? []) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    }
    x0 = (x0 + (key[(block + 1) % 3] ?? 0)) | 0;
    x1 = (x1 + (key[(block + 2) % 3] ?? 0) + block + 1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}
