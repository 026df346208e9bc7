/** fill, copy, add, multiply, scale, maskSteps: y may be one of the inputs. */
#define TAILS_BY_CALL
#include "parallel.h"

/** What one number costs: three of them move through memory. */
#define COST 24

typedef struct {
  const float *a, *b;
  float *y;
  float value;
  i32 length, parts;
} elements;

/** Defines a part of an op whose element i is `expression` of a[i], b[i] and value, LANES at a time. */
#define ELEMENTWISE(name, expression)                                     \
  static void name(const void *of, i32 part) {                            \
    const elements *e = of;                                               \
    const vec value = splat(e->value);                                    \
    const i32 last = first_number(part + 1, e->parts, e->length);         \
    i32 i = first_number(part, e->parts, e->length);                      \
    (void)value;                                                          \
    for (; i + LANES <= last; i += LANES) {                               \
      const i32 left = LANES;                                             \
      store(e->y + i, expression);                                        \
    }                                                                     \
    if (i < last) {                                                       \
      const i32 left = last - i;                                          \
      store_part(e->y + i, expression, left);                             \
    }                                                                     \
  }
#define A load_left(e->a + i, left, 0)
#define B load_left(e->b + i, left, 0)
ELEMENTWISE(fill_part, ((void)left, value))
ELEMENTWISE(copy_part, A)
ELEMENTWISE(add_part, A + B)
ELEMENTWISE(multiply_part, A *B)
ELEMENTWISE(scale_part, value *A)

static void over_elements(part_of_job *compute, elements e) {
  e.parts = parts_of_numbers(e.length, COST);
  compute_parts(compute, &e, e.parts);
}

EXPORT(fill) void fill(float *y, double value, i32 length) {
  over_elements(fill_part, (elements){.y = y, .value = (float)value, .length = length});
}

EXPORT(copy) void copy(const float *x, float *y, i32 length) {
  over_elements(copy_part, (elements){.a = x, .y = y, .length = length});
}

EXPORT(add) void add(const float *a, const float *b, float *y, i32 length) {
  over_elements(add_part, (elements){.a = a, .b = b, .y = y, .length = length});
}

EXPORT(multiply) void multiply(const float *a, const float *b, float *y, i32 length) {
  over_elements(multiply_part, (elements){.a = a, .b = b, .y = y, .length = length});
}

EXPORT(scale) void scale(const float *x, double factor, float *y, i32 length) {
  over_elements(scale_part, (elements){.a = x, .y = y, .value = (float)factor, .length = length});
}

typedef struct {
  const float *x;
  const i32 *lengths;
  float *y;
  i32 batch, steps, size, parts;
} mask_job;

static void mask_part(const void *of, i32 part) {
  const mask_job *m = of;
  const i32 last = first_of_part(part + 1, m->parts, m->batch);
  for (i32 n = first_of_part(part, m->parts, m->batch); n < last; n++) {
    const i32 length = smaller_of(m->lengths[n] < 0 ? 0 : m->lengths[n], m->steps);
    const long start = (long)n * m->steps * m->size, kept = start + (long)length * m->size;
    const i32 behind = (m->steps - length) * m->size;
    copy_part(&(elements){.a = m->x + start, .y = m->y + start, .length = length * m->size, .parts = 1}, 0);
    fill_part(&(elements){.y = m->y + kept, .length = behind, .parts = 1}, 0);
  }
}

EXPORT(maskSteps)
void maskSteps(const float *x, const i32 *lengths, float *y, i32 batch, i32 steps, i32 size) {
  mask_job job = {.x = x, .lengths = lengths, .y = y, .batch = batch, .steps = steps, .size = size};
  job.parts = parts_of_threads(batch, (double)COST * batch * steps * size);
  compute_parts(mask_part, &job, job.parts);
}
