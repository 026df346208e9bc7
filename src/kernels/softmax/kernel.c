/** softmaxForward, softmaxBackward, and their rows for other kernels. */
#include "softmax.h"

#include "parallel.h"
#include "vector-math.h"

float softmax_row(const float *x, float *y, i32 columns, float *sum) {
  const float minus_infinity = -__builtin_inff();
  const i32 whole = columns - columns % LANES, rest = columns - whole;
  vec most = splat(minus_infinity);
  for (i32 j = 0; j < whole; j += LANES) most = larger(load(x + j), most);
  if (rest) most = larger(load_part(x + whole, rest, minus_infinity), most);
  float max = largest_lane(most);
  // All masked: every exponential is 0, and a NaN among them stays one.
  vec shift = splat(shift_of(max));
  const float *k = constants(EXP);
  vec totals = splat(0);
  i32 j = 0;
  // Two at a time, which share the loads of the constants.
  for (; j + 2 * LANES <= whole; j += 2 * LANES) {
    vec e = exp_of_negative(load(x + j) - shift, k);
    vec next = exp_of_negative(load(x + j + LANES) - shift, k);
    totals = totals + e + next;
    store(y + j, e);
    store(y + j + LANES, next);
  }
  if (j < whole) {
    vec e = exp_of_negative(load(x + j) - shift, k);
    totals += e;
    store(y + j, e);
  }
  if (rest) {
    vec e = exp_of_negative(load_part(x + whole, rest, minus_infinity) - shift, k);
    totals += e;
    store_part(y + whole, e, rest);
  }
  float total = sum_lanes(totals);
  if (sum) *sum = total;
  float factor = total == 0 ? 1 : 1 / total;
  for (j = 0; j < whole; j += LANES) store(y + j, load(y + j) * splat(factor));
  for (j = whole; j < columns; j++) y[j] *= factor;
  return max;
}

void softmax_row_backward(const float *y, const float *dy, float *dx, i32 columns) {
  const i32 whole = columns - columns % LANES, rest = columns - whole;
  vec totals = splat(0);
  for (i32 j = 0; j < whole; j += LANES) totals = multiply_add(load(y + j), load(dy + j), totals);
  if (rest) {
    totals =
        multiply_add(load_part(y + whole, rest, 0), load_part(dy + whole, rest, 0), totals);
  }
  float dot = sum_lanes(totals);
  for (i32 j = 0; j < whole; j += LANES) store(dx + j, load(y + j) * (load(dy + j) - splat(dot)));
  for (i32 j = whole; j < columns; j++) dx[j] = y[j] * (dy[j] - dot);
}

typedef struct {
  const float *x, *y;
  float *out;
  i32 rows, columns, parts;
} softmax_job;

static void forward_part(const void *of, i32 part) {
  const softmax_job *s = of;
  const i32 last = first_of_part(part + 1, s->parts, s->rows);
  for (i32 i = first_of_part(part, s->parts, s->rows); i < last; i++) {
    long start = (long)i * s->columns;
    softmax_row(s->x + start, s->out + start, s->columns, 0);
  }
}

static void backward_part(const void *of, i32 part) {
  const softmax_job *s = of;
  const i32 last = first_of_part(part + 1, s->parts, s->rows);
  for (i32 i = first_of_part(part, s->parts, s->rows); i < last; i++) {
    long start = (long)i * s->columns;
    softmax_row_backward(s->y + start, s->x + start, s->out + start, s->columns);
  }
}

static void over_rows(part_of_job *compute, softmax_job job, double flops_each) {
  job.parts = parts_for(job.rows, flops_each * job.rows * job.columns);
  compute_parts(compute, &job, job.parts);
}

EXPORT(softmaxForward) void softmaxForward(const float *x, float *y, i32 rows, i32 columns) {
  over_rows(forward_part, (softmax_job){.x = x, .out = y, .rows = rows, .columns = columns}, 48);
}

EXPORT(softmaxBackward)
void softmaxBackward(const float *y, const float *dy, float *dx, i32 rows, i32 columns) {
  over_rows(backward_part,
            (softmax_job){.x = dy, .y = y, .out = dx, .rows = rows, .columns = columns}, 32);
}
