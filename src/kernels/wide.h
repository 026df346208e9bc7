/** Sums in float64, half a vector at a time. */
#ifndef HEED_WIDE_H
#define HEED_WIDE_H

#include "vector.h"

/** What fits a vector of numbers in float64. */
#define HALF (LANES / 2)
typedef double dvec __attribute__((vector_size(8 * HALF)));
typedef double dvec_at __attribute__((vector_size(8 * HALF), aligned(8), may_alias));
typedef float half_at __attribute__((vector_size(4 * HALF), aligned(4), may_alias));

/** HALF numbers, in float64. */
INLINE dvec load_wide(const float *p) { return __builtin_convertvector(*(const half_at *)p, dvec); }

/** The sum of the lanes, from the first on. */
INLINE double sum_of_halves(dvec x) {
  double total = 0;
  for (i32 l = 0; l < HALF; l++) total += x[l];
  return total;
}

#endif
