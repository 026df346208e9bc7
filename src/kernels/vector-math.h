/**
 * exp, the logistic function and tanh, LANES at a time. NaN comes through; no argument traps.
 */
#ifndef HEED_VECTOR_MATH_H
#define HEED_VECTOR_MATH_H

#include "vector.h"

/**
 * The constants are read from memory: V8 rebuilds a constant vector at every use, which in a hot loop
 * halves the speed. The compiler must not see their values, hence `constants()`.
 */
static const float EXP[] = {
    1.44269504088896341f,  // 0: log2 e
    12582912.0f,           // 1: 1.5 · 2^23; adding it rounds to a whole number
    -0.693359375f,         // 2: −ln 2, the part with few digits …
    2.12194440e-4f,        // 3: … and the rest
    1.9875691500e-4f,      // 4 … 9: (eʳ − 1 − r) / r² on |r| ≤ ln 2 / 2 (Cephes, expf)
    1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f,
    1.0f,                  // 10
    -87.3365447505531f,    // 11: below it, the result would be subnormal and is 0
};

static const float TANH[] = {
    -10.0f,  // 0, 1: between these, e²ˣ is not so far from 1 that tanh is ±1
    10.0f,
    -87.3f,  // 2, 3: between these, the logistic function is neither 1 nor 0
    89.0f,
    2.0f,    // 4
    1.0f,    // 5
    -2.0f,   // 6
    4.0f,    // 7
};

INLINE const float *constants(const float *table) {
  __asm__("" : "+r"(table));
  return table;
}

/** eˣ = 2ⁿ · (1 + rest) for x below 89: 2ⁿ, and the rest of |rest| < 0.42, to its last digits where x is small. */
INLINE vec exp_in_parts(vec x, const float *k, vec *rest) {
  vec magic = splat(k[1]);
  vec shifted = multiply_add(x, splat(k[0]), magic);
  vec n = shifted - magic;
  vec r = multiply_add(n, splat(k[2]), x);
  r = multiply_add(n, splat(k[3]), r);
  vec p = multiply_add(splat(k[4]), r, splat(k[5]));
  p = multiply_add(p, r, splat(k[6]));
  p = multiply_add(p, r, splat(k[7]));
  p = multiply_add(p, r, splat(k[8]));
  p = multiply_add(p, r, splat(k[9]));
  *rest = multiply_add(p, r * r, r);
  // The low bits of `shifted` are n: moved up, they make 2ⁿ of the 1.
  return (vec)((((uvec)shifted) << 23) + (uvec)splat(k[10]));
}

/** eˣ for x ≤ 0 (all that softmax needs), to 1e-7 relative; 0 below −87.3. */
INLINE vec exp_of_negative(vec x, const float *k) {
  vec rest, power = exp_in_parts(x, k, &rest);
  // Written so that NaN, for which every comparison is false, keeps its product.
  return (vec)((ivec)(multiply_add(power, rest, power)) & ~(ivec)(x < splat(k[11])));
}

INLINE vec square_root(vec x) {
  vec y;
#if defined(__wasm__)
  y = (vec)__builtin_wasm_sqrt_f32x4(x);
#else
  for (i32 i = 0; i < LANES; i++) y[i] = __builtin_sqrtf(x[i]);
#endif
  return y;
}

INLINE vec absolute(vec x) { return (vec)((ivec)x & 0x7fffffff); }

/** 1 / (1 + e⁻ˣ); e⁻ˣ is ∞ from about x = −88.4 on. */
INLINE vec logistic(vec x, const float *k, const float *t) {
  vec rest, power = exp_in_parts(between(t[2], t[3], -x), k, &rest);
  vec one = splat(t[5]);
  // A rest may be negative, and ∞ take no sum with −∞.
  return one / multiply_add(power, one + rest, one);
}

/** tanh x = (e²ˣ − 1) / (e²ˣ + 1), of whose e²ˣ the 1 is taken off before it is added: small x keep their digits. */
INLINE vec hyperbolic_tangent(vec x, const float *k, const float *t) {
  vec limited = between(t[0], t[1], x);
  vec rest, power = exp_in_parts(limited + limited, k, &rest);
  vec less = multiply_add(power, rest, power - splat(t[5]));
  return less / (less + splat(t[4]));
}

/** 1 − tanh² x = 4e / (1 + e)² with e = e^−2|x|: no digits are lost where tanh is nearly 1. */
INLINE vec slope_of_tangent(vec x, const float *k, const float *t) {
  vec e = exp_of_negative(absolute(x) * splat(t[6]), k);
  vec sum = splat(t[5]) + e;
  return splat(t[7]) * e / (sum * sum);
}

#endif
