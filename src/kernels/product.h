/**
 * Matrix products with strides, which matmul, attention and lstm are made of.
 *
 * The order in which an element's terms are added depends on `inner` alone: not on where the element
 * lies, not on how many rows or columns the call has. Work may therefore be cut by output at will.
 */
#ifndef HEED_PRODUCT_H
#define HEED_PRODUCT_H

#include "vector.h"

/** Terms are added in blocks of this many, and the blocks' sums in order. */
#define INNER_BLOCK 256
/** Rows of `a` that are packed at a time. */
#define ROW_CHUNK 120

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
  // A second product added in the same pass, only for aᵀ · b: where more_a is not 0, the terms from
  // `split` on are the rows of more_a and more_b. `inner` counts the terms of both.
  const float *more_a, *more_b;
  i32 split;
} product;

void compute_product(const product *p);

/** c[i, j] = a[i, :] · b[j, :] for short, dense rows: the form of attention scores. */
void dot_products(const float *a, i32 a_stride, i32 rows, const float *b, i32 b_stride, i32 columns,
                  i32 inner, float *c, i32 c_stride);

#endif
