/**
 * What every C kernel is written in: one vector type and a handful of operations on it.
 *
 * The same sources are compiled for WebAssembly (4 lanes) and natively (4, 8 or 16). No kernel uses a
 * library: there is none in WebAssembly.
 */
#ifndef HEED_VECTOR_H
#define HEED_VECTOR_H

typedef int i32;
typedef unsigned int u32;

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

#if defined(__wasm__)
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name) __attribute__((visibility("default")))
#endif
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef i32 ivec __attribute__((vector_size(4 * LANES)));
typedef u32 uvec __attribute__((vector_size(4 * LANES)));
/** A vec at any float's address. */
typedef float vec_at __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef u32 uvec_at __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vec load(const float *p) { return *(const vec_at *)p; }

INLINE void store(float *p, vec x) { *(vec_at *)p = x; }

INLINE vec splat(float x) { return x - (vec){}; }

/** The first `count` lanes from memory, `rest` in the others; reads nothing behind them. */
INLINE vec load_part(const float *p, i32 count, float rest) {
  float lanes[LANES];
  for (i32 i = 0; i < LANES; i++) lanes[i] = i < count ? p[i] : rest;
  return load(lanes);
}

/** The first `count` lanes to memory. */
INLINE void store_part(float *p, vec x, i32 count) {
  for (i32 i = 0; i < LANES; i++) {
    if (i < count) p[i] = x[i];
  }
}

/** `load`, or `load_part` where fewer than LANES are left. */
INLINE vec load_left(const float *p, i32 left, float rest) {
  return left >= LANES ? load(p) : load_part(p, left, rest);
}

INLINE void store_left(float *p, vec x, i32 left) {
  if (left >= LANES) {
    store(p, x);
  } else {
    store_part(p, x, left);
  }
}

/** a · b + c: rounded once where the build has a fused instruction, twice where it has none. */
INLINE vec multiply_add(vec a, vec b, vec c) {
#if defined(__wasm_relaxed_simd__)
  return (vec)__builtin_wasm_relaxed_madd_f32x4(a, b, c);
#elif defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  vec d;
  for (i32 i = 0; i < LANES; i++) d[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return d;
#else
  return a * b + c;
#endif
}

/** yes where the mask is all ones, no where it is 0. */
INLINE vec choose(ivec mask, vec yes, vec no) {
  return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/** The larger of each lane; NaN in `x` is passed over. */
INLINE vec larger(vec x, vec max) { return choose(x > max, x, max); }

/** The sum of the lanes, always in the same order: halves upon halves. */
INLINE float sum_lanes(vec x) {
  float lanes[LANES];
  store(lanes, x);
  for (i32 half = LANES / 2; half > 0; half /= 2) {
    for (i32 i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

INLINE float largest_lane(vec x) {
  float max = x[0];
  for (i32 i = 1; i < LANES; i++) max = x[i] > max ? x[i] : max;
  return max;
}

INLINE i32 smaller_of(i32 a, i32 b) { return a < b ? a : b; }

#endif
