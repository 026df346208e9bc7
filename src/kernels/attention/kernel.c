/**
 * Dot-product attention, forward and backward. One sequence after the other, so that its keys and
 * values stay in a near cache; within it, whole rows of queries.
 */
#include "product.h"
#include "softmax.h"

typedef struct {
  i32 queries, steps, size;
  i32 length;  // of this sequence: keys from here on do not exist
} extent;

INLINE extent extent_of(const i32 *lengths, i32 n, i32 queries, i32 steps, i32 size) {
  i32 length = lengths ? lengths[n] : steps;
  if (length < 0) length = 0;
  return (extent){queries, steps, size, smaller_of(length, steps)};
}

static void zero(float *x, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(x + i, splat(0));
  for (; i < count; i++) x[i] = 0;
}

/** rows (Tq, Tk) = left (Tq, H) · right (Tk, H)ᵀ up to the length. */
static void scores(extent e, const float *left, const float *right, float *rows) {
  dot_products(left, e.size, e.queries, right, e.size, e.length, e.size, rows, e.steps);
}

/** out (Tq, H) = rows (Tq, Tk) · right (Tk, H) up to the length. */
static void gather(extent e, const float *rows, const float *right, float *out) {
  const product p = {
      .a = rows,
      .a_stride = e.steps,
      .b = right,
      .b_stride = e.size,
      .c = out,
      .c_stride = e.size,
      .rows = e.queries,
      .columns = e.size,
      .inner = e.length,
  };
  compute_product(&p);
}

/** out (Tk, H) (+)= p, a product of transposed rows; without `accumulate`, zeros behind the length. */
static void scatter_product(extent e, product p, float *out, i32 accumulate) {
  p.a_stride = e.steps;
  p.transpose_a = 1;
  p.b_stride = e.size;
  p.c = out;
  p.c_stride = e.size;
  p.rows = e.length;
  p.columns = e.size;
  p.accumulate = accumulate;
  compute_product(&p);
  if (!accumulate) zero(out + (long)e.length * e.size, (long)(e.steps - e.length) * e.size);
}

/** out (Tk, H) (+)= rows (Tq, Tk)ᵀ · left (Tq, H). */
static void scatter(extent e, const float *rows, const float *left, float *out, i32 accumulate) {
  scatter_product(e, (product){.a = rows, .b = left, .inner = e.queries}, out, accumulate);
}

/** out (Tk, H) (+)= rows (Tq, Tk)ᵀ · left (Tq, H) + more_rowsᵀ · more_left, in one pass over out. */
static void scatter_both(extent e, const float *rows, const float *left, const float *more_rows,
                         const float *more_left, float *out, i32 accumulate) {
  const product p = {
      .a = rows,
      .b = left,
      .more_a = more_rows,
      .more_b = more_left,
      .split = e.queries,
      .inner = 2 * e.queries,
  };
  scatter_product(e, p, out, accumulate);
}

static void softmax_rows(extent e, float *weights) {
  for (i32 q = 0; q < e.queries; q++) {
    float *row = weights + (long)q * e.steps;
    softmax_row(row, row, e.length);
    zero(row + e.length, e.steps - e.length);
  }
}

static void softmax_rows_backward(extent e, const float *weights, const float *dWeights,
                                  float *dScores) {
  for (i32 q = 0; q < e.queries; q++) {
    long row = (long)q * e.steps;
    softmax_row_backward(weights + row, dWeights + row, dScores + row, e.length);
    zero(dScores + row + e.length, e.steps - e.length);
  }
}

EXPORT(attentionWeightForward)
void attentionWeightForward(const float *query, const float *keys, const i32 *lengths,
                            float *weights, i32 batch, i32 queries, i32 steps, i32 size) {
  for (i32 n = 0; n < batch; n++) {
    extent e = extent_of(lengths, n, queries, steps, size);
    float *rows = weights + (long)n * queries * steps;
    scores(e, query + (long)n * queries * size, keys + (long)n * steps * size, rows);
    softmax_rows(e, rows);
  }
}

EXPORT(attentionWeightBackward)
void attentionWeightBackward(const float *query, const float *keys, const i32 *lengths,
                             const float *weights, const float *dWeights, float *dScores,
                             float *dQuery, float *dKeys, i32 batch, i32 queries, i32 steps,
                             i32 size, i32 accumulate) {
  for (i32 n = 0; n < batch; n++) {
    extent e = extent_of(lengths, n, queries, steps, size);
    long row = (long)n * queries * steps, q = (long)n * queries * size, t = (long)n * steps * size;
    softmax_rows_backward(e, weights + row, dWeights + row, dScores + row);
    gather(e, dScores + row, keys + t, dQuery + q);
    scatter(e, dScores + row, query + q, dKeys + t, accumulate);
  }
}

EXPORT(weightSumForward)
void weightSumForward(const float *values, const float *weights, const i32 *lengths, float *context,
                      i32 batch, i32 queries, i32 steps, i32 size) {
  for (i32 n = 0; n < batch; n++) {
    extent e = extent_of(lengths, n, queries, steps, size);
    gather(e, weights + (long)n * queries * steps, values + (long)n * steps * size,
           context + (long)n * queries * size);
  }
}

EXPORT(weightSumBackward)
void weightSumBackward(const float *values, const float *weights, const i32 *lengths,
                       const float *dContext, float *dWeights, float *dValues, i32 batch,
                       i32 queries, i32 steps, i32 size, i32 accumulate) {
  for (i32 n = 0; n < batch; n++) {
    extent e = extent_of(lengths, n, queries, steps, size);
    long row = (long)n * queries * steps, q = (long)n * queries * size, t = (long)n * steps * size;
    scores(e, dContext + q, values + t, dWeights + row);
    for (i32 i = 0; i < queries; i++) {
      zero(dWeights + row + (long)i * steps + e.length, steps - e.length);
    }
    scatter(e, weights + row, dContext + q, dValues + t, accumulate);
  }
}

EXPORT(attentionForward)
void attentionForward(const float *query, const float *keys, const float *values,
                      const i32 *lengths, float *weights, float *context, i32 batch, i32 queries,
                      i32 steps, i32 size) {
  for (i32 n = 0; n < batch; n++) {
    extent e = extent_of(lengths, n, queries, steps, size);
    long row = (long)n * queries * steps, q = (long)n * queries * size, t = (long)n * steps * size;
    scores(e, query + q, keys + t, weights + row);
    softmax_rows(e, weights + row);
    gather(e, weights + row, values + t, context + q);
  }
}

EXPORT(attentionBackward)
void attentionBackward(const float *query, const float *keys, const float *values,
                       const i32 *lengths, const float *weights, const float *dContext,
                       float *dScores, float *dQuery, float *dKeys, float *dValues, i32 batch,
                       i32 queries, i32 steps, i32 size, i32 accumulate) {
  for (i32 n = 0; n < batch; n++) {
    extent e = extent_of(lengths, n, queries, steps, size);
    long row = (long)n * queries * steps, q = (long)n * queries * size, t = (long)n * steps * size;
    scores(e, dContext + q, values + t, dScores + row);
    softmax_rows_backward(e, weights + row, dScores + row, dScores + row);
    if (dKeys == dValues) {
      scatter_both(e, weights + row, dContext + q, dScores + row, query + q, dKeys + t, accumulate);
    } else {
      scatter(e, weights + row, dContext + q, dValues + t, accumulate);
      scatter(e, dScores + row, query + q, dKeys + t, accumulate);
    }
    gather(e, dScores + row, keys + t, dQuery + q);
  }
}
