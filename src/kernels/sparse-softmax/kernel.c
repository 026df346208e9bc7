/** sparsemaxForward, sparsemaxBackward, entmaxForward, entmaxBackward, and their rows for other kernels. */
#include "sparse-softmax.h"

#include "parallel.h"
#include "softmax.h"
#include "vector-math.h"

/**
 * With d = max(z − τ, 0), where z is x less its maximum, and half of that for entmax: a number's share of
 * the row is d for sparsemax and d² for entmax, so d times this. NaN where d is NaN.
 */
INLINE vec slope_of(vec d, ivec squared) {
  return choose(squared | ~(ivec)(d > splat(0)), d, splat(1));
}

/** max(d, 0), and NaN where d is NaN. */
INLINE vec above_zero(vec d) { return (vec)((ivec)d & ~(ivec)(d < splat(0))); }

/**
 * No sorting: τ is found by Newton's method, from where the largest number alone has a share of 1. What
 * is solved is Σ d = 1, or √Σ d² = 1: both sides are convex and fall with τ, so that every step ends
 * left of the solution, and the product of value and slope falls to a quarter at the least.
 */
static float sparse_row(const float *x, float *y, i32 columns, i32 is_squared) {
  const float minus_infinity = -__builtin_inff();
  vec most = splat(minus_infinity);
  for (i32 j = 0; j < columns; j += LANES) {
    most = larger(load_left(x + j, columns - j, minus_infinity), most);
  }
  const float max = largest_lane(most);
  const vec shift = splat(shift_of(max)), factor = splat(is_squared ? 0.5f : 1);
  const ivec squared = (ivec){} - is_squared;
  float tau, next = -1;
  do {
    tau = next;
    vec totals = splat(0), slopes = splat(0);
    for (i32 j = 0; j < columns; j += LANES) {
      vec z = (load_left(x + j, columns - j, minus_infinity) - shift) * factor;
      vec d = above_zero(z - splat(tau)), slope = slope_of(d, squared);
      totals = multiply_add(d, slope, totals);
      slopes += slope;
    }
    float total = sum_lanes(totals), step = total - 1;
    if (is_squared) {
      float norm = __builtin_sqrtf(total);
      step = norm * (norm - 1);
    }
    // A total of 0: all are −∞, and stay below any threshold. One of NaN ends the loop, and makes NaN of all.
    if (total != 0) next = tau + step / sum_lanes(slopes);
  } while (next > tau);
  for (i32 j = 0; j < columns; j += LANES) {
    vec z = (load_left(x + j, columns - j, minus_infinity) - shift) * factor;
    vec d = above_zero(z - splat(next));
    store_left(y + j, d * slope_of(d, squared), columns - j);
  }
  return max;
}

float sparsemax_row(const float *x, float *y, i32 columns) { return sparse_row(x, y, columns, 0); }

float entmax_row(const float *x, float *y, i32 columns) { return sparse_row(x, y, columns, 1); }

INLINE vec slope_of_share(vec share, ivec squared) {
  return slope_of(choose(squared, square_root(share), share), squared);
}

/** dy counts where the slope is not 0 alone: NaN in the rest reaches nothing. */
INLINE vec counted(vec dy, vec slope) { return choose(slope == splat(0), splat(0), dy); }

static void sparse_row_backward(const float *y, const float *dy, float *dx, i32 columns,
                                i32 is_squared) {
  const ivec squared = (ivec){} - is_squared;
  vec totals = splat(0), slopes = splat(0);
  for (i32 j = 0; j < columns; j += LANES) {
    vec shares = load_left(y + j, columns - j, 0);
    vec slope = slope_of_share(shares, squared);
    totals = multiply_add(counted(load_left(dy + j, columns - j, 0), slope), slope, totals);
    slopes += slope;
  }
  const vec mean = splat(sum_lanes(totals) / sum_lanes(slopes));
  for (i32 j = 0; j < columns; j += LANES) {
    vec shares = load_left(y + j, columns - j, 0);
    vec slope = slope_of_share(shares, squared);
    vec d = (load_left(dy + j, columns - j, 0) - mean) * slope;
    store_left(dx + j, counted(d, slope), columns - j);
  }
}

void sparsemax_row_backward(const float *y, const float *dy, float *dx, i32 columns) {
  sparse_row_backward(y, dy, dx, columns, 0);
}

void entmax_row_backward(const float *y, const float *dy, float *dx, i32 columns) {
  sparse_row_backward(y, dy, dx, columns, 1);
}

typedef struct {
  const float *x, *y;
  float *out;
  i32 rows, columns, is_squared, parts;
} sparse_job;

static void forward_part(const void *of, i32 part) {
  const sparse_job *s = of;
  const i32 last = first_of_part(part + 1, s->parts, s->rows);
  for (i32 i = first_of_part(part, s->parts, s->rows); i < last; i++) {
    long start = (long)i * s->columns;
    sparse_row(s->x + start, s->out + start, s->columns, s->is_squared);
  }
}

static void backward_part(const void *of, i32 part) {
  const sparse_job *s = of;
  const i32 last = first_of_part(part + 1, s->parts, s->rows);
  for (i32 i = first_of_part(part, s->parts, s->rows); i < last; i++) {
    long start = (long)i * s->columns;
    sparse_row_backward(s->y + start, s->x + start, s->out + start, s->columns, s->is_squared);
  }
}

/** A number costs about as many flops as 6 steps of Newton's method, or a pass and another. */
static void over_rows(part_of_job *compute, sparse_job job, double flops_each) {
  job.parts = parts_for(job.rows, flops_each * job.rows * job.columns);
  compute_parts(compute, &job, job.parts);
}

EXPORT(sparsemaxForward) void sparsemaxForward(const float *x, float *y, i32 rows, i32 columns) {
  over_rows(forward_part, (sparse_job){.x = x, .out = y, .rows = rows, .columns = columns}, 80);
}

EXPORT(sparsemaxBackward)
void sparsemaxBackward(const float *y, const float *dy, float *dx, i32 rows, i32 columns) {
  sparse_job job = {.x = dy, .y = y, .out = dx, .rows = rows, .columns = columns};
  over_rows(backward_part, job, 32);
}

EXPORT(entmaxForward) void entmaxForward(const float *x, float *y, i32 rows, i32 columns) {
  sparse_job job = {.x = x, .out = y, .rows = rows, .columns = columns, .is_squared = 1};
  over_rows(forward_part, job, 80);
}

EXPORT(entmaxBackward)
void entmaxBackward(const float *y, const float *dy, float *dx, i32 rows, i32 columns) {
  sparse_job job = {.x = dy, .y = y, .out = dx, .rows = rows, .columns = columns, .is_squared = 1};
  over_rows(backward_part, job, 32);
}
