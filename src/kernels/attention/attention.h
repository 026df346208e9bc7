/** What the attention kernels share: the extent of a sequence, and scores. */
#ifndef HEED_ATTENTION_H
#define HEED_ATTENTION_H

#include "product.h"

/** Keys that are taken at a time: their panels stay in a near cache. */
#define KEY_BLOCK BLOCK_ROWS
/** Queries that are taken at a time. */
#define ROW_BLOCK 48
/** Rows of scores lie a little further apart, so that they do not fall on one set of the cache. */
#define SCORE_STRIDE (KEY_BLOCK + 16)
/** Most queries of one unit of the forward pass. */
#define FORWARD_CHUNK 192
/** Terms of a score that are added up in one chain. */
#define SCORE_TERMS 64
/** Scores of this many queries or more are computed from packed keys, if those have at most INNER_BLOCK terms. */
#define PACK_KEYS_FROM 64

typedef struct {
  i32 queries, steps, size;
  i32 length;  // of this sequence: keys from here on do not exist
} extent;

/** How many of `steps` keys sequence n has. */
INLINE i32 length_of(const i32 *lengths, i32 n, i32 steps) {
  const i32 length = lengths ? lengths[n] : steps;
  return length < 0 ? 0 : smaller_of(length, steps);
}

INLINE extent extent_of(const i32 *lengths, i32 n, i32 queries, i32 steps, i32 size) {
  return (extent){queries, steps, size, length_of(lengths, n, steps)};
}

/** Decided by sizes that no cutting of the work changes, since the two ways add in different orders. */
INLINE i32 packs_keys(i32 queries, i32 size) {
  return queries >= PACK_KEYS_FROM && size <= INNER_BLOCK;
}

/** A row from anywhere to where whole vectors may be written, and back. */
INLINE void fetch_row(const float *from, i32 count, float *to) {
  for (i32 j = 0; j < count; j += LANES) store(to + j, load_left(from + j, count - j, 0));
}

INLINE void put_row(const float *from, i32 count, float *to) {
  for (i32 j = 0; j < count; j += LANES) store_left(to + j, load(from + j), count - j);
}

INLINE void zero(float *x, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(x + i, splat(0));
  for (; i < count; i++) x[i] = 0;
}

/** Room for the panels of KEY_BLOCK packed keys. */
typedef float key_panels[INNER_BLOCK * KEY_BLOCK];

/** Packs `count` ≤ KEY_BLOCK rows of `size` numbers, if scores of so many queries want that. */
INLINE void pack_keys(i32 queries, i32 size, const float *keys, long key_row, i32 count,
                      float *panels) {
  if (!packs_keys(queries, size)) return;
  for (i32 j = 0; j < count; j += PANEL) {
    pack_transposed(keys + j * key_row, key_row, count - j, size, panels + (long)j * size);
  }
}

/** Rows that lie apart. */
typedef struct {
  const float *first;
  long stride;
} row_array;

/** out (rows, count) = left (rows, size) · keys (count, size)ᵀ for a block of keys and its panels. */
INLINE void block_scores(i32 queries, i32 size, row_array left, i32 rows, row_array keys, i32 count,
                         const float *panels, float *out, long out_stride) {
  if (!packs_keys(queries, size)) {
    dot_products(left.first, (i32)left.stride, rows, keys.first, (i32)keys.stride, count, size, out,
                 (i32)out_stride);
    return;
  }
  // Few terms at a time, for the error of a sum grows with the length of its chain.
  for (i32 from = 0; from == 0 || from < size; from += SCORE_TERMS) {
    const block_product p = {
        .form = BY_ROWS,
        .a = left.first + from,
        .a_stride = left.stride,
        .b = panels + from * PANEL,
        .b_stride = PANEL,
        .panel_stride = (long)size * PANEL,
        .terms = smaller_of(size - from, SCORE_TERMS),
        .c = out,
        .c_stride = out_stride,
        .rows = rows,
        .columns = count,
        .keep = from > 0,
    };
    compute_block(&p, 0);
  }
}

#endif
