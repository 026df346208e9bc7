#include "tile.h"

INLINE void add_term(const i32 form, const i32 rows, const i32 vecs, const float *const *a, long k,
                     const float *terms, const float *b, vec sums[TILE][VECS]) {
  vec right[VECS];
#pragma GCC unroll 4
  for (i32 v = 0; v < vecs; v++) right[v] = load(b + v * LANES);
#pragma GCC unroll 8
  for (i32 r = 0; r < rows; r++) {
    vec left = splat(form == BY_ROWS ? a[r][k] : terms[r]);
#pragma GCC unroll 4
    for (i32 v = 0; v < vecs; v++) sums[r][v] = multiply_add(left, right[v], sums[r][v]);
  }
}

/** Finished sums, added to what their elements start from, to where they belong. */
INLINE void finish(const i32 rows, const i32 vecs, const tile_output to, i32 from,
                   vec sums[TILE][VECS]) {
  // Asked once, not for every vector.
  const i32 plain = to.width == vecs * LANES && !to.bias;
#pragma GCC unroll 8
  for (i32 r = 0; plain && r < rows; r++) {
    float *c = to.c[from + r] + to.first;
#pragma GCC unroll 4
    for (i32 v = 0; v < vecs; v++) {
      vec total = sums[r][v];
      if (to.keep) total = load(c + v * LANES) + total;
      store(c + v * LANES, total);
    }
  }
  if (plain) return;
#pragma GCC unroll 8
  for (i32 r = 0; r < rows; r++) {
    float *c = to.c[from + r] + to.first;
#pragma GCC unroll 4
    for (i32 v = 0; v < vecs; v++) {
      const i32 j = v * LANES, left = to.width - j;
      vec total = sums[r][v];
      if (to.keep) total = load_left(c + j, left, 0) + total;
      if (to.bias) total = load_left(to.bias + j, left, 0) + total;
      store_left(c + j, total, left);
    }
  }
}

/** The tile that begins at row `from`. */
INLINE void tile(const i32 form, const i32 rows, const i32 vecs, const tile_terms *in,
                 const tile_output *to, i32 from) {
  vec sums[TILE][VECS];
#pragma GCC unroll 8
  for (i32 r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (i32 v = 0; v < vecs; v++) sums[r][v] = splat(0);
  }
  for (; in; in = form == BY_TERMS ? in->more : 0) {
    const float *a[TILE] = {0};
    for (i32 r = 0; r < rows; r++) a[r] = form == BY_ROWS ? in->rows[from + r] : 0;
    const float *b = in->b;
    const float *terms = form == BY_TERMS ? in->terms + from / TILE * in->tile_step : 0;
    const long b_stride = in->b_stride, step = in->step;
    const i32 count = in->count;
#pragma GCC unroll 1
    for (long k = 0; k < count; k++) {
      add_term(form, rows, vecs, a, k, terms, b, sums);
      b += b_stride;
      OPAQUE(b);
      if (form == BY_TERMS) {
        terms += step;
        OPAQUE(terms);
      }
    }
  }
  finish(rows, vecs, *to, from, sums);
}

/** The rows of a tile are constant in each case, so that the sums stay in registers. */
#define LAST_TILE(form, rows, vecs)       \
  case rows:                              \
    tile(form, rows, vecs, in, to, from); \
    break;
#if TILE == 6
#define LAST_TILES(form, vecs)                                                       \
  LAST_TILE(form, 1, vecs) LAST_TILE(form, 2, vecs) LAST_TILE(form, 3, vecs)         \
  LAST_TILE(form, 4, vecs) LAST_TILE(form, 5, vecs)
#else
#define LAST_TILES(form, vecs) \
  LAST_TILE(form, 1, vecs) LAST_TILE(form, 2, vecs) LAST_TILE(form, 3, vecs)
#endif
#define TILES(form, vecs)                                                                 \
  static void form##_##vecs(i32 rows, const tile_terms *in, const tile_output *to) {      \
    i32 from = 0;                                                                         \
    for (; from + TILE <= rows; from += TILE) tile(form, TILE, vecs, in, to, from);       \
    switch (rows - from) { LAST_TILES(form, vecs) }                                       \
  }
TILES(BY_ROWS, 1)
TILES(BY_ROWS, 2)
TILES(BY_TERMS, 1)
TILES(BY_TERMS, 2)
#if VECS == 4
TILES(BY_ROWS, 3)
TILES(BY_ROWS, 4)
TILES(BY_TERMS, 3)
TILES(BY_TERMS, 4)
#endif

void compute_tiles(const i32 form, i32 rows, const tile_terms *in, const tile_output *to) {
  const i32 by_rows = form == BY_ROWS;
#if VECS == 4
  if (to->width > 3 * LANES) {
    (by_rows ? BY_ROWS_4 : BY_TERMS_4)(rows, in, to);
    return;
  }
  if (to->width > 2 * LANES) {
    (by_rows ? BY_ROWS_3 : BY_TERMS_3)(rows, in, to);
    return;
  }
#endif
  if (to->width > LANES) {
    (by_rows ? BY_ROWS_2 : BY_TERMS_2)(rows, in, to);
  } else {
    (by_rows ? BY_ROWS_1 : BY_TERMS_1)(rows, in, to);
  }
}
