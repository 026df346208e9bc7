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
/** Scores of this many queries or more are computed from packed keys, if those have at most INNER_BLOCK terms. */
#define PACK_KEYS_FROM 64

typedef struct {
  i32 queries, steps, size;
  i32 length;  // of this sequence: keys from here on do not exist
} extent;

INLINE extent extent_of(const i32 *lengths, i32 n, i32 queries, i32 steps, i32 size) {
  i32 length = lengths ? lengths[n] : steps;
  if (length < 0) length = 0;
  return (extent){queries, steps, size, smaller_of(length, steps)};
}

/** Decided by sizes that no cutting of the work changes, since the two ways add in different orders. */
INLINE i32 packs_keys(i32 queries, i32 size) {
  return queries >= PACK_KEYS_FROM && size <= INNER_BLOCK;
}

INLINE void zero(float *x, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(x + i, splat(0));
  for (; i < count; i++) x[i] = 0;
}

/** Room for the panels of KEY_BLOCK packed keys. */
typedef float key_panels[INNER_BLOCK * KEY_BLOCK];

/** Packs `count` ≤ KEY_BLOCK keys, if scores of so many queries want that. */
INLINE void pack_keys(extent e, const float *keys, i32 count, float *panels) {
  if (!packs_keys(e.queries, e.size)) return;
  for (i32 j = 0; j < count; j += PANEL) {
    pack_transposed(keys + (long)j * e.size, e.size, count - j, e.size, panels + (long)j * e.size);
  }
}

/** out (rows, count) = left (rows, H) · keys (count, H)ᵀ for a block of keys and its panels. */
INLINE void block_scores(extent e, const float *left, i32 rows, const float *keys, i32 count,
                         const float *panels, float *out, long out_stride) {
  if (!packs_keys(e.queries, e.size)) {
    dot_products(left, e.size, rows, keys, e.size, count, e.size, out, (i32)out_stride);
    return;
  }
  const block_product p = {
      .form = BY_ROWS,
      .a = left,
      .a_stride = e.size,
      .b = panels,
      .b_stride = PANEL,
      .panel_stride = (long)e.size * PANEL,
      .terms = e.size,
      .c = out,
      .c_stride = out_stride,
      .rows = rows,
      .columns = count,
  };
  compute_block(&p, 0);
}

/** The backward pass of attention, of weights that are kept or that are computed anew. */
typedef struct {
  const float *query, *keys, *values;
  const i32 *lengths;
  const float *weights;        // kept, or 0:
  const float *maxima, *sums;  // of the rows, to compute them from
  const float *context, *dContext;
  float *dQuery, *dKeys, *dValues;
  i32 batch, queries, steps, size;
  i32 accumulate;
  i32 chunks, round;  // how the work is cut, and how far it is: see attention_backward
} backward_job;

void attention_backward(backward_job job);

#endif
