/** ln for the few numbers that need one. */
#ifndef HEED_LOGARITHM_H
#define HEED_LOGARITHM_H

#include "vector.h"

/** The natural logarithm by arithmetic alone, to about 1e-15: the same bits on every machine. */
static double logarithm(double x) {
  if (!(x > 0 && x < __builtin_inf())) return x == 0 ? -__builtin_inf() : x;
  double exponent = 0;
  while (x < 0.70710678118654752) {
    x *= 2;
    exponent--;
  }
  while (x > 1.4142135623730951) {
    x /= 2;
    exponent++;
  }
  double s = (x - 1) / (x + 1);  // ln x = 2 artanh s, |s| ≤ 0.172
  double square = s * s;
  double series = 0;
  for (i32 k = 23; k >= 1; k -= 2) series = series * square + 1.0 / k;
  return exponent * 0.69314718055994531 + 2 * s * series;
}

#endif
