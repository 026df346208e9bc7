/** dropout: threefry-2x32-20 (src/core/threefry.ts), LANES counters at a time. */
#define TAILS_BY_CALL
#include "parallel.h"
#include "threefry.h"

typedef struct {
  const float *x;
  float *y;
  u32 seed, stream, least;
  i32 none;
  float factor;
  i32 length, parts;
} dropout_job;

static void dropout_part(const void *of, i32 part) {
  const dropout_job d = *(const dropout_job *)of;
  const vec f = splat(d.factor);
  const i32 last = first_number(part + 1, d.parts, d.length);
  for (i32 i = first_number(part, d.parts, d.length); i < last; i += 2 * LANES) {
    u32 words[2 * LANES];
    draw(d.seed, d.stream, (u32)i / 2, 0, words);
    for (i32 half = 0; half < 2 * LANES && i + half < last; half += LANES) {
      i32 left = last - i - half;
      ivec keep = *(const uvec_at *)(words + half) >= d.least;
      if (d.none) keep ^= keep;
      vec scaled = f * load_left(d.x + i + half, left, 0);
      store_left(d.y + i + half, (vec)(keep & (ivec)scaled), left);
    }
  }
}

EXPORT(dropout)
void dropout(const float *x, float *y, u32 seed, u32 stream, double threshold, double factor,
             i32 length) {
  // The threshold comes as a float64: 2^32, which drops everything, is no u32.
  const i32 none = threshold > 4294967295.0;
  dropout_job job = {.x = x, .y = y, .seed = seed, .stream = stream,
                     .least = none || !(threshold > 0) ? 0 : (u32)__builtin_ceil(threshold),
                     .none = none, .factor = (float)factor, .length = length};
  job.parts = parts_of_numbers(length, 128);
  compute_parts(dropout_part, &job, job.parts);
}
