/** The rows of sparsemax and of entmax with α = 1.5, for the kernels that have one inside. */
#ifndef HEED_SPARSE_SOFTMAX_H
#define HEED_SPARSE_SOFTMAX_H

#include "vector.h"

/** y = sparsemax(x); returns the largest x, −∞ if there is none. y may be x. */
float sparsemax_row(const float *x, float *y, i32 columns);

/** y = entmax(x) with α = 1.5; returns the largest x, −∞ if there is none. y may be x. */
float entmax_row(const float *x, float *y, i32 columns);

/** dx = s ⊙ (dy − Σ s · dy / Σ s) with s = 1 where y is not 0. dx may be dy. */
void sparsemax_row_backward(const float *y, const float *dy, float *dx, i32 columns);

/** dx = s ⊙ (dy − Σ s · dy / Σ s) with s = √y. dx may be dy. */
void entmax_row_backward(const float *y, const float *dy, float *dx, i32 columns);

#endif
