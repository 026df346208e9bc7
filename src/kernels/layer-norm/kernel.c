/**
 * layerNormForward, layerNormBackward: y may be x, dx may be dy. Sums run in float64, in an order that
 * only sizes decide: a mean that is large beside the deviation costs no digits.
 */
#define TAILS_BY_CALL
#include "parallel.h"
#include "wide.h"

typedef struct {
  const float *x, *gain, *bias, *dy;
  float *means, *inverses, *out, *dGain, *dBias;
  double epsilon;
  i32 rows, columns, parts;
} norm_job;

/** Σⱼ (x[j] − shift), or of its squares. */
INLINE double sum_of_row(const float *x, double shift, i32 squared, i32 columns) {
  dvec totals = {0}, offset = totals + shift;
  i32 j = 0;
  for (; j + HALF <= columns; j += HALF) {
    dvec d = load_wide(x + j) - offset;
    totals += squared ? d * d : d;
  }
  double total = sum_of_halves(totals);
  for (; j < columns; j++) {
    double d = x[j] - shift;
    total += squared ? d * d : d;
  }
  return total;
}

static void forward_part(const void *of, i32 part) {
  const norm_job *n = of;
  const i32 columns = n->columns, last = first_of_part(part + 1, n->parts, n->rows);
  const double share = 1.0 / (columns ? columns : 1);
  for (i32 i = first_of_part(part, n->parts, n->rows); i < last; i++) {
    const float *x = n->x + (long)i * columns;
    float *y = n->out + (long)i * columns;
    const double mean = sum_of_row(x, 0, 0, columns) * share;
    const double variance = sum_of_row(x, mean, 1, columns) * share;
    const double inverse = 1 / __builtin_sqrt(variance + n->epsilon);
    n->means[i] = (float)mean;
    n->inverses[i] = (float)inverse;
    // What rounding takes off the mean is taken off the differences, which are small beside it.
    const vec whole = splat((float)mean), rest = splat((float)(mean - (float)mean));
    const vec factor = splat((float)inverse);
    for (i32 j = 0; j < columns; j += LANES) {
      const i32 left = columns - j;
      vec normal = ((load_left(x + j, left, 0) - whole) - rest) * factor;
      vec bias = load_left(n->bias + j, left, 0);
      store_left(y + j, multiply_add(normal, load_left(n->gain + j, left, 0), bias), left);
    }
  }
}

EXPORT(layerNormForward)
void layerNormForward(const float *x, const float *gain, const float *bias, float *y, float *means,
                      float *inverses, i32 rows, i32 columns, double epsilon) {
  norm_job job = {.x = x, .gain = gain, .bias = bias, .out = y, .means = means,
                  .inverses = inverses, .epsilon = epsilon, .rows = rows, .columns = columns};
  job.parts = parts_for(rows, 48.0 * rows * columns);
  compute_parts(forward_part, &job, job.parts);
}

/** Columns whose sums are held at once. */
#define COLUMN_BLOCK 128

/** dGain and dBias of some columns: all rows' terms are added up by the part that has the column. */
static void columns_part(const void *of, i32 part) {
  const norm_job *n = of;
  const i32 columns = n->columns, units = (columns + LANES - 1) / LANES;
  const i32 last = smaller_of(LANES * first_of_part(part + 1, n->parts, units), columns);
  for (i32 j = LANES * first_of_part(part, n->parts, units); j < last; j += COLUMN_BLOCK) {
    double gains[COLUMN_BLOCK], biases[COLUMN_BLOCK];
    const i32 width = smaller_of(last - j, COLUMN_BLOCK), whole = width - width % HALF;
    for (i32 l = 0; l < width; l++) {
      gains[l] = n->dGain[j + l];
      biases[l] = n->dBias[j + l];
    }
    for (i32 i = 0; i < n->rows; i++) {
      const long start = (long)i * columns + j;
      const float *x = n->x + start, *dy = n->dy + start;
      const double mean = n->means[i], inverse = n->inverses[i];
      for (i32 l = 0; l < whole; l += HALF) {
        dvec d = load_wide(dy + l);
        *(dvec_at *)(biases + l) += d;
        *(dvec_at *)(gains + l) += d * ((load_wide(x + l) - mean) * inverse);
      }
      for (i32 l = whole; l < width; l++) {
        biases[l] += dy[l];
        gains[l] += dy[l] * ((x[l] - mean) * inverse);
      }
    }
    for (i32 l = 0; l < width; l++) {
      n->dGain[j + l] = (float)gains[l];
      n->dBias[j + l] = (float)biases[l];
    }
  }
}

static void rows_part(const void *of, i32 part) {
  const norm_job *n = of;
  const i32 columns = n->columns, last = first_of_part(part + 1, n->parts, n->rows);
  const i32 whole = columns - columns % HALF;
  for (i32 i = first_of_part(part, n->parts, n->rows); i < last; i++) {
    const float *x = n->x + (long)i * columns, *dy = n->dy + (long)i * columns;
    float *dx = n->out + (long)i * columns;
    const double mean = n->means[i], inverse = n->inverses[i];
    dvec totals = {0}, dots = {0};
    for (i32 j = 0; j < whole; j += HALF) {
      dvec d = load_wide(dy + j) * load_wide(n->gain + j);
      totals += d;
      dots += d * (load_wide(x + j) - mean);
    }
    double total = sum_of_halves(totals), dot = sum_of_halves(dots);
    for (i32 j = whole; j < columns; j++) {
      double d = (double)dy[j] * n->gain[j];
      total += d;
      dot += d * (x[j] - mean);
    }
    // dx = inverse · (dn − total / D − (x − mean) · inverse² · dot / D)
    const vec centre = splat((float)mean), factor = splat((float)inverse);
    const vec level = splat((float)(total / columns));
    const vec slope = splat((float)(inverse * inverse * dot / columns));
    for (i32 j = 0; j < columns; j += LANES) {
      const i32 left = columns - j;
      vec d = load_left(dy + j, left, 0) * load_left(n->gain + j, left, 0) - level;
      store_left(dx + j, factor * (d - (load_left(x + j, left, 0) - centre) * slope), left);
    }
  }
}

EXPORT(layerNormBackward)
void layerNormBackward(const float *x, const float *gain, const float *means, const float *inverses,
                       const float *dy, float *dx, float *dGain, float *dBias, i32 rows,
                       i32 columns) {
  norm_job job = {.x = x, .gain = gain, .dy = dy, .means = (float *)means,
                  .inverses = (float *)inverses, .out = dx, .dGain = dGain, .dBias = dBias,
                  .rows = rows, .columns = columns};
  // Before dx, which may be dy.
  job.parts = parts_of_threads((columns + LANES - 1) / LANES, 32.0 * rows * columns);
  compute_parts(columns_part, &job, job.parts);
  job.parts = parts_for(rows, 48.0 * rows * columns);
  compute_parts(rows_part, &job, job.parts);
}
