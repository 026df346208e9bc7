/** adamStep. */
#define TAILS_BY_CALL
#include "parallel.h"
#include "vector-math.h"

typedef struct {
  float *x;
  const float *gradient;
  float *m, *v;
  float keep1, take1, keep2, take2, step, spread, floor;
  i32 length, parts;
} adam_job;

INLINE void adam_numbers(const adam_job *a, i32 i, i32 left) {
  vec g = load_left(a->gradient + i, left, 0);
  vec m = multiply_add(splat(a->take1), g, splat(a->keep1) * load_left(a->m + i, left, 0));
  vec v = multiply_add(splat(a->take2) * g, g, splat(a->keep2) * load_left(a->v + i, left, 0));
  vec size = square_root(v * splat(a->spread)) + splat(a->floor);
  store_left(a->x + i, load_left(a->x + i, left, 0) - splat(a->step) * m / size, left);
  store_left(a->m + i, m, left);
  store_left(a->v + i, v, left);
}

static void adam_part(const void *of, i32 part) {
  const adam_job a = *(const adam_job *)of;
  const i32 last = first_number(part + 1, a.parts, a.length);
  i32 i = first_number(part, a.parts, a.length);
  for (; i + LANES <= last; i += LANES) adam_numbers(&a, i, LANES);
  if (i < last) adam_numbers(&a, i, last - i);
}

/** Of a number that may be absent: ∞ − ∞ and NaN − NaN are NaN. */
static i32 is_finite(const float *x) { return !x || *x - *x == 0; }

EXPORT(adamStep)
void adamStep(float *x, const float *gradient, float *m, float *v, const float *loss,
              const float *norm, double rate, double beta1, double beta2, double epsilon,
              double correction1, double correction2, i32 length) {
  if (!is_finite(loss) || !is_finite(norm)) return;
  adam_job job = {
      .x = x,
      .gradient = gradient,
      .m = m,
      .v = v,
      .keep1 = (float)beta1,
      .take1 = (float)(1 - beta1),
      .keep2 = (float)beta2,
      .take2 = (float)(1 - beta2),
      .step = (float)(rate / correction1),
      .spread = (float)(1 / correction2),
      .floor = (float)epsilon,
      .length = length,
  };
  job.parts = parts_of_numbers(length, 64);
  compute_parts(adam_part, &job, job.parts);
}
