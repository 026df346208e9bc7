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
    -5.70498872745e-3f,  // 0 … 4: (tanh x − x) / x³ in x² on |x| < 0.625 (Cephes, tanhf)
    2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f,
    0.625f,              // 5
    1.0f,                // 6
    -2.0f,               // 7
    4.0f,                // 8
};

INLINE const float *constants(const float *table) {
  __asm__("" : "+r"(table));
  return table;
}

/** eˣ for x ≤ 0 (all that softmax, logistic and tanh need), to 1e-7 relative; 0 below −87.3. */
INLINE vec exp_of_negative(vec x, const float *k) {
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
  vec one = splat(k[10]);
  p = multiply_add(p, r * r, r + one);
  // The low bits of `shifted` are n: moved up, they make 2ⁿ of the 1.
  vec power = (vec)((((uvec)shifted) << 23) + (uvec)one);
  // Written so that NaN, for which every comparison is false, keeps its product.
  return (vec)((ivec)(p * power) & ~(ivec)(x < splat(k[11])));
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

/** 1 / (1 + e⁻ˣ), by e^−|x| so that nothing overflows. */
INLINE vec logistic(vec x, const float *k) {
  vec e = exp_of_negative(-absolute(x), k);
  vec one = splat(k[10]);
  return choose(x < splat(0), e, one) / (one + e);
}

/** tanh x: a polynomial near 0, so that small x keep their digits; (1 − e) / (1 + e) elsewhere. */
INLINE vec hyperbolic_tangent(vec x, const float *k, const float *t) {
  vec size = absolute(x);
  vec square = x * x;
  vec p = multiply_add(splat(t[0]), square, splat(t[1]));
  p = multiply_add(p, square, splat(t[2]));
  p = multiply_add(p, square, splat(t[3]));
  p = multiply_add(p, square, splat(t[4]));
  vec near = multiply_add(p * square, x, x);
  vec one = splat(t[6]);
  vec e = exp_of_negative(size * splat(t[7]), k);
  vec far = (one - e) / (one + e);
  far = (vec)((ivec)far | ((ivec)x & (ivec)splat(-0.0f)));
  return choose(size < splat(t[5]), near, far);
}

/** 1 − tanh² x = 4e / (1 + e)² with e = e^−2|x|: no digits are lost where tanh is nearly 1. */
INLINE vec slope_of_tangent(vec x, const float *k, const float *t) {
  vec e = exp_of_negative(absolute(x) * splat(t[7]), k);
  vec sum = splat(t[6]) + e;
  return splat(t[8]) * e / (sum * sum);
}

#endif
