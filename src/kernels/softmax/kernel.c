/** softmaxForward, softmaxBackward, and their rows for other kernels. */
#include "softmax.h"

#include "vector-math.h"

float softmax_row(const float *x, float *y, i32 columns) {
  const float minus_infinity = -__builtin_inff();
  vec most = splat(minus_infinity);
  for (i32 j = 0; j < columns; j += LANES) {
    most = larger(load_left(x + j, columns - j, minus_infinity), most);
  }
  float max = largest_lane(most);
  // All masked: exp(−∞ − 0) = 0 for every key, and a NaN among them stays one.
  vec shift = splat(max == minus_infinity ? 0 : max);
  const float *k = constants(EXP);
  vec totals = splat(0);
  for (i32 j = 0; j < columns; j += LANES) {
    i32 left = columns - j;
    vec e = exp_of_negative(load_left(x + j, left, minus_infinity) - shift, k);
    totals += e;
    store_left(y + j, e, left);
  }
  float total = sum_lanes(totals);
  vec factor = splat(total == 0 ? 1 : 1 / total);
  for (i32 j = 0; j < columns; j += LANES) {
    i32 left = columns - j;
    store_left(y + j, load_left(y + j, left, 0) * factor, left);
  }
  return max;
}

void softmax_row_backward(const float *y, const float *dy, float *dx, i32 columns) {
  vec totals = splat(0);
  for (i32 j = 0; j < columns; j += LANES) {
    i32 left = columns - j;
    totals = multiply_add(load_left(y + j, left, 0), load_left(dy + j, left, 0), totals);
  }
  vec dot = splat(sum_lanes(totals));
  for (i32 j = 0; j < columns; j += LANES) {
    i32 left = columns - j;
    vec d = load_left(y + j, left, 0) * (load_left(dy + j, left, 0) - dot);
    store_left(dx + j, d, left);
  }
}

EXPORT(softmaxForward) void softmaxForward(const float *x, float *y, i32 rows, i32 columns) {
  for (i32 i = 0; i < rows; i++) {
    softmax_row(x + (long)i * columns, y + (long)i * columns, columns);
  }
}

EXPORT(softmaxBackward)
void softmaxBackward(const float *y, const float *dy, float *dx, i32 rows, i32 columns) {
  for (i32 i = 0; i < rows; i++) {
    long start = (long)i * columns;
    softmax_row_backward(y + start, dy + start, dx + start, columns);
  }
}
