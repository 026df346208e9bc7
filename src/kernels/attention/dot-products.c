/** c = a · bᵀ for rows that lie densely: the form that scores and dWeights have. */
#include "product.h"

#if LANES == 16 || defined(__aarch64__)
#define DOT_TILE 6
#elif LANES == 8
#define DOT_TILE 3
#else
#define DOT_TILE 2
#endif

/** `rows` by up to 4 sums, which run along the lanes and are added up last. */
INLINE void dot_tile(const i32 rows, const i32 columns, const float *a, long a_stride, const float *b,
                     long b_stride, i32 inner, float *c, long c_stride) {
  vec sums[DOT_TILE][4];
#pragma GCC unroll 8
  for (i32 i = 0; i < rows; i++) {
#pragma GCC unroll 4
    for (i32 j = 0; j < 4; j++) sums[i][j] = splat(0);
  }
  i32 k = 0;
  for (; k + LANES <= inner; k += LANES) {
    vec x[DOT_TILE];
#pragma GCC unroll 8
    for (i32 i = 0; i < rows; i++) x[i] = load(a + i * a_stride + k);
#pragma GCC unroll 4
    for (i32 j = 0; j < columns; j++) {
      vec y = load(b + j * b_stride + k);
#pragma GCC unroll 8
      for (i32 i = 0; i < rows; i++) sums[i][j] = multiply_add(x[i], y, sums[i][j]);
    }
  }
  if (k < inner) {
    vec x[DOT_TILE];
#pragma GCC unroll 8
    for (i32 i = 0; i < rows; i++) x[i] = load_part(a + i * a_stride + k, inner - k, 0);
#pragma GCC unroll 4
    for (i32 j = 0; j < columns; j++) {
      vec y = load_part(b + j * b_stride + k, inner - k, 0);
#pragma GCC unroll 8
      for (i32 i = 0; i < rows; i++) sums[i][j] = multiply_add(x[i], y, sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (i32 i = 0; i < rows; i++) {
    vec4 four = sums_of_lanes(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
    if (columns == 4) {
      *(vec4_at *)(c + i * c_stride) = four;
    } else {
#pragma GCC unroll 4
      for (i32 j = 0; j < columns; j++) c[i * c_stride + j] = four[j];
    }
  }
}

INLINE void dot_rows(const i32 rows, const float *a, long a_stride, const float *b, long b_stride,
                     i32 columns, i32 inner, float *c, long c_stride) {
  i32 j = 0;
  for (; j + 4 <= columns; j += 4) {
    dot_tile(rows, 4, a, a_stride, b + j * b_stride, b_stride, inner, c + j, c_stride);
  }
  for (; j < columns; j++) {
    dot_tile(rows, 1, a, a_stride, b + j * b_stride, b_stride, inner, c + j, c_stride);
  }
}

void dot_products(const float *a, i32 a_stride, i32 rows, const float *b, i32 b_stride, i32 columns,
                  i32 inner, float *c, i32 c_stride) {
  for (i32 i = 0; i < rows; i += DOT_TILE) {
    const float *x = a + (long)i * a_stride;
    float *y = c + (long)i * c_stride;
    switch (smaller_of(rows - i, DOT_TILE)) {
#define DOT_ROWS(n)                                                     \
  case n:                                                               \
    dot_rows(n, x, a_stride, b, b_stride, columns, inner, y, c_stride); \
    break;
      DOT_ROWS(1)
      DOT_ROWS(2)
#if DOT_TILE > 2
      DOT_ROWS(3)
#endif
#if DOT_TILE > 3
      DOT_ROWS(4)
      DOT_ROWS(5)
      DOT_ROWS(6)
#endif
    }
  }
}
