/**
 * copyMixtureForward, copyMixtureBackward: row by row. What is copied is σ(−z) rather than 1 − σ(z), which has
 * few digits left where z is large.
 */
#define TAILS_BY_CALL
#include "parallel.h"
#include "vector-math.h"

typedef struct {
  const float *probabilities, *gate, *weights;
  const i32 *ids;
  const float *dy;
  float *y, *dProbabilities, *dGate, *dWeights;
  i32 queries, steps, symbols, width, rows, parts;
} mixture_job;

static void forward_part(const void *of, i32 part) {
  const mixture_job *m = of;
  const float *k = constants(EXP), *t = constants(TANH);
  const i32 steps = m->steps, symbols = m->symbols, width = m->width;
  const i32 last = first_of_part(part + 1, m->parts, m->rows);
  for (i32 r = first_of_part(part, m->parts, m->rows); r < last; r++) {
    const float *p = m->probabilities + (long)r * symbols, *w = m->weights + (long)r * steps;
    const i32 *ids = m->ids + (long)(r / m->queries) * steps;
    const vec z = splat(m->gate[r]);
    const vec written = logistic(z, k, t);
    const float copied = logistic(-z, k, t)[0];
    float *y = m->y + (long)r * width;
    for (i32 j = 0; j < symbols; j += LANES) {
      store_left(y + j, written * load_left(p + j, symbols - j, 0), symbols - j);
    }
    for (i32 j = symbols; j < width; j += LANES) store_left(y + j, splat(0), width - j);
    // A symbol that occurs twice gets both weights, in the order of the source.
    for (i32 e = 0; e < steps; e++) {
      if (ids[e] >= 0) y[ids[e]] += copied * w[e];
    }
  }
}

EXPORT(copyMixtureForward)
void copyMixtureForward(const float *probabilities, const float *gate, const float *weights,
                        const i32 *ids, float *y, i32 batch, i32 queries, i32 steps, i32 symbols,
                        i32 width) {
  mixture_job job = {.probabilities = probabilities, .gate = gate, .weights = weights, .ids = ids,
                     .y = y, .queries = queries, .steps = steps, .symbols = symbols,
                     .width = width, .rows = batch * queries};
  job.parts = parts_for(job.rows, job.rows * (4.0 * width + 8.0 * steps));
  compute_parts(forward_part, &job, job.parts);
}

static void backward_part(const void *of, i32 part) {
  const mixture_job *m = of;
  const float *k = constants(EXP), *t = constants(TANH);
  const i32 steps = m->steps, symbols = m->symbols;
  const i32 last = first_of_part(part + 1, m->parts, m->rows);
  for (i32 r = first_of_part(part, m->parts, m->rows); r < last; r++) {
    const float *p = m->probabilities + (long)r * symbols, *w = m->weights + (long)r * steps;
    const float *dy = m->dy + (long)r * m->width;
    const i32 *ids = m->ids + (long)(r / m->queries) * steps;
    const vec z = splat(m->gate[r]);
    const vec written = logistic(z, k, t);
    const float copied = logistic(-z, k, t)[0];
    float *dp = m->dProbabilities + (long)r * symbols, *dw = m->dWeights + (long)r * steps;
    vec sum = splat(0);
    for (i32 j = 0; j < symbols; j += LANES) {
      vec d = load_left(dy + j, symbols - j, 0);
      store_left(dp + j, written * d, symbols - j);
      sum = multiply_add(load_left(p + j, symbols - j, 0), d, sum);
    }
    double total = sum_lanes(sum);
    for (i32 e = 0; e < steps; e++) {
      dw[e] = 0;
      if (ids[e] < 0) continue;
      dw[e] = copied * dy[ids[e]];
      total -= (double)w[e] * dy[ids[e]];
    }
    m->dGate[r] = written[0] * copied * (float)total;
  }
}

EXPORT(copyMixtureBackward)
void copyMixtureBackward(const float *probabilities, const float *gate, const float *weights,
                         const i32 *ids, const float *dy, float *dProbabilities, float *dGate,
                         float *dWeights, i32 batch, i32 queries, i32 steps, i32 symbols,
                         i32 width) {
  mixture_job job = {.probabilities = probabilities, .gate = gate, .weights = weights, .ids = ids,
                     .dy = dy, .dProbabilities = dProbabilities, .dGate = dGate,
                     .dWeights = dWeights, .queries = queries, .steps = steps, .symbols = symbols,
                     .width = width, .rows = batch * queries};
  job.parts = parts_for(job.rows, job.rows * (6.0 * symbols + 12.0 * steps));
  compute_parts(backward_part, &job, job.parts);
}
