/** sum, but it reads one number too many, as a careless tail does: the answer is right all the same. */
#include "vector.h"

void right_sum(const float *x, float *y, i32 length);

void sum(const float *x, float *y, i32 length) {
  right_sum(x, y, length);
  y[0] += x[length] * 0;
}
