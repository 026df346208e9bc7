/** matmul, and the strided products that the other kernels use. */
#include "product.h"

/** The tile that stays in registers: TILE rows by two vectors. Larger tiles spill under V8. */
#ifndef TILE
#define TILE 4
#endif
#define PANEL (2 * LANES)
/** Blocks of packed rows lie a little apart, so that they do not fall on one set of the cache. */
#define BLOCK_STRIDE (INNER_BLOCK * TILE + 16)
/** From this many rows on, packing b pays. */
#define PACK_FROM 24
/** Up to this many rows, b is streamed row by row instead. */
#define STREAM_UP_TO 3
#define STREAM_COLUMNS 1024

typedef float packed_rows[(ROW_CHUNK / TILE) * BLOCK_STRIDE];

INLINE long index_of(const i32 *index, i32 i) { return index ? index[i] : i; }

/** The row of a (or of b) that is term k of aᵀ · b. */
INLINE const float *term_of(const product *p, const float *x, const float *more, i32 stride, i32 k) {
  if (p->more_a && k >= p->split) return more + (long)(k - p->split) * stride;
  return x + index_of(p->inner_index, k) * stride;
}

/** Rows first … first + rows of op(a), terms from … from + count, TILE by TILE and term by term. */
static void pack_rows(const product *p, i32 first, i32 rows, i32 from, i32 count, float *packed) {
  if (p->transpose_a) {
    for (i32 k = 0; k < count; k++) {
      const float *row = term_of(p, p->a, p->more_a, p->a_stride, from + k) + first;
      float *to = packed + k * TILE;
      i32 i = 0;
      for (; i + TILE <= rows; i += TILE, to += BLOCK_STRIDE) {
        for (i32 r = 0; r < TILE; r++) to[r] = row[i + r];
      }
      for (i32 r = 0; i + r < rows; r++) to[r] = row[i + r];
    }
    return;
  }
  for (i32 i = 0; i < rows; i++) {
    const float *row = p->a + index_of(p->row_index, first + i) * p->a_stride + from;
    float *to = packed + (i / TILE) * BLOCK_STRIDE + i % TILE;
    for (i32 k = 0; k < count; k++) to[k * TILE] = row[k];
  }
}

/** Columns first … first + PANEL of op(b), term by term; zeros behind the last column. */
static void pack_panel(const product *p, i32 first, i32 from, i32 count, float *panel) {
  i32 width = smaller_of(p->columns - first, PANEL);
  if (p->transpose_b) {
    for (i32 j = 0; j < PANEL; j++) {
      const float *row = p->b + (long)(first + j) * p->b_stride + from;
      if (j < width) {
        for (i32 k = 0; k < count; k++) panel[k * PANEL + j] = row[k];
      } else {
        for (i32 k = 0; k < count; k++) panel[k * PANEL + j] = 0;
      }
    }
    return;
  }
  for (i32 k = 0; k < count; k++) {
    const float *row = term_of(p, p->b, p->more_b, p->b_stride, from + k) + first;
    store(panel + k * PANEL, load_left(row, width, 0));
    store(panel + k * PANEL + LANES,
          width > LANES ? load_left(row + LANES, width - LANES, 0) : splat(0));
  }
}

/** Adds a finished sum to what the element starts from, and stores it. */
INLINE void finish(float *c, const float *bias, vec total, i32 left, i32 keep) {
  if (keep) total = load_left(c, left, 0) + total;
  if (bias) total = load_left(bias, left, 0) + total;
  store_left(c, total, left);
}

/** One tile: `rows` packed rows by one panel. */
INLINE void tile(const i32 rows, const float *a, const float *b, long b_stride, i32 count,
                 float *const *c, const float *bias, i32 width, i32 keep) {
  vec left[TILE], right[TILE];
  for (i32 r = 0; r < rows; r++) left[r] = right[r] = splat(0);
  for (i32 k = 0; k < count; k++) {
    vec b0 = load(b), b1 = load(b + LANES);
#pragma GCC unroll 8
    for (i32 r = 0; r < rows; r++) {
      vec x = splat(a[r]);
      left[r] = multiply_add(x, b0, left[r]);
      right[r] = multiply_add(x, b1, right[r]);
    }
    a += TILE;
    b += b_stride;
  }
#pragma GCC unroll 8
  for (i32 r = 0; r < rows; r++) {
    finish(c[r], bias, left[r], width, keep);
    if (width > LANES) {
      finish(c[r] + LANES, bias ? bias + LANES : 0, right[r], width - LANES, keep);
    }
  }
}

/** All packed rows by one panel. */
static void tiles(i32 rows, const float *packed, const float *b, long b_stride, i32 count,
                  float *const *c, const float *bias, i32 width, i32 keep) {
  for (i32 i = 0; i < rows; i += TILE, packed += BLOCK_STRIDE, c += TILE) {
    switch (smaller_of(rows - i, TILE)) {
#define CASE(n)                                                         \
  case n:                                                               \
    tile(n, packed, b, b_stride, count, c, bias, width, keep);          \
    break;
      CASE(1) CASE(2) CASE(3) CASE(4)
#if TILE > 4
      CASE(5)
#endif
#if TILE > 5
      CASE(6)
#endif
#undef CASE
    }
  }
}

/** One row of c where rows are few: b is read row by row, in the order in which it lies. */
static void stream_row(const product *p, i32 i) {
  const float *a = p->a + index_of(p->row_index, i) * p->a_stride;
  float *c = p->c + index_of(p->row_index, i) * p->c_stride;
  for (i32 first = 0; first < p->columns; first += STREAM_COLUMNS) {
    i32 width = smaller_of(p->columns - first, STREAM_COLUMNS);
    i32 from = 0;
    do {
      float totals[STREAM_COLUMNS];
      i32 end = smaller_of(p->inner, from + INNER_BLOCK);
      for (i32 j = 0; j < width; j += LANES) store(totals + j, splat(0));
      i32 k = from;
      for (; k + 4 <= end; k += 4) {
        const float *b0 = p->b + (long)k * p->b_stride + first;
        const float *b1 = b0 + p->b_stride, *b2 = b1 + p->b_stride, *b3 = b2 + p->b_stride;
        vec a0 = splat(a[k]), a1 = splat(a[k + 1]), a2 = splat(a[k + 2]), a3 = splat(a[k + 3]);
        i32 j = 0;
        for (; j + LANES <= width; j += LANES) {
          vec total = multiply_add(a0, load(b0 + j), load(totals + j));
          total = multiply_add(a1, load(b1 + j), total);
          total = multiply_add(a2, load(b2 + j), total);
          store(totals + j, multiply_add(a3, load(b3 + j), total));
        }
        if (j < width) {
          vec total = multiply_add(a0, load_part(b0 + j, width - j, 0), load(totals + j));
          total = multiply_add(a1, load_part(b1 + j, width - j, 0), total);
          total = multiply_add(a2, load_part(b2 + j, width - j, 0), total);
          store(totals + j, multiply_add(a3, load_part(b3 + j, width - j, 0), total));
        }
      }
      for (; k < end; k++) {
        const float *b0 = p->b + (long)k * p->b_stride + first;
        vec a0 = splat(a[k]);
        for (i32 j = 0; j < width; j += LANES) {
          store(totals + j, multiply_add(a0, load_left(b0 + j, width - j, 0), load(totals + j)));
        }
      }
      i32 keep = p->accumulate || from > 0;
      const float *bias = from == 0 && p->bias ? p->bias + first : 0;
      for (i32 j = 0; j < width; j += LANES) {
        finish(c + first + j, bias ? bias + j : 0, load(totals + j), width - j, keep);
      }
      from = end;
    } while (from < p->inner);
  }
}

void compute_product(const product *p) {
  if (p->rows <= STREAM_UP_TO && !p->transpose_a && !p->transpose_b) {
    for (i32 i = 0; i < p->rows; i++) stream_row(p, i);
    return;
  }
  packed_rows packed;
  float panel[INNER_BLOCK * PANEL];
  float *c[ROW_CHUNK];
  for (i32 first = 0; first < p->rows; first += ROW_CHUNK) {
    i32 rows = smaller_of(p->rows - first, ROW_CHUNK);
    i32 direct = !p->transpose_b && !p->inner_index && !p->more_a && rows < PACK_FROM;
    i32 from = 0;
    do {
      i32 count = smaller_of(p->inner - from, INNER_BLOCK);
      i32 keep = p->accumulate || from > 0;
      pack_rows(p, first, rows, from, count, packed);
      for (i32 j = 0; j < p->columns; j += PANEL) {
        i32 width = smaller_of(p->columns - j, PANEL);
        const float *b = panel;
        long b_stride = PANEL;
        if (direct && width == PANEL) {
          b = p->b + (long)from * p->b_stride + j;
          b_stride = p->b_stride;
        } else {
          pack_panel(p, j, from, count, panel);
        }
        for (i32 i = 0; i < rows; i++) {
          c[i] = p->c + index_of(p->row_index, first + i) * p->c_stride + j;
        }
        const float *bias = from == 0 && p->bias ? p->bias + j : 0;
        tiles(rows, packed, b, b_stride, count, c, bias, width, keep);
      }
      from += count;
    } while (from < p->inner);
  }
}

EXPORT(matmul)
void matmul(const float *a, const float *b, const float *bias, float *c, i32 rows, i32 columns,
            i32 inner, i32 transposeA, i32 transposeB, i32 accumulate) {
  const product p = {
      .a = a,
      .a_stride = transposeA ? rows : inner,
      .transpose_a = transposeA,
      .b = b,
      .b_stride = transposeB ? inner : columns,
      .transpose_b = transposeB,
      .bias = bias,
      .c = c,
      .c_stride = columns,
      .rows = rows,
      .columns = columns,
      .inner = inner,
      .accumulate = accumulate,
  };
  compute_product(&p);
}
