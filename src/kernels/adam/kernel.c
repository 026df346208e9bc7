/** adamStep. */
#include "vector.h"

INLINE vec square_root(vec x) {
  vec y;
#if defined(__wasm__)
  y = (vec)__builtin_wasm_sqrt_f32x4(x);
#else
  for (i32 i = 0; i < LANES; i++) y[i] = __builtin_sqrtf(x[i]);
#endif
  return y;
}

EXPORT(adamStep)
void adamStep(float *x, const float *gradient, float *m, float *v, double rate, double beta1,
              double beta2, double epsilon, double correction1, double correction2, i32 length) {
  vec keep1 = splat((float)beta1), take1 = splat((float)(1 - beta1));
  vec keep2 = splat((float)beta2), take2 = splat((float)(1 - beta2));
  vec step = splat((float)(rate / correction1)), spread = splat((float)(1 / correction2));
  vec floor = splat((float)epsilon);
  for (i32 i = 0; i < length; i += LANES) {
    i32 left = length - i;
    vec g = load_left(gradient + i, left, 0);
    vec m1 = multiply_add(take1, g, keep1 * load_left(m + i, left, 0));
    vec v1 = multiply_add(take2 * g, g, keep2 * load_left(v + i, left, 0));
    vec x1 = load_left(x + i, left, 0) - step * m1 / (square_root(v1 * spread) + floor);
    store_left(m + i, m1, left);
    store_left(v + i, v1, left);
    store_left(x + i, x1, left);
  }
}
