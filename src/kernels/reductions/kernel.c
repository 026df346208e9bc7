/** sum, sumRows, norm, clipToNorm, argmax. Sums run in float64, in an order that only sizes decide. */
#include "parallel.h"
#include "wide.h"

/** The sum of the lanes of four vectors: the vectors first, then from the first lane on. */
INLINE double sum_of_doubles(const dvec *x) { return sum_of_halves((x[0] + x[1]) + (x[2] + x[3])); }

EXPORT(sum) void sum(const float *x, float *y, i32 length) {
  dvec totals[4] = {{0}, {0}, {0}, {0}};
  i32 i = 0;
  for (; i + 4 * HALF <= length; i += 4 * HALF) {
#pragma GCC unroll 4
    for (i32 v = 0; v < 4; v++) totals[v] += load_wide(x + i + v * HALF);
  }
  double total = sum_of_doubles(totals);
  for (; i < length; i++) total += x[i];
  y[0] = (float)total;
}

EXPORT(norm) void norm(const float *x, float *total, i32 length, i32 accumulate) {
  dvec totals[4] = {{0}, {0}, {0}, {0}};
  i32 i = 0;
  for (; i + 4 * HALF <= length; i += 4 * HALF) {
#pragma GCC unroll 4
    for (i32 v = 0; v < 4; v++) {
      dvec a = load_wide(x + i + v * HALF);
      totals[v] += a * a;
    }
  }
  double squares = accumulate ? (double)total[0] * (double)total[0] : 0;
  squares += sum_of_doubles(totals);
  for (; i < length; i++) squares += (double)x[i] * (double)x[i];
  total[0] = (float)__builtin_sqrt(squares);
}

/** Columns whose sums are held at once: rows are read in runs of this many numbers. */
#define COLUMN_BLOCK 256

typedef struct {
  const float *x;
  float *y;
  i32 rows, columns, accumulate, parts;
} columns_job;

/** `width` columns from x on, their sums in float64 in `totals`. */
static void add_rows(const float *x, i32 rows, i32 columns, i32 width, double *totals) {
  const i32 whole = width - width % HALF;
  i32 i = 0;
  for (; i + 4 <= rows; i += 4, x += 4L * columns) {
    const float *x1 = x + columns, *x2 = x1 + columns, *x3 = x2 + columns;
    for (i32 j = 0; j < whole; j += HALF) {
      dvec total = *(dvec_at *)(totals + j) + load_wide(x + j);
      total = total + load_wide(x1 + j) + load_wide(x2 + j);
      *(dvec_at *)(totals + j) = total + load_wide(x3 + j);
    }
    for (i32 j = whole; j < width; j++) totals[j] = totals[j] + x[j] + x1[j] + x2[j] + x3[j];
  }
  for (; i < rows; i++, x += columns) {
    for (i32 j = 0; j < width; j++) totals[j] += x[j];
  }
}

static void columns_part(const void *of, i32 part) {
  const columns_job *s = of;
  const i32 units = (s->columns + LANES - 1) / LANES;
  const i32 last = smaller_of(LANES * first_of_part(part + 1, s->parts, units), s->columns);
  for (i32 j = LANES * first_of_part(part, s->parts, units); j < last; j += COLUMN_BLOCK) {
    double totals[COLUMN_BLOCK];
    i32 width = smaller_of(last - j, COLUMN_BLOCK);
    for (i32 l = 0; l < width; l++) totals[l] = s->accumulate ? s->y[j + l] : 0;
    add_rows(s->x + j, s->rows, s->columns, width, totals);
    for (i32 l = 0; l < width; l++) s->y[j + l] = (float)totals[l];
  }
}

EXPORT(sumRows) void sumRows(const float *x, float *y, i32 rows, i32 columns, i32 accumulate) {
  columns_job job = {.x = x, .y = y, .rows = rows, .columns = columns, .accumulate = accumulate};
  job.parts = parts_of_threads((columns + LANES - 1) / LANES, 16.0 * rows * columns);
  compute_parts(columns_part, &job, job.parts);
}

typedef struct {
  float *x;
  float factor;
  i32 length, parts;
} clip_job;

static void clip_part(const void *of, i32 part) {
  const clip_job *c = of;
  const vec factor = splat(c->factor);
  const i32 last = first_number(part + 1, c->parts, c->length);
  for (i32 i = first_number(part, c->parts, c->length); i < last; i += LANES) {
    store_left(c->x + i, factor * load_left(c->x + i, last - i, 0), last - i);
  }
}

EXPORT(clipToNorm) void clipToNorm(float *x, const float *total, double limit, i32 length) {
  double size = total[0];
  if (!(size > limit)) return;
  clip_job job = {.x = x, .factor = (float)(limit / size), .length = length};
  job.parts = parts_of_numbers(length, 16);
  compute_parts(clip_part, &job, job.parts);
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
