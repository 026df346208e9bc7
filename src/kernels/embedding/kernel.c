/** embeddingForward, embeddingBackward: rows of a table, picked and added to. */
#define TAILS_BY_CALL
#include "parallel.h"

typedef struct {
  const float *from;
  const i32 *ids;
  float *to;
  i32 count, size, parts;
} embedding_job;

static void forward_part(const void *of, i32 part) {
  const embedding_job *e = of;
  const i32 size = e->size, last = first_of_part(part + 1, e->parts, e->count);
  for (i32 i = first_of_part(part, e->parts, e->count); i < last; i++) {
    const float *from = e->from + (long)e->ids[i] * size;
    float *to = e->to + (long)i * size;
    for (i32 d = 0; d < size; d += LANES) {
      store_left(to + d, load_left(from + d, size - d, 0), size - d);
    }
  }
}

EXPORT(embeddingForward)
void embeddingForward(const float *table, const i32 *ids, float *y, i32 count, i32 size) {
  embedding_job job = {.from = table, .ids = ids, .to = y, .count = count, .size = size};
  job.parts = parts_of_threads(count, 24.0 * count * size);
  compute_parts(forward_part, &job, job.parts);
}

/** Some columns of the table: its rows may be met by any of dy's, in their order. */
static void backward_part(const void *of, i32 part) {
  const embedding_job *e = of;
  const i32 units = (e->size + LANES - 1) / LANES;
  const i32 first = LANES * first_of_part(part, e->parts, units);
  const i32 last = smaller_of(LANES * first_of_part(part + 1, e->parts, units), e->size);
  for (i32 i = 0; i < e->count; i++) {
    const float *from = e->from + (long)i * e->size;
    float *to = e->to + (long)e->ids[i] * e->size;
    for (i32 d = first; d < last; d += LANES) {
      i32 left = last - d;
      store_left(to + d, load_left(to + d, left, 0) + load_left(from + d, left, 0), left);
    }
  }
}

EXPORT(embeddingBackward)
void embeddingBackward(const i32 *ids, const float *dy, float *dTable, i32 count, i32 size) {
  embedding_job job = {.from = dy, .ids = ids, .to = dTable, .count = count, .size = size};
  job.parts = parts_of_threads((size + LANES - 1) / LANES, 24.0 * count * size);
  compute_parts(backward_part, &job, job.parts);
}
