/** fill, copy, add, multiply, scale, maskSteps: y may be one of the inputs. */
#include "vector.h"

EXPORT(fill) void fill(float *y, double value, i32 length) {
  vec x = splat((float)value);
  for (i32 i = 0; i < length; i += LANES) store_left(y + i, x, length - i);
}

EXPORT(copy) void copy(const float *x, float *y, i32 length) {
  for (i32 i = 0; i < length; i += LANES) {
    store_left(y + i, load_left(x + i, length - i, 0), length - i);
  }
}

EXPORT(add) void add(const float *a, const float *b, float *y, i32 length) {
  for (i32 i = 0; i < length; i += LANES) {
    i32 left = length - i;
    store_left(y + i, load_left(a + i, left, 0) + load_left(b + i, left, 0), left);
  }
}

EXPORT(multiply) void multiply(const float *a, const float *b, float *y, i32 length) {
  for (i32 i = 0; i < length; i += LANES) {
    i32 left = length - i;
    store_left(y + i, load_left(a + i, left, 0) * load_left(b + i, left, 0), left);
  }
}

EXPORT(scale) void scale(const float *x, double factor, float *y, i32 length) {
  vec f = splat((float)factor);
  for (i32 i = 0; i < length; i += LANES) {
    i32 left = length - i;
    store_left(y + i, f * load_left(x + i, left, 0), left);
  }
}

EXPORT(maskSteps)
void maskSteps(const float *x, const i32 *lengths, float *y, i32 batch, i32 steps, i32 size) {
  for (i32 n = 0; n < batch; n++) {
    i32 length = smaller_of(lengths[n] < 0 ? 0 : lengths[n], steps);
    long start = (long)n * steps * size;
    copy(x + start, y + start, length * size);
    fill(y + start + (long)length * size, 0, (steps - length) * size);
  }
}
