/** gaussianForward, gaussianBackward. */
#define TAILS_BY_CALL
#include "parallel.h"
#include "vector-math.h"

typedef struct {
  const float *centres, *y, *dy;
  float *out;
  float factor;
  i32 rows, steps, parts;
} gaussian_job;

/** t + 0, 1, 2, … less the centre. */
INLINE vec distances(i32 t, float centre) {
  vec numbers;
  for (i32 i = 0; i < LANES; i++) numbers[i] = (float)i;
  return numbers + splat((float)t) - splat(centre);
}

static void forward_part(const void *of, i32 part) {
  const gaussian_job *g = of;
  const float *k = constants(EXP);
  const i32 last = first_of_part(part + 1, g->parts, g->rows);
  for (i32 i = first_of_part(part, g->parts, g->rows); i < last; i++) {
    float *row = g->out + (long)i * g->steps;
    for (i32 t = 0; t < g->steps; t += LANES) {
      vec distance = distances(t, g->centres[i]) * splat(g->factor);
      store_left(row + t, exp_of_negative(-distance * distance, k), g->steps - t);
    }
  }
}

static void backward_part(const void *of, i32 part) {
  const gaussian_job *g = of;
  const i32 last = first_of_part(part + 1, g->parts, g->rows);
  for (i32 i = first_of_part(part, g->parts, g->rows); i < last; i++) {
    const long start = (long)i * g->steps;
    vec total = splat(0);
    for (i32 t = 0; t < g->steps; t += LANES) {
      const i32 left = g->steps - t;
      vec pull = load_left(g->dy + start + t, left, 0) * load_left(g->y + start + t, left, 0);
      total = multiply_add(pull, distances(t, g->centres[i]), total);
    }
    g->out[i] = sum_lanes(total) * g->factor;
  }
}

static void over_rows(part_of_job *compute, gaussian_job job, double flops_each) {
  job.parts = parts_for(job.rows, flops_each * job.rows * job.steps);
  compute_parts(compute, &job, job.parts);
}

EXPORT(gaussianForward)
void gaussianForward(const float *centres, float *y, i32 rows, i32 steps, double deviation) {
  gaussian_job job = {.centres = centres, .out = y, .rows = rows, .steps = steps};
  // √½ / deviation, so that its square is what the exponent needs.
  job.factor = (float)(0.70710678118654752 / deviation);
  over_rows(forward_part, job, 48);
}

EXPORT(gaussianBackward)
void gaussianBackward(const float *centres, const float *y, const float *dy, float *dCentres,
                      i32 rows, i32 steps, double deviation) {
  gaussian_job job = {.centres = centres, .y = y, .dy = dy, .out = dCentres, .rows = rows};
  job.steps = steps;
  job.factor = (float)(1 / (deviation * deviation));
  over_rows(backward_part, job, 24);
}
