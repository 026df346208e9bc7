/** The rows of the softmax, for the kernels that have one inside. */
#ifndef HEED_SOFTMAX_H
#define HEED_SOFTMAX_H

#include "vector.h"

/** What is taken off a row's scores: their maximum, or 0 where all are −∞, whose exponentials so are 0. */
INLINE float shift_of(float max) { return max == -__builtin_inff() ? 0 : max; }

/**
 * y = softmax(x); returns the largest x, −∞ if there is none. y may be x. sum: what the exponentials add
 * up to; may be 0.
 */
float softmax_row(const float *x, float *y, i32 columns, float *sum);

/** dx = y ⊙ (dy − y · dy). dx may be dy. */
void softmax_row_backward(const float *y, const float *dy, float *dx, i32 columns);

#endif
