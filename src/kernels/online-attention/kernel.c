/**
 * Attention whose weights are never held (Dao et al. 2022): scores of one query and a block of keys at
 * a time, on the stack. One query after the other.
 */
#include "product.h"
#include "vector-math.h"

/** Keys whose scores are held at a time. */
#define BLOCK 256

INLINE i32 length_of(const i32 *lengths, i32 n, i32 steps) {
  i32 length = lengths ? lengths[n] : steps;
  return smaller_of(length < 0 ? 0 : length, steps);
}

static void zero(float *x, long count) {
  for (long i = 0; i < count; i++) x[i] = 0;
}

/** scores[k] = query · keys[k, :] */
static void score_block(const float *query, const float *keys, i32 count, i32 size, float *scores) {
  dot_products(query, size, 1, keys, size, count, size, scores, BLOCK);
}

/** The largest of `max` and the scores; NaN is passed over. */
static float largest_of(const float *scores, i32 count, float max) {
  for (i32 k = 0; k < count; k++) max = scores[k] > max ? scores[k] : max;
  return max;
}

/** What is taken off the scores: their maximum, or 0 where all are −∞, whose exponentials so are 0. */
static float shift_of(float max) { return max == -__builtin_inff() ? 0 : max; }

static float exponential(float x) { return exp_of_negative(splat(x), constants(EXP))[0]; }

/** scores[k] = factor · exp(scores[k] − shift); returns the sum, added lane by lane, then the lanes. */
static float exponentials(float *scores, i32 count, float shift, float factor) {
  const float *constant = constants(EXP);
  vec sum = splat(0);
  for (i32 k = 0; k < count; k += LANES) {
    vec x = load_left(scores + k, count - k, -__builtin_inff());
    vec weight = exp_of_negative(x - splat(shift), constant) * splat(factor);
    store_left(scores + k, weight, count - k);
    sum += weight;
  }
  return sum_lanes(sum);
}

/** out (D) += weights (count) · rows (count, D) */
static void add_weighted(const float *weights, const float *rows, i32 count, i32 size, float *out) {
  const product p = {
      .a = weights,
      .a_stride = BLOCK,
      .b = rows,
      .b_stride = size,
      .c = out,
      .c_stride = size,
      .rows = 1,
      .columns = size,
      .inner = count,
      .accumulate = 1,
  };
  compute_product(&p);
}

EXPORT(onlineAttentionForward)
void onlineAttentionForward(const float *query, const float *keys, const float *values,
                            const i32 *lengths, float *context, float *maxima, float *sums,
                            i32 batch, i32 queries, i32 steps, i32 size) {
  zero(context, (long)batch * queries * size);
  for (i32 row = 0; row < batch * queries; row++) {
    i32 n = row / queries, length = length_of(lengths, n, steps);
    float *total = context + (long)row * size;
    float max = -__builtin_inff(), sum = 0, weights[BLOCK];
    for (i32 first = 0; first < length; first += BLOCK) {
      i32 count = smaller_of(length - first, BLOCK);
      long key = ((long)n * steps + first) * size;
      score_block(query + (long)row * size, keys + key, count, size, weights);
      float larger_max = largest_of(weights, count, max);
      float rescale = exponential(max - shift_of(larger_max));
      for (i32 d = 0; d < size; d++) total[d] *= rescale;
      sum = sum * rescale + exponentials(weights, count, shift_of(larger_max), 1);
      add_weighted(weights, values + key, count, size, total);
      max = larger_max;
    }
    maxima[row] = max;
    sums[row] = sum;
    float divisor = sum == 0 ? 1 : sum;
    for (i32 d = 0; d < size; d++) total[d] /= divisor;
  }
}

EXPORT(onlineAttentionBackward)
void onlineAttentionBackward(const float *query, const float *keys, const float *values,
                             const i32 *lengths, const float *context, const float *maxima,
                             const float *sums, const float *dContext, float *dQuery, float *dKeys,
                             float *dValues, i32 batch, i32 queries, i32 steps, i32 size,
                             i32 accumulate) {
  if (!accumulate) {
    zero(dKeys, (long)batch * steps * size);
    zero(dValues, (long)batch * steps * size);
  }
  zero(dQuery, (long)batch * queries * size);
  for (i32 row = 0; row < batch * queries; row++) {
    i32 n = row / queries, length = length_of(lengths, n, steps);
    long q = (long)row * size;
    float dot, weights[BLOCK], dScores[BLOCK];
    score_block(dContext + q, context + q, 1, size, &dot);
    for (i32 first = 0; first < length; first += BLOCK) {
      i32 count = smaller_of(length - first, BLOCK);
      long key = ((long)n * steps + first) * size;
      score_block(query + q, keys + key, count, size, weights);
      exponentials(weights, count, shift_of(maxima[row]), 1 / (sums[row] == 0 ? 1 : sums[row]));
      score_block(dContext + q, values + key, count, size, dScores);
      for (i32 k = 0; k < count; k++) dScores[k] = weights[k] * (dScores[k] - dot);
      add_weighted(dScores, keys + key, count, size, dQuery + q);
      for (i32 k = 0; k < count; k++) {
        for (i32 d = 0; d < size; d++, key++) {
          dKeys[key] += dScores[k] * query[q + d];
          dValues[key] += weights[k] * dContext[q + d];
        }
      }
    }
  }
}
