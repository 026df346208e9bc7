/** softmaxCrossEntropyForward, softmaxCrossEntropyBackward. */
#define TAILS_BY_CALL
#include "logarithm.h"
#include "parallel.h"
#include "softmax.h"
#include "vector-math.h"

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

/** The mean of x[j] − max, in float64. */
static double mean_distance(const float *x, i32 columns, float max) {
  double total = 0;
  for (i32 j = 0; j < columns; j++) total += (double)x[j] - (double)max;
  return total / columns;
}

typedef struct {
  const float *logits;
  const i32 *targets;
  i32 ignored;
  double smoothing;
  float *probabilities, *losses, *dLogits;
  float factor;
  i32 rows, columns, parts;
} loss_job;

static void forward_part(const void *of, i32 part) {
  const loss_job *l = of;
  const i32 last = first_of_part(part + 1, l->parts, l->rows);
  for (i32 i = first_of_part(part, l->parts, l->rows); i < last; i++) {
    const float *row = l->logits + (long)i * l->columns;
    float max = softmax_row(row, l->probabilities + (long)i * l->columns, l->columns, 0);
    if (l->targets[i] == l->ignored) {
      l->losses[i] = 0;
      continue;
    }
    double total = sum_of_exponentials(row, l->columns, max);
    const double share = l->smoothing;
    double loss = logarithm(total) - (1 - share) * ((double)row[l->targets[i]] - (double)max);
    if (share > 0) loss -= share * mean_distance(row, l->columns, max);
    l->losses[i] = (float)loss;
  }
}

EXPORT(softmaxCrossEntropyForward)
void softmaxCrossEntropyForward(const float *logits, const i32 *targets, i32 ignored,
                                double smoothing, float *probabilities, float *losses, i32 rows,
                                i32 columns) {
  loss_job job = {.logits = logits, .targets = targets, .ignored = ignored, .smoothing = smoothing,
                  .probabilities = probabilities, .losses = losses, .rows = rows,
                  .columns = columns};
  job.parts = parts_for(rows, 96.0 * rows * columns);
  compute_parts(forward_part, &job, job.parts);
}

static void backward_part(const void *of, i32 part) {
  const loss_job *l = of;
  const double share = l->smoothing / l->columns;
  const vec f = splat(l->factor), even = splat((float)share);
  const float hit = (float)(1 - l->smoothing + share);
  const i32 columns = l->columns, last = first_of_part(part + 1, l->parts, l->rows);
  for (i32 i = first_of_part(part, l->parts, l->rows); i < last; i++) {
    const float *from = l->probabilities + (long)i * columns;
    float *to = l->dLogits + (long)i * columns;
    const i32 target = l->targets[i];
    for (i32 j = 0; j < columns; j += LANES) {
      i32 left = columns - j;
      vec d = target == l->ignored ? splat(0) : f * (load_left(from + j, left, 0) - even);
      store_left(to + j, d, left);
    }
    if (target != l->ignored && target >= 0 && target < columns) {
      to[target] = l->factor * (from[target] - hit);
    }
  }
}

EXPORT(softmaxCrossEntropyBackward)
void softmaxCrossEntropyBackward(const float *probabilities, const i32 *targets, i32 ignored,
                                 double smoothing, double factor, float *dLogits, i32 rows,
                                 i32 columns) {
  // The probabilities are only read.
  loss_job job = {.probabilities = (float *)probabilities, .targets = targets, .ignored = ignored,
                  .smoothing = smoothing, .factor = (float)factor, .dLogits = dLogits, .rows = rows, .columns = columns};
  job.parts = parts_for(rows, 32.0 * rows * columns);
  compute_parts(backward_part, &job, job.parts);
}
