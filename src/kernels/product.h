/**
 * Matrix products with strides, which matmul, attention and lstm are made of.
 *
 * The order in which an element's terms are added depends on `inner` alone: not on where the element
 * lies, not on how many rows or columns the call has. Work may therefore be cut by output at will.
 */
#ifndef HEED_PRODUCT_H
#define HEED_PRODUCT_H

#include "tile.h"

/** Terms are added in blocks of this many, and the blocks' sums in order. */
#define INNER_BLOCK 256
/** Rows of `a` that are taken at a time. */
#define ROW_CHUNK 192

/** c (rows, columns) = op(a) · op(b) + bias [+ c]. */
typedef struct {
  const float *a;
  i32 a_stride;     // floats from one stored row of a to the next
  i32 transpose_a;  // a lies as (inner, rows)
  const float *b;
  i32 b_stride;
  i32 transpose_b;    // b lies as (columns, inner)
  const float *bias;  // (columns), or 0
  float *c;
  i32 c_stride;
  i32 rows, columns, inner;
  i32 accumulate;
  const i32 *row_index;    // row i is row row_index[i] of a and of c; 0: i itself. Not if transpose_a.
  const i32 *inner_index;  // term k is row inner_index[k] of a and b; only for aᵀ · b
} product;

/** The whole product, on this thread. */
void compute_product(const product *p);

/** The same, cut by rows or by columns of c for the threads there are. */
void compute_product_in_parts(const product *p);

/** Rows of a block that are taken at a time. */
#define BLOCK_ROWS 128

/**
 * A product of blocks that lie near, without packing: c (rows, columns) [+]= a · b [+ more_a · more_b].
 * Sums run over all terms at once, so `terms` is at most about INNER_BLOCK.
 */
typedef struct {
  i32 form;  // how a lies: BY_ROWS, or BY_TERMS (that is, transposed)
  const float *a;
  long a_stride;
  const float *b;
  long b_stride;
  long panel_stride;  // from one PANEL of b's columns to the next: PANEL, but for packed panels
  i32 terms;
  const float *more_a, *more_b;  // BY_TERMS: as many terms again, with the same strides; or 0
  float *c;
  long c_stride;
  i32 rows, columns;
  i32 keep;  // add to c
} block_product;

/** `tail`: room for 2 · terms · PANEL floats where b is row-major; 0 where it is packed in panels. */
void compute_block(const block_product *p, float *tail);

/** Columns 0 … PANEL of bᵀ, which lies as (columns, inner), term by term; zeros behind the last. */
void pack_transposed(const float *b, long b_stride, i32 columns, i32 terms, float *panel);

/** c[i, j] = a[i, :] · b[j, :] for rows that lie densely, without packing: right where rows are few. */
void dot_products(const float *a, i32 a_stride, i32 rows, const float *b, i32 b_stride, i32 columns,
                  i32 inner, float *c, i32 c_stride);

#endif
