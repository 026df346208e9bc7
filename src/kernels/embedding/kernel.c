/** embeddingForward, embeddingBackward: rows of a table, picked and added to. */
#include "vector.h"

EXPORT(embeddingForward)
void embeddingForward(const float *table, const i32 *ids, float *y, i32 count, i32 size) {
  for (i32 i = 0; i < count; i++) {
    const float *from = table + (long)ids[i] * size;
    float *to = y + (long)i * size;
    for (i32 d = 0; d < size; d += LANES) {
      store_left(to + d, load_left(from + d, size - d, 0), size - d);
    }
  }
}

EXPORT(embeddingBackward)
void embeddingBackward(const i32 *ids, const float *dy, float *dTable, i32 count, i32 size) {
  for (i32 i = 0; i < count; i++) {
    const float *from = dy + (long)i * size;
    float *to = dTable + (long)ids[i] * size;
    for (i32 d = 0; d < size; d += LANES) {
      i32 left = size - d;
      store_left(to + d, load_left(to + d, left, 0) + load_left(from + d, left, 0), left);
    }
  }
}
