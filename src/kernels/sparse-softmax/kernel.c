/** sparsemaxForward, sparsemaxBackward, entmaxForward, entmaxBackward, and their rows for other kernels. */
#define TAILS_BY_CALL
#include "sparse-softmax.h"

#include "parallel.h"
#include "softmax.h"
#include "vector-math.h"

/** Numbers whose sum is added up before it is added to others, so that the sums of long rows keep their digits. */
#define BLOCK (64 * LANES)

/** What the numbers of a row become z by: x less its largest number, and half of that for entmax. */
typedef struct {
  vec max, factor;
  ivec squared;
} sparse_row;

/** max(z − τ, 0), and NaN where x is NaN. */
INLINE vec excess(vec x, const sparse_row *row, vec tau) {
  vec d = (x - row->max) * row->factor - tau;
  return (vec)((ivec)d & ~(ivec)(d < splat(0)));
}

/**
 * With d as `excess` gives it, a number's share of the row is d for sparsemax and d² for entmax: d times
 * this. NaN where d is NaN.
 */
INLINE vec slope_of(vec d, ivec squared) {
  return choose(squared | ~(ivec)(d > splat(0)), d, splat(1));
}

INLINE void add_shares(vec x, const sparse_row *row, vec tau, vec *total, vec *slopes) {
  vec d = excess(x, row, tau), slope = slope_of(d, row->squared);
  *total = multiply_add(d, slope, *total);
  *slopes += slope;
}

INLINE vec share_of(vec x, const sparse_row *row, vec tau) {
  vec d = excess(x, row, tau);
  return d * slope_of(d, row->squared);
}

/**
 * No sorting: τ is found by Newton's method, from where the largest number alone has a share of 1. What
 * is solved is Σ d = 1, or √Σ d² = 1: both sides are convex and fall with τ, so that every step ends
 * left of the solution, and the product of value and slope falls to a quarter at the least.
 */
static float sparse_forward(const float *x, float *y, i32 columns, i32 is_squared) {
  const float minus_infinity = -__builtin_inff();
  const i32 whole = columns - columns % LANES, rest = columns - whole;
  vec last = splat(minus_infinity), most = last;
  if (rest) last = load_part(x + whole, rest, minus_infinity);
  for (i32 j = 0; j < whole; j += LANES) most = larger(load(x + j), most);
  most = larger(last, most);
  const float max = largest_lane(most);
  const sparse_row row = {splat(shift_of(max)), splat(is_squared ? 0.5f : 1), (ivec){} - is_squared};
  float tau, next = -1;
  do {
    tau = next;
    vec totals = splat(0), slopes = splat(0);
    add_shares(last, &row, splat(tau), &totals, &slopes);
    for (i32 first = 0; first < whole; first += BLOCK) {
      vec block_totals = splat(0), block_slopes = splat(0);
      for (i32 j = first; j < smaller_of(whole, first + BLOCK); j += LANES) {
        add_shares(load(x + j), &row, splat(tau), &block_totals, &block_slopes);
      }
      totals += block_totals;
      slopes += block_slopes;
    }
    float total = sum_lanes(totals), step = total - 1;
    if (is_squared) {
      float norm = __builtin_sqrtf(total);
      step = norm * (norm - 1);
    }
    // A total of 0: all are −∞, and stay below any threshold. One of NaN ends the loop, and makes NaN of all.
    if (total != 0) next = tau + step / sum_lanes(slopes);
  } while (next > tau);
  for (i32 j = 0; j < whole; j += LANES) store(y + j, share_of(load(x + j), &row, splat(next)));
  if (rest) store_part(y + whole, share_of(last, &row, splat(next)), rest);
  return max;
}

float sparsemax_row(const float *x, float *y, i32 columns) { return sparse_forward(x, y, columns, 0); }

float entmax_row(const float *x, float *y, i32 columns) { return sparse_forward(x, y, columns, 1); }

INLINE vec slope_of_share(vec share, ivec squared) {
  return slope_of(choose(squared, square_root(share), share), squared);
}

/** x where the slope is not 0: NaN in the rest reaches nothing. */
INLINE vec counted(vec x, vec slope) { return choose(slope == splat(0), splat(0), x); }

INLINE void add_slopes(vec share, vec dy, ivec squared, vec *total, vec *slopes) {
  vec slope = slope_of_share(share, squared);
  *total = multiply_add(counted(dy, slope), slope, *total);
  *slopes += slope;
}

INLINE vec gradient_of(vec share, vec dy, ivec squared, vec mean) {
  vec slope = slope_of_share(share, squared);
  return counted((dy - mean) * slope, slope);
}

static void sparse_backward(const float *y, const float *dy, float *dx, i32 columns, i32 is_squared) {
  const ivec squared = (ivec){} - is_squared;
  const i32 whole = columns - columns % LANES, rest = columns - whole;
  vec totals = splat(0), slopes = splat(0), share = splat(0), upstream = splat(0);
  for (i32 j = 0; j < whole; j += LANES) {
    add_slopes(load(y + j), load(dy + j), squared, &totals, &slopes);
  }
  if (rest) {
    share = load_part(y + whole, rest, 0);
    upstream = load_part(dy + whole, rest, 0);
    add_slopes(share, upstream, squared, &totals, &slopes);
  }
  const vec mean = splat(sum_lanes(totals) / sum_lanes(slopes));
  for (i32 j = 0; j < whole; j += LANES) {
    store(dx + j, gradient_of(load(y + j), load(dy + j), squared, mean));
  }
  if (rest) store_part(dx + whole, gradient_of(share, upstream, squared, mean), rest);
}

void sparsemax_row_backward(const float *y, const float *dy, float *dx, i32 columns) {
  sparse_backward(y, dy, dx, columns, 0);
}

void entmax_row_backward(const float *y, const float *dy, float *dx, i32 columns) {
  sparse_backward(y, dy, dx, columns, 1);
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
    sparse_forward(s->x + start, s->out + start, s->columns, s->is_squared);
  }
}

static void backward_part(const void *of, i32 part) {
  const sparse_job *s = of;
  const i32 last = first_of_part(part + 1, s->parts, s->rows);
  for (i32 i = first_of_part(part, s->parts, s->rows); i < last; i++) {
    long start = (long)i * s->columns;
    sparse_backward(s->y + start, s->x + start, s->out + start, s->columns, s->is_squared);
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
