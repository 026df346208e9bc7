/** rotate: y may be x. */
#define TAILS_BY_CALL
#include "parallel.h"

typedef struct {
  const float *x, *cosines, *sines;
  const i32 *positions;
  float *y;
  i32 steps, inner, size, pairs, offset, interleaved, vectors, parts;
  float sign;  // of the angle
} rotation;

/** Numbers i and pairs + i turned, LANES of each at a time. */
static void turn_halves(const rotation *r, const float *x, const float *cosines,
                        const float *sines, float *y) {
  const i32 pairs = r->pairs;
  for (i32 i = 0; i < pairs; i += LANES) {
    const i32 left = pairs - i;
    vec a = load_left(x + i, left, 0), b = load_left(x + pairs + i, left, 0);
    vec cosine = load_left(cosines + i, left, 0);
    vec sine = splat(r->sign) * load_left(sines + i, left, 0);
    store_left(y + i, multiply_add(a, cosine, -(b * sine)), left);
    store_left(y + pairs + i, multiply_add(b, cosine, a * sine), left);
  }
}

/** Numbers 2i and 2i + 1 turned, two pairs at a time. */
static void turn_neighbours(const rotation *r, const float *x, const float *cosines,
                            const float *sines, float *y) {
  const float sign = r->sign;
  i32 i = 0;
  for (; i + 2 <= r->pairs; i += 2) {
    const vec4 numbers = *(const vec4_at *)(x + 2 * i);
    const vec4 others = {numbers[1], numbers[0], numbers[3], numbers[2]};
    const vec4 cosine = {cosines[i], cosines[i], cosines[i + 1], cosines[i + 1]};
    const float s = sign * sines[i], t = sign * sines[i + 1];
    *(vec4_at *)(y + 2 * i) = numbers * cosine + others * (vec4){-s, s, -t, t};
  }
  if (i < r->pairs) {
    const float a = x[2 * i], b = x[2 * i + 1], s = sign * sines[i];
    y[2 * i] = a * cosines[i] - b * s;
    y[2 * i + 1] = b * cosines[i] + a * s;
  }
}

static void rotate_part(const void *of, i32 part) {
  const rotation *r = of;
  const i32 rotated = 2 * r->pairs, last = first_of_part(part + 1, r->parts, r->vectors);
  for (i32 v = first_of_part(part, r->parts, r->vectors); v < last; v++) {
    const i32 step = v / r->inner % r->steps;
    const long angles = (long)(r->positions ? r->positions[step] : r->offset + step) * r->pairs;
    const float *x = r->x + (long)v * r->size;
    float *y = r->y + (long)v * r->size;
    (r->interleaved ? turn_neighbours : turn_halves)(r, x, r->cosines + angles, r->sines + angles, y);
    for (i32 d = rotated; d < r->size; d += LANES) {
      store_left(y + d, load_left(x + d, r->size - d, 0), r->size - d);
    }
  }
}

EXPORT(rotate)
void rotate(const float *x, const float *cosines, const float *sines, const i32 *positions, float *y,
            i32 outer, i32 steps, i32 inner, i32 size, i32 rotated, i32 offset, i32 interleaved,
            i32 inverse) {
  rotation job = {.x = x, .cosines = cosines, .sines = sines, .positions = positions, .y = y,
                  .steps = steps, .inner = inner, .size = size, .pairs = rotated / 2,
                  .offset = offset, .interleaved = interleaved, .vectors = outer * steps * inner,
                  .sign = inverse ? -1 : 1};
  job.parts = parts_for(job.vectors, 24.0 * job.vectors * size);
  compute_parts(rotate_part, &job, job.parts);
}
