/** c = a · bᵀ for rows that lie densely: the form that scores and dWeights have. */
#include "product.h"

/** Tiles of 2 × 4 sums stay in registers; each sum runs along the lanes, which are added up last. */
INLINE void dot_tile(const i32 rows, const i32 columns, const float *a, i32 a_stride,
                     const float *b, i32 b_stride, i32 inner, float *c, i32 c_stride) {
  vec totals[2][4];
  for (i32 i = 0; i < rows; i++) {
    for (i32 j = 0; j < columns; j++) totals[i][j] = splat(0);
  }
  i32 k = 0;
  for (; k + LANES <= inner; k += LANES) {
    vec x[2];
#pragma GCC unroll 2
    for (i32 i = 0; i < rows; i++) x[i] = load(a + i * a_stride + k);
#pragma GCC unroll 4
    for (i32 j = 0; j < columns; j++) {
      vec y = load(b + j * b_stride + k);
#pragma GCC unroll 2
      for (i32 i = 0; i < rows; i++) totals[i][j] = multiply_add(x[i], y, totals[i][j]);
    }
  }
  if (k < inner) {
    for (i32 i = 0; i < rows; i++) {
      vec x = load_part(a + i * a_stride + k, inner - k, 0);
      for (i32 j = 0; j < columns; j++) {
        vec y = load_part(b + j * b_stride + k, inner - k, 0);
        totals[i][j] = multiply_add(x, y, totals[i][j]);
      }
    }
  }
#pragma GCC unroll 2
  for (i32 i = 0; i < rows; i++) {
#pragma GCC unroll 4
    for (i32 j = 0; j < columns; j++) c[i * c_stride + j] = sum_lanes(totals[i][j]);
  }
}

INLINE void dot_rows(const i32 rows, const float *a, i32 a_stride, const float *b, i32 b_stride,
                     i32 columns, i32 inner, float *c, i32 c_stride) {
  i32 j = 0;
  for (; j + 4 <= columns; j += 4) {
    dot_tile(rows, 4, a, a_stride, b + (long)j * b_stride, b_stride, inner, c + j, c_stride);
  }
  for (; j < columns; j++) {
    dot_tile(rows, 1, a, a_stride, b + (long)j * b_stride, b_stride, inner, c + j, c_stride);
  }
}

void dot_products(const float *a, i32 a_stride, i32 rows, const float *b, i32 b_stride, i32 columns,
                  i32 inner, float *c, i32 c_stride) {
  i32 i = 0;
  for (; i + 2 <= rows; i += 2) {
    dot_rows(2, a + (long)i * a_stride, a_stride, b, b_stride, columns, inner,
             c + (long)i * c_stride, c_stride);
  }
  if (i < rows) {
    dot_rows(1, a + (long)i * a_stride, a_stride, b, b_stride, columns, inner,
             c + (long)i * c_stride, c_stride);
  }
}
