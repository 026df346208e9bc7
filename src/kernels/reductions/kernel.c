/** sum, sumRows, norm, clipToNorm, argmax. Sums run in float64, in an order that only sizes decide. */
#include "vector.h"

#define SUM_LANES 8
#define COLUMN_BLOCK 32

EXPORT(sum) void sum(const float *x, float *y, i32 length) {
  double totals[SUM_LANES] = {0};
  i32 i = 0;
  for (; i + SUM_LANES <= length; i += SUM_LANES) {
    for (i32 l = 0; l < SUM_LANES; l++) totals[l] += x[i + l];
  }
  double total = 0;
  for (; i < length; i++) total += x[i];
  for (i32 l = 0; l < SUM_LANES; l++) total += totals[l];
  y[0] = (float)total;
}

EXPORT(sumRows) void sumRows(const float *x, float *y, i32 rows, i32 columns, i32 accumulate) {
  for (i32 j = 0; j < columns; j += COLUMN_BLOCK) {
    double totals[COLUMN_BLOCK];
    i32 width = smaller_of(columns - j, COLUMN_BLOCK);
    for (i32 l = 0; l < COLUMN_BLOCK; l++) totals[l] = accumulate && l < width ? y[j + l] : 0;
    if (width == COLUMN_BLOCK) {
      for (i32 i = 0; i < rows; i++) {
        const float *row = x + (long)i * columns + j;
        for (i32 l = 0; l < COLUMN_BLOCK; l++) totals[l] += row[l];
      }
    } else {
      for (i32 i = 0; i < rows; i++) {
        const float *row = x + (long)i * columns + j;
        for (i32 l = 0; l < width; l++) totals[l] += row[l];
      }
    }
    for (i32 l = 0; l < width; l++) y[j + l] = (float)totals[l];
  }
}

EXPORT(norm) void norm(const float *x, float *total, i32 length, i32 accumulate) {
  double totals[SUM_LANES] = {0};
  i32 i = 0;
  for (; i + SUM_LANES <= length; i += SUM_LANES) {
    for (i32 l = 0; l < SUM_LANES; l++) totals[l] += (double)x[i + l] * (double)x[i + l];
  }
  double squares = accumulate ? (double)total[0] * (double)total[0] : 0;
  for (; i < length; i++) squares += (double)x[i] * (double)x[i];
  for (i32 l = 0; l < SUM_LANES; l++) squares += totals[l];
  total[0] = (float)__builtin_sqrt(squares);
}

EXPORT(clipToNorm) void clipToNorm(float *x, const float *total, double limit, i32 length) {
  double size = total[0];
  if (!(size > limit)) return;
  vec factor = splat((float)(limit / size));
  for (i32 i = 0; i < length; i += LANES) {
    store_left(x + i, factor * load_left(x + i, length - i, 0), length - i);
  }
}

EXPORT(argmax) void argmax(const float *x, i32 *y, i32 rows, i32 columns) {
  for (i32 i = 0; i < rows; i++) {
    const float *row = x + (long)i * columns;
    float largest = -__builtin_inff();
    i32 best = 0;
    for (i32 j = 0; j < columns; j++) {
      if (row[j] > largest) {
        largest = row[j];
        best = j;
      }
    }
    y[i] = best;
  }
}
