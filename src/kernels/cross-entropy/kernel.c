/** softmaxCrossEntropyForward, softmaxCrossEntropyBackward. */
#include "softmax.h"
#include "vector-math.h"

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

/** Σ exp(x[j] − max) in float64: a loss near 0 is the logarithm of a number near 1. */
static double sum_of_exponentials(const float *x, i32 columns, float max) {
  const float *k = constants(EXP);
  vec shift = splat(max);
  double total = 0;
  for (i32 j = 0; j < columns; j += LANES) {
    vec e = exp_of_negative(load_left(x + j, columns - j, -__builtin_inff()) - shift, k);
    for (i32 l = 0; l < LANES; l++) total += e[l];
  }
  return total;
}

EXPORT(softmaxCrossEntropyForward)
void softmaxCrossEntropyForward(const float *logits, const i32 *targets, i32 ignored,
                                float *probabilities, float *losses, i32 rows, i32 columns) {
  for (i32 i = 0; i < rows; i++) {
    const float *row = logits + (long)i * columns;
    float max = softmax_row(row, probabilities + (long)i * columns, columns);
    if (targets[i] == ignored) {
      losses[i] = 0;
      continue;
    }
    double total = sum_of_exponentials(row, columns, max);
    losses[i] = (float)(logarithm(total) - ((double)row[targets[i]] - (double)max));
  }
}

EXPORT(softmaxCrossEntropyBackward)
void softmaxCrossEntropyBackward(const float *probabilities, const i32 *targets, i32 ignored,
                                 double factor, float *dLogits, i32 rows, i32 columns) {
  vec f = splat((float)factor);
  for (i32 i = 0; i < rows; i++) {
    const float *from = probabilities + (long)i * columns;
    float *to = dLogits + (long)i * columns;
    i32 target = targets[i];
    for (i32 j = 0; j < columns; j += LANES) {
      i32 left = columns - j;
      vec d = target == ignored ? splat(0) : f * load_left(from + j, left, 0);
      store_left(to + j, d, left);
    }
    if (target != ignored && target >= 0 && target < columns) {
      to[target] = (float)factor * (from[target] - 1);
    }
  }
}
