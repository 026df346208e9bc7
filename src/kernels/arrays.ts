/** What the definitions compute on: one definition serves both float types. */
export type Floats = Float32Array | Float64Array;
