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
#include <immintrin.h>
#define LANES 16
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES 8
#else
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
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
typedef i32 ivec_at __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef u32 uvec_at __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#if defined(__wasm__)
/** Two lanes as one, and where they lie in memory. */
typedef long long pairs __attribute__((vector_size(16)));
typedef long long pair_at __attribute__((aligned(4), may_alias));
#endif

INLINE vec load(const float *p) { return *(const vec_at *)p; }

INLINE void store(float *p, vec x) { *(vec_at *)p = x; }

INLINE vec splat(float x) { return x - (vec){}; }

/**
 * A kernel that defines TAILS_BY_CALL before it includes this calls vector.c for its tails where they are
 * WebAssembly: one of them written out is as long as many a kernel. For those that meet a tail once in a
 * long run, since a call takes longer than what it does.
 */
#if defined(__wasm__) && defined(TAILS_BY_CALL)
#define load_part load_part_by_call
#define store_part store_part_by_call
vec load_part(const float *p, i32 count, float rest);
void store_part(float *p, vec x, i32 count);
#else

/** The first `count` lanes from memory, `rest` in the others; reads nothing behind them. */
INLINE vec load_part(const float *p, i32 count, float rest) {
#if defined(__AVX512F__)
  return (vec)_mm512_mask_loadu_ps((__m512)splat(rest), (__mmask16)((1u << count) - 1), p);
#elif defined(__wasm__)
  vec x = splat(rest);
  if (count & 2) {
    pairs both = (pairs)x;
    both[0] = *(const pair_at *)p;
    x = (vec)both;
    if (count & 1) x[2] = p[2];
  } else if (count & 1) {
    x[0] = p[0];
  }
  return x;
#else
  float lanes[LANES];
  for (i32 i = 0; i < LANES; i++) lanes[i] = i < count ? p[i] : rest;
  return load(lanes);
#endif
}

/** The first `count` lanes to memory. */
INLINE void store_part(float *p, vec x, i32 count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)x);
#elif defined(__wasm__)
  if (count & 2) {
    *(pair_at *)p = ((pairs)x)[0];
    if (count & 1) p[2] = x[2];
  } else if (count & 1) {
    p[0] = x[0];
  }
#else
  for (i32 i = 0; i < LANES; i++) {
    if (i < count) p[i] = x[i];
  }
#endif
}

#endif

/** `load`, or `load_part` where fewer than LANES are left. */
INLINE vec load_left(const float *p, i32 left, float rest) {
  return left >= LANES ? load(p) : load_part(p, left, rest);
}

/** LANES whole numbers, or as many as are left, and 0 in the other lanes. */
INLINE ivec load_ints_left(const i32 *p, i32 left) {
  if (left >= LANES) return *(const ivec_at *)p;
  ivec lanes = {};
  for (i32 i = 0; i < LANES; i++) {
    if (i < left) lanes[i] = p[i];
  }
  return lanes;
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
#elif defined(__AVX512F__)
  return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

/** yes where the mask is all ones, no where it is 0. */
INLINE vec choose(ivec mask, vec yes, vec no) {
  return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/** The larger of each lane; NaN in `x` is passed over. */
INLINE vec larger(vec x, vec max) {
#if defined(__wasm__)
  return (vec)__builtin_wasm_pmax_f32x4(max, x);
#elif LANES == 16
  return (vec)_mm512_max_ps((__m512)x, (__m512)max);
#elif LANES == 8
  return (vec)_mm256_max_ps((__m256)x, (__m256)max);
#else
  return choose(x > max, x, max);
#endif
}

/** The smaller of each lane; NaN in `x` is passed over. */
INLINE vec smaller(vec x, vec min) {
#if defined(__wasm__)
  return (vec)__builtin_wasm_pmin_f32x4(min, x);
#elif LANES == 16
  return (vec)_mm512_min_ps((__m512)x, (__m512)min);
#elif LANES == 8
  return (vec)_mm256_min_ps((__m256)x, (__m256)min);
#else
  return choose(x < min, x, min);
#endif
}

/** x, but at least `least` and at most `most`; NaN in `x` stays. */
INLINE vec between(float least, float most, vec x) {
  return smaller(splat(most), larger(splat(least), x));
}

/** Lanes of two vectors by number, those of b following those of a: SHUFFLE(a, b, 0, 1, …). */
#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (ivec){__VA_ARGS__})
#endif
/** The same pattern in every run of four lanes, as processors like it: i … l < 4 of a, 4 + those of b. */
#if LANES == 4
#define IN_FOURS(a, b, i, j, k, l) SHUFFLE(a, b, i, j, k, l)
#else
#define LANE_(n, run) ((n) < 4 ? (n) + 4 * (run) : (n) - 4 + LANES + 4 * (run))
#define RUN_(run, i, j, k, l) LANE_(i, run), LANE_(j, run), LANE_(k, run), LANE_(l, run)
#if LANES == 8
#define IN_FOURS(a, b, i, j, k, l) SHUFFLE(a, b, RUN_(0, i, j, k, l), RUN_(1, i, j, k, l))
#else
#define IN_FOURS(a, b, i, j, k, l)                                                    \
  SHUFFLE(a, b, RUN_(0, i, j, k, l), RUN_(1, i, j, k, l), RUN_(2, i, j, k, l), \
          RUN_(3, i, j, k, l))
#endif
#endif

/** Four lanes. */
typedef float vec4 __attribute__((vector_size(16)));
typedef float vec4_at __attribute__((vector_size(16), aligned(4), may_alias));

/** Lanes 4·run … 4·run + 3. */
INLINE vec4 run_of_four(vec x, const i32 run) {
#if LANES == 16
  return run == 0   ? (vec4)_mm512_extractf32x4_ps((__m512)x, 0)
         : run == 1 ? (vec4)_mm512_extractf32x4_ps((__m512)x, 1)
         : run == 2 ? (vec4)_mm512_extractf32x4_ps((__m512)x, 2)
                    : (vec4)_mm512_extractf32x4_ps((__m512)x, 3);
#elif LANES == 8
  return run == 0 ? (vec4)_mm256_extractf128_ps((__m256)x, 0)
                  : (vec4)_mm256_extractf128_ps((__m256)x, 1);
#else
  (void)run;
  return x;
#endif
}

/** The sums of the lanes of four vectors, each sum in one order: fours onto each other first. */
INLINE vec4 sums_of_lanes(vec a, vec b, vec c, vec d) {
  vec ab = IN_FOURS(a, b, 0, 4, 1, 5) + IN_FOURS(a, b, 2, 6, 3, 7);
  vec cd = IN_FOURS(c, d, 0, 4, 1, 5) + IN_FOURS(c, d, 2, 6, 3, 7);
  vec sums = IN_FOURS(ab, cd, 0, 1, 4, 5) + IN_FOURS(ab, cd, 2, 3, 6, 7);
#if LANES == 16
  return (run_of_four(sums, 0) + run_of_four(sums, 2)) +
         (run_of_four(sums, 1) + run_of_four(sums, 3));
#elif LANES == 8
  return run_of_four(sums, 0) + run_of_four(sums, 1);
#else
  return sums;
#endif
}

/** The sum of the lanes, in the order of `sums_of_lanes`. */
INLINE float sum_lanes(vec x) {
  vec4 sums = sums_of_lanes(x, x, x, x);
  return sums[0];
}

/** Transposes every block of 4 × 4 that the four vectors hold side by side. */
INLINE void transpose_fours(vec *a, vec *b, vec *c, vec *d) {
  vec ab = IN_FOURS(*a, *b, 0, 4, 1, 5), AB = IN_FOURS(*a, *b, 2, 6, 3, 7);
  vec cd = IN_FOURS(*c, *d, 0, 4, 1, 5), CD = IN_FOURS(*c, *d, 2, 6, 3, 7);
  *a = IN_FOURS(ab, cd, 0, 1, 4, 5);
  *b = IN_FOURS(ab, cd, 2, 3, 6, 7);
  *c = IN_FOURS(AB, CD, 0, 1, 4, 5);
  *d = IN_FOURS(AB, CD, 2, 3, 6, 7);
}

INLINE float largest_lane(vec x) {
  vec most = larger(IN_FOURS(x, x, 2, 3, 0, 1), x);
  most = larger(IN_FOURS(most, most, 1, 0, 3, 2), most);
  float max = most[0];
  for (i32 i = 4; i < LANES; i += 4) max = most[i] > max ? most[i] : max;
  return max;
}

/**
 * What the compiler knows of a pointer ends here. V8 wants loads at a pointer plus a constant, and
 * loops it can keep in 16 registers; a compiler that sees through the pointer undoes both.
 */
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

INLINE i32 smaller_of(i32 a, i32 b) { return a < b ? a : b; }

#endif
