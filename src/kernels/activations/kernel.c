/** tanh, sigmoid, relu and gelu, forward and backward: y may be x, dx may be dy. */
#define TAILS_BY_CALL
#include "parallel.h"
#include "vector-math.h"

/** What one number costs: an exponential is some thirty steps, and moving three of them 24. */
#define COST 64

static const float GELU[] = {
    2.875f,  // 0
    // 1 … 9: (z + 2.875) · ½ erfcx(z / √2) in 1 / (z + 2.875) on 0 ≤ z ≤ 14, to 3e-8 relative: a fit of
    // our own, for the least largest error.
    -387.0718938f, 675.3423641f, -426.4023138f, 96.76798467f, -5.748199602f, 7.389305349f,
    2.821649902f, 1.149389736f, 0.3989097588f,
    14.0f,          // 10: from here on the normal density is 0 in float32
    0.3989422804f,  // 11: 1 / √2π
    0.5f,           // 12
};

/** z = min(|x|, 14), e^(−z²/2), and tail with Φ(−z) = tail · e^(−z²/2). Anything where x is NaN. */
typedef struct {
  vec z, density, tail;
} normal_tail;

/** Φ by its tail, so that Φ(−5) has all its digits, where (1 + erf) / 2 has two. */
INLINE normal_tail tail_of(vec x, const float *k, const float *g) {
  normal_tail n;
  vec size = absolute(x);
  n.z = choose(size > splat(g[10]), splat(g[10]), size);
  vec t = splat(k[10]) / (n.z + splat(g[0]));
  vec p = splat(g[1]);
#pragma GCC unroll 8
  for (i32 c = 2; c < 10; c++) p = multiply_add(p, t, splat(g[c]));
  n.tail = p * t;
  // The exponential makes the rounding of z² a relative error of as much: so the rounding is made
  // good, by the square of the upper half of the digits, which is exact, and the rest.
  vec square = n.z * n.z;
  vec upper = (vec)((ivec)n.z & (i32)0xfffff000);
  vec lost = (upper * upper - square) + (n.z - upper) * (n.z + upper);
  vec half = splat(g[12]);
  n.density = exp_of_negative(-half * square, k) * (splat(k[10]) - half * lost);
  return n;
}

INLINE vec positive_part(vec x) { return (vec)((ivec)x & ~(ivec)(x < splat(0))); }

/** x · Φ(x): what Φ lacks to 1 is taken off x, what there is of it is taken off 0. */
INLINE vec gelu(vec x, const float *k, const float *g) {
  normal_tail n = tail_of(x, k, g);
  return positive_part(x) - n.z * n.tail * n.density;
}

/** Φ(x) + x · φ(x), which at −x is 1 minus that. */
INLINE vec slope_of_gelu(vec x, const float *k, const float *g) {
  normal_tail n = tail_of(x, k, g);
  vec slope = (n.tail - n.z * splat(g[11])) * n.density;
  // Relaxed SIMD may take the minimum of NaN and 14 for 14: NaN comes from x itself.
  return choose(x < splat(0), slope, choose(x >= splat(0), splat(k[10]) - slope, x));
}

enum activation { TANH_OF, TANH_BACK, SIGMOID, SIGMOID_BACK, RELU, RELU_BACK, GELU_OF, GELU_BACK };

typedef struct {
  const float *x, *dy;
  float *out;
  i32 length, parts;
  enum activation op;
} activation_job;

/** One loop for all: to branch by the op costs less than to download eight loops. */
static void activation_part(const void *of, i32 part) {
  const activation_job *a = of;
  const float *k = constants(EXP), *t = constants(TANH), *g = constants(GELU);
  const enum activation op = a->op;
  const vec one = splat(1);
  const i32 last = first_number(part + 1, a->parts, a->length);
  for (i32 i = first_number(part, a->parts, a->length); i < last; i += LANES) {
    const i32 left = last - i;
    const vec x = load_left(a->x + i, left, 0), dy = load_left(a->dy + i, left, 0);
    vec y;
    switch (op) {
      case TANH_OF: y = hyperbolic_tangent(x, k, t); break;
      // As a product, which keeps the digits of 1 − y² where y is nearly 1.
      case TANH_BACK: y = dy * ((one - x) * (one + x)); break;
      case SIGMOID: y = logistic(x, k, t); break;
      case SIGMOID_BACK: y = dy * (x * (one - x)); break;
      case RELU: y = positive_part(x); break;
      // Where y is not positive it is 0 or NaN, and so is the gradient.
      case RELU_BACK: y = choose(x > splat(0), dy, x * splat(0)); break;
      case GELU_OF: y = gelu(x, k, g); break;
      default: y = dy * slope_of_gelu(x, k, g); break;
    }
    store_left(a->out + i, y, left);
  }
}

/** x is what the formula is of: a backward pass's y, where that is enough. */
static __attribute__((noinline)) void activate(enum activation op, const float *x, const float *dy,
                                               float *out, i32 length) {
  activation_job job = {.x = x, .dy = dy, .out = out, .length = length, .op = op};
  job.parts = parts_of_numbers(length, COST);
  compute_parts(activation_part, &job, job.parts);
}

EXPORT(tanhForward) void tanhForward(const float *x, float *y, i32 length) {
  activate(TANH_OF, x, x, y, length);
}

EXPORT(tanhBackward) void tanhBackward(const float *y, const float *dy, float *dx, i32 length) {
  activate(TANH_BACK, y, dy, dx, length);
}

EXPORT(sigmoidForward) void sigmoidForward(const float *x, float *y, i32 length) {
  activate(SIGMOID, x, x, y, length);
}

EXPORT(sigmoidBackward)
void sigmoidBackward(const float *y, const float *dy, float *dx, i32 length) {
  activate(SIGMOID_BACK, y, dy, dx, length);
}

EXPORT(reluForward) void reluForward(const float *x, float *y, i32 length) {
  activate(RELU, x, x, y, length);
}

EXPORT(reluBackward) void reluBackward(const float *y, const float *dy, float *dx, i32 length) {
  activate(RELU_BACK, y, dy, dx, length);
}

EXPORT(geluForward) void geluForward(const float *x, float *y, i32 length) {
  activate(GELU_OF, x, x, y, length);
}

EXPORT(geluBackward) void geluBackward(const float *x, const float *dy, float *dx, i32 length) {
  activate(GELU_BACK, x, dy, dx, length);
}
