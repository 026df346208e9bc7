/** minimumForward, minimumBackward. */
#define TAILS_BY_CALL
#include "parallel.h"

typedef struct {
  const float *a, *b, *dy;
  float *out, *db;
  i32 length, parts;
} minimum_job;

static void forward_part(const void *of, i32 part) {
  const minimum_job *m = of;
  const i32 last = first_number(part + 1, m->parts, m->length);
  for (i32 i = first_number(part, m->parts, m->length); i < last; i += LANES) {
    vec a = load_left(m->a + i, last - i, 0), b = load_left(m->b + i, last - i, 0);
    // NaN is neither smaller nor equal, so a's own is asked for.
    store_left(m->out + i, choose((a <= b) | (a != a), a, b), last - i);
  }
}

static void backward_part(const void *of, i32 part) {
  const minimum_job *m = of;
  const i32 last = first_number(part + 1, m->parts, m->length);
  for (i32 i = first_number(part, m->parts, m->length); i < last; i += LANES) {
    vec a = load_left(m->a + i, last - i, 0), b = load_left(m->b + i, last - i, 0);
    ivec to_a = a <= b, to_b = b < a;
    vec dy = choose(to_a | to_b, load_left(m->dy + i, last - i, 0), splat(__builtin_nanf("")));
    store_left(m->out + i, (vec)((ivec)dy & ~to_b), last - i);
    store_left(m->db + i, (vec)((ivec)dy & ~to_a), last - i);
  }
}

static void over_numbers(part_of_job *compute, minimum_job job, double flops_each) {
  job.parts = parts_of_numbers(job.length, flops_each);
  compute_parts(compute, &job, job.parts);
}

EXPORT(minimumForward) void minimumForward(const float *a, const float *b, float *y, i32 length) {
  over_numbers(forward_part, (minimum_job){.a = a, .b = b, .out = y, .length = length}, 24);
}

EXPORT(minimumBackward)
void minimumBackward(const float *a, const float *b, const float *dy, float *da, float *db,
                     i32 length) {
  minimum_job job = {.a = a, .b = b, .dy = dy, .out = da, .db = db, .length = length};
  over_numbers(backward_part, job, 40);
}
