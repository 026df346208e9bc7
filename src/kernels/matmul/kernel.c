/** matmul: one product. */
#include "product.h"

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
  compute_product_in_parts(&p);
}
