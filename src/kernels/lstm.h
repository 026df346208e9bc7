/** One step of an LSTM's units, which all ops that go over its steps compute alike. */
#ifndef HEED_LSTM_H
#define HEED_LSTM_H

#include "vector-math.h"

/** The gates of LANES units, and the cells that they make. */
typedef struct {
  vec f, g, i, o, c;
} lstm_units;

/** The four gates' sums and the cells before → gates and cells. */
INLINE lstm_units lstm_step(vec z_f, vec z_g, vec z_i, vec z_o, vec c) {
  const float *k = constants(EXP), *s = constants(TANH);
  lstm_units u;
  u.f = logistic(z_f, k, s);
  u.g = hyperbolic_tangent(z_g, k, s);
  u.i = logistic(z_i, k, s);
  u.o = logistic(z_o, k, s);
  u.c = multiply_add(u.f, c, u.g * u.i);
  return u;
}

/** LANES units: h = o ⊙ tanh(c), in both places. */
INLINE void lstm_output(const float *o, const float *c, float *h, float *more_h, i32 left) {
  const vec state = load_left(o, left, 0) *
                    hyperbolic_tangent(load_left(c, left, 0), constants(EXP), constants(TANH));
  store_left(h, state, left);
  if (more_h) store_left(more_h, state, left);
}

/**
 * The outputs of all units, once all cells are there: a processor looks a few hundred instructions ahead, and so
 * finds the tanh of the next units while it waits for the first.
 */
INLINE void lstm_outputs(const float *o, const float *c, float *h, float *more_h, i32 hidden) {
  i32 j = 0;
  for (; j + LANES <= hidden; j += LANES) {
    lstm_output(o + j, c + j, h + j, more_h ? more_h + j : 0, LANES);
  }
  if (j < hidden) lstm_output(o + j, c + j, h + j, more_h ? more_h + j : 0, hidden - j);
}

#endif
