import {
  changed,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";

export interface RotateOptions {
  readonly outer: number;
  readonly steps: number;
  readonly inner: number;
  readonly size: number;
  readonly rotated: number;
  /** Where the steps stand: from `offset` on, or where `positions` says. */
  readonly offset?: number;
  readonly scattered?: boolean;
  readonly interleaved?: boolean;
  readonly inverse?: boolean;
  readonly inPlace?: boolean;
  readonly seed?: number;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

/** The table has as many positions as are used; those before the offset hold NaN. */
export function rotateCase(options: RotateOptions): KernelCase {
  const { outer, steps, inner, size, rotated, offset = 0, scattered = false } = options;
  const { interleaved = false, inverse = false, inPlace = false, special = "" } = options;
  const random = seeded(options.seed ?? 1000 + size + rotated);
  const pairs = rotated / 2;
  const count = offset + steps;
  const positions = Int32Array.from({ length: steps }, (_, s) => count - 1 - ((3 * s) % steps));
  const unused = scattered ? 0 : offset * pairs;
  const angles = Float64Array.from({ length: count * pairs }, () => random.uniform(-4, 4));
  const table = (of: (angle: number) => number): Float32Array =>
    Float32Array.from(angles, (angle, i) => (i < unused ? Number.NaN : of(angle)));
  const x = withValues(normals(random, outer * steps * inner * size), options.values ?? {});
  const shape = `${outer} × ${steps} × ${inner} × ${size}, ${rotated} rotated`;
  const place = scattered ? "positions given" : `from ${offset} on`;
  const flags = [interleaved && "interleaved", inverse && "inverse", inPlace && "y = x"];
  const name = ["", place, ...flags.filter((flag) => flag !== false)].join(", ");
  return kernelCase({
    name: `rotate: ${shape}${name}${special}`,
    floats: {
      x: inPlace ? changed(x) : input(x),
      cosines: input(table(Math.cos)),
      sines: input(table(Math.sin)),
      y: output(inPlace ? 0 : x.length),
    },
    ints: { positions: inputInts(positions) },
    tolerance: FORWARD,
    // Every number is a sum of two products with numbers of at most 1.
    terms: { x: magnitude(x), y: magnitude(x) },
    call: (kernels, { x, cosines, sines, y }, { positions }) =>
      kernels.rotate(
        x,
        cosines,
        sines,
        scattered ? positions : null,
        inPlace ? x : y,
        outer,
        steps,
        inner,
        size,
        rotated,
        offset,
        interleaved,
        inverse,
      ),
  });
}

/** outer, steps, inner, size, rotated */
const SHAPES = [
  [0, 3, 2, 4, 4],
  [2, 0, 2, 4, 4],
  [2, 3, 0, 4, 4],
  [2, 3, 2, 0, 0],
  [1, 1, 1, 1, 0],
  [2, 3, 2, 2, 2],
  [2, 3, 1, 3, 2],
  [3, 4, 2, 5, 4],
  [2, 5, 3, 6, 6],
  [2, 17, 1, 17, 10],
  [3, 5, 4, 33, 32],
  [1, 33, 3, 65, 64],
  [2, 4, 2, 66, 66],
  [5, 29, 4, 64, 64],
] as const;

export function rotaryCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [outer, steps, inner, size, rotated] of SHAPES) {
    const shape = { outer, steps, inner, size, rotated };
    for (const interleaved of [false, true]) {
      cases.push(rotateCase({ ...shape, interleaved }));
      cases.push(rotateCase({ ...shape, interleaved, offset: 3, inPlace: true }));
      cases.push(rotateCase({ ...shape, interleaved, scattered: true, inverse: true }));
    }
  }
  const shape = { outer: 2, steps: 3, inner: 2, size: 9, rotated: 6 };
  const values = {
    0: Number.NaN,
    8: Number.NaN,
    10: Number.POSITIVE_INFINITY,
    20: Number.NEGATIVE_INFINITY,
  };
  for (const interleaved of [false, true]) {
    cases.push(rotateCase({ ...shape, interleaved, values, special: ", NaN and infinities" }));
  }
  return cases;
}
