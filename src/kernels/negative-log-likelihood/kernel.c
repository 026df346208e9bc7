/** negativeLogLikelihoodForward, negativeLogLikelihoodBackward. */
#define TAILS_BY_CALL
#include "logarithm.h"
#include "parallel.h"

/** Probabilities below it count as it. */
#define LEAST 0x1p-100f
/** Factors whose product float64 holds, be each as small as LEAST or as large as a float can be. */
#define FACTORS 7

INLINE double at_least(float p) { return p <= LEAST ? LEAST : p; }

typedef struct {
  const float *probabilities;
  const i32 *targets;
  i32 ignored;
  double smoothing;
  float factor;
  float *losses, *dProbabilities;
  i32 symbols, rows, columns, parts;
} likelihood_job;

/** Σ ln p[j]: a logarithm of products, each of which takes as long as many of their factors. */
static double sum_of_logarithms(const float *p, i32 count) {
  double total = 0;
  for (i32 from = 0; from < count; from += FACTORS) {
    double product = 1;
    for (i32 j = from; j < smaller_of(count, from + FACTORS); j++) product *= at_least(p[j]);
    total += logarithm(product);
  }
  return total;
}

static void forward_part(const void *of, i32 part) {
  const likelihood_job *l = of;
  const i32 last = first_of_part(part + 1, l->parts, l->rows);
  for (i32 i = first_of_part(part, l->parts, l->rows); i < last; i++) {
    const float *p = l->probabilities + (long)i * l->columns;
    l->losses[i] = 0;
    if (l->targets[i] == l->ignored) continue;
    double loss = -(1 - l->smoothing) * logarithm(at_least(p[l->targets[i]]));
    if (l->smoothing > 0) loss -= l->smoothing / l->symbols * sum_of_logarithms(p, l->symbols);
    l->losses[i] = (float)loss;
  }
}

EXPORT(negativeLogLikelihoodForward)
void negativeLogLikelihoodForward(const float *probabilities, const i32 *targets, i32 ignored,
                                  double smoothing, i32 symbols, float *losses, i32 rows,
                                  i32 columns) {
  likelihood_job job = {.probabilities = probabilities, .targets = targets, .ignored = ignored,
                        .smoothing = smoothing, .symbols = symbols, .losses = losses,
                        .rows = rows, .columns = columns};
  job.parts = parts_for(rows, rows * (100.0 + (smoothing > 0 ? 20.0 * symbols : 0)));
  compute_parts(forward_part, &job, job.parts);
}

/** −wanted / p, 0 where p counts as LEAST. */
INLINE vec slopes(vec p, vec wanted) { return choose(p <= splat(LEAST), splat(0), -wanted / p); }

static void backward_part(const void *of, i32 part) {
  const likelihood_job *l = of;
  const i32 columns = l->columns, last = first_of_part(part + 1, l->parts, l->rows);
  const double share = l->smoothing > 0 ? l->smoothing / l->symbols : 0;
  const vec even = splat((float)(l->factor * share));
  for (i32 i = first_of_part(part, l->parts, l->rows); i < last; i++) {
    const i32 target = l->targets[i];
    // Of what is not wanted at all, the gradient is 0 even where p is NaN.
    const i32 smoothed = target != l->ignored && share > 0 ? l->symbols : 0;
    const float *p = l->probabilities + (long)i * columns;
    float *d = l->dProbabilities + (long)i * columns;
    for (i32 j = 0; j < smoothed; j += LANES) {
      store_left(d + j, slopes(load_left(p + j, smoothed - j, 1), even), smoothed - j);
    }
    for (i32 j = smoothed; j < columns; j += LANES) store_left(d + j, splat(0), columns - j);
    if (target != l->ignored && target >= 0 && target < columns) {
      const double wanted = 1 - l->smoothing + (target < l->symbols ? share : 0);
      d[target] = p[target] <= LEAST ? 0 : (float)(-l->factor * wanted / p[target]);
    }
  }
}

EXPORT(negativeLogLikelihoodBackward)
void negativeLogLikelihoodBackward(const float *probabilities, const i32 *targets, i32 ignored,
                                   double smoothing, i32 symbols, double factor,
                                   float *dProbabilities, i32 rows, i32 columns) {
  likelihood_job job = {.probabilities = probabilities, .targets = targets, .ignored = ignored,
                        .smoothing = smoothing, .symbols = symbols, .factor = (float)factor,
                        .dProbabilities = dProbabilities, .rows = rows, .columns = columns};
  job.parts = parts_for(rows, 16.0 * rows * columns);
  compute_parts(backward_part, &job, job.parts);
}
