/** lstmForward, lstmBackward: per step one product of all sequences' states, then the gates. */
#define TAILS_BY_CALL
#include "lstm.h"
#include "product.h"
#include "recurrent.h"

/** LANES units (`left`, where fewer) of one sequence: z → f, g, i, o; c → the next one. */
INLINE void units_forward(float *z, float *c, i32 hidden, i32 left) {
  const lstm_units u = lstm_step(load_left(z, left, 0), load_left(z + hidden, left, 0),
                                 load_left(z + 2 * hidden, left, 0),
                                 load_left(z + 3 * hidden, left, 0), load_left(c, left, 0));
  store_left(z, u.f, left);
  store_left(z + hidden, u.g, left);
  store_left(z + 2 * hidden, u.i, left);
  store_left(z + 3 * hidden, u.o, left);
  store_left(c, u.c, left);
}

static void step_forward(float *gates, float *h, float *c, i32 hidden) {
  i32 j = 0;
  for (; j + LANES <= hidden; j += LANES) units_forward(gates + j, c + j, hidden, LANES);
  if (j < hidden) units_forward(gates + j, c + j, hidden, hidden - j);
  lstm_outputs(gates + 3 * hidden, c, h, 0, hidden);
}

/** All steps of some sequences: they need nothing of the others. */
typedef struct {
  const float *wh, *h0, *c0;
  const i32 *lengths;
  float *gates, *hs, *cs, *hLast, *cLast;
  i32 batch, steps, hidden, reverse, parts;
} forward_job;

static void forward(const forward_job *f, i32 first, i32 last) {
  const i32 steps = f->steps, hidden = f->hidden;
  i32 active[SEQUENCES];
  for (i32 step = 0; step < steps; step++) {
    const i32 t = step_after(step, steps, f->reverse);
    i32 count = active_sequences(f->lengths, first, last, t, steps, active);
    const product p = {
        .a = step > 0 ? f->hs + (long)step_after(step - 1, steps, f->reverse) * hidden : f->h0,
        .a_stride = step > 0 ? steps * hidden : hidden,
        .b = f->wh,
        .b_stride = 4 * hidden,
        .c = f->gates + (long)t * 4 * hidden,
        .c_stride = steps * 4 * hidden,
        .rows = count,
        .columns = 4 * hidden,
        .inner = hidden,
        .accumulate = 1,
        .row_index = active,
    };
    if (step > 0 || f->h0) compute_product(&p);
    for (i32 n = first; n < last; n++) {
      long state = ((long)n * steps + t) * hidden;
      float *h = f->hLast + (long)n * hidden, *c = f->cLast + (long)n * hidden;
      if (t < length_of(f->lengths, n, steps)) {
        step_forward(f->gates + 4 * state, h, c, hidden);
      } else {
        float *gates = f->gates + 4 * state;
        for (i32 gate = 0; gate < 4; gate++) copy_row(0, gates + gate * hidden, hidden);
      }
      copy_row(h, f->hs + state, hidden);
      copy_row(c, f->cs + state, hidden);
    }
  }
}

static void forward_part(const void *of, i32 part) {
  const forward_job *f = of;
  const i32 last = first_sequence(part + 1, f->parts, f->batch);
  for (i32 n = first_sequence(part, f->parts, f->batch); n < last; n += SEQUENCES) {
    i32 end = smaller_of(last, n + SEQUENCES);
    for (i32 i = n; i < end; i++) {
      long row = (long)i * f->hidden;
      copy_row(f->h0 ? f->h0 + row : 0, f->hLast + row, f->hidden);
      copy_row(f->c0 ? f->c0 + row : 0, f->cLast + row, f->hidden);
    }
    forward(f, n, end);
  }
}

EXPORT(lstmForward)
void lstmForward(float *gates, const float *wh, const float *h0, const float *c0,
                 const i32 *lengths, float *hs, float *cs, float *hLast, float *cLast, i32 batch,
                 i32 steps, i32 hidden, i32 reverse) {
  forward_job job = {.wh = wh, .h0 = h0, .c0 = c0, .lengths = lengths, .gates = gates, .hs = hs,
                     .cs = cs, .hLast = hLast, .cLast = cLast, .batch = batch, .steps = steps,
                     .hidden = hidden, .reverse = reverse};
  job.parts = parts_of_threads(sequence_units(batch), 8.0 * batch * steps * hidden * hidden);
  compute_parts(forward_part, &job, job.parts);
}

/** (dh, dc) of the state → the gradient dz of the gates' sums, and dc of the state before. */
INLINE void units_backward(const float *gates, const float *c, const float *before, const float *dh,
                           float *dc, float *dz, i32 hidden, i32 left) {
  const float *k = constants(EXP), *s = constants(TANH);
  vec one = splat(s[5]);
  vec f = load_left(gates, left, 0);
  vec g = load_left(gates + hidden, left, 0);
  vec i = load_left(gates + 2 * hidden, left, 0);
  vec o = load_left(gates + 3 * hidden, left, 0);
  vec state = load_left(c, left, 0);
  vec d = load_left(dh, left, 0);
  vec earlier = before ? load_left(before, left, 0) : splat(0);
  vec e = multiply_add(d * o, slope_of_tangent(state, k, s), load_left(dc, left, 0));
  store_left(dz, e * earlier * f * (one - f), left);
  store_left(dz + hidden, e * i * (one - g * g), left);
  store_left(dz + 2 * hidden, e * g * i * (one - i), left);
  store_left(dz + 3 * hidden, d * hyperbolic_tangent(state, k, s) * o * (one - o), left);
  store_left(dc, e * f, left);
}

static void step_backward(const float *gates, const float *c, const float *before, const float *dh,
                          float *dc, float *dz, i32 hidden) {
  i32 j = 0;
  for (; j + LANES <= hidden; j += LANES) {
    const float *b = before ? before + j : 0;
    units_backward(gates + j, c + j, b, dh + j, dc + j, dz + j, hidden, LANES);
  }
  if (j < hidden) {
    const float *b = before ? before + j : 0;
    units_backward(gates + j, c + j, b, dh + j, dc + j, dz + j, hidden, hidden - j);
  }
}

typedef struct {
  const float *gates, *wh, *h0, *c0;
  const i32 *lengths;
  const float *hs, *cs, *dhs, *dhLast, *dcLast;
  float *dGates, *dh0, *dc0, *dwh;
  i32 batch, steps, hidden, reverse, parts;
} backward_job;

/** All steps of some sequences, from the last to the first; dh0 and dc0 hold the state's gradients. */
static void backward(const backward_job *b, i32 first, i32 last) {
  const i32 steps = b->steps, hidden = b->hidden;
  const long earlier = b->reverse ? hidden : -(long)hidden;
  float *dh = b->dh0, *dc = b->dc0;
  i32 active[SEQUENCES];
  for (i32 step = steps - 1; step >= 0; step--) {
    const i32 t = step_after(step, steps, b->reverse);
    for (i32 n = first; n < last; n++) {
      long state = ((long)n * steps + t) * hidden, row = (long)n * hidden;
      add_row(dh + row, b->dhs + state, hidden);
      if (t < length_of(b->lengths, n, steps)) {
        const float *before = step > 0 ? b->cs + state + earlier : b->c0 ? b->c0 + row : 0;
        step_backward(b->gates + 4 * state, b->cs + state, before, dh + row, dc + row,
                      b->dGates + 4 * state, hidden);
      } else {
        // The state stood still: its gradient is carried on, and no gate had a part in it.
        for (i32 gate = 0; gate < 4; gate++) {
          copy_row(0, b->dGates + 4 * state + gate * hidden, hidden);
        }
      }
    }
    const product p = {
        .a = b->dGates + (long)t * 4 * hidden,
        .a_stride = steps * 4 * hidden,
        .b = b->wh,
        .b_stride = 4 * hidden,
        .transpose_b = 1,
        .c = dh,
        .c_stride = hidden,
        .rows = active_sequences(b->lengths, first, last, t, steps, active),
        .columns = hidden,
        .inner = 4 * hidden,
        .row_index = active,
    };
    // a and c go by the same list: sequence n is row n of both.
    compute_product(&p);
  }
}

static void backward_part(const void *of, i32 part) {
  const backward_job *b = of;
  const i32 last = first_sequence(part + 1, b->parts, b->batch);
  for (i32 n = first_sequence(part, b->parts, b->batch); n < last; n += SEQUENCES) {
    i32 end = smaller_of(last, n + SEQUENCES);
    for (i32 i = n; i < end; i++) {
      long row = (long)i * b->hidden;
      copy_row(b->dhLast ? b->dhLast + row : 0, b->dh0 + row, b->hidden);
      copy_row(b->dcLast ? b->dcLast + row : 0, b->dc0 + row, b->hidden);
    }
    backward(b, n, end);
  }
}

INLINE i32 column_units(i32 hidden) { return (4 * hidden + PANEL - 1) / PANEL; }

/** Was z = gates + h' · wh, so dwh += h'ᵀ · dz. A part has some columns of dwh. */
static void backward_of_wh(const void *of, i32 part) {
  const backward_job *b = of;
  const i32 columns = 4 * b->hidden, units = column_units(b->hidden);
  const i32 first = PANEL * first_of_part(part, b->parts, units);
  const i32 last = smaller_of(PANEL * first_of_part(part + 1, b->parts, units), columns);
  const recurrence r = {.hs = b->hs, .h0 = b->h0, .lengths = b->lengths, .batch = b->batch,
                        .steps = b->steps, .hidden = b->hidden, .reverse = b->reverse};
  add_state_products(&r, b->dGates + first, columns, b->dwh + first, columns, last - first);
}

EXPORT(lstmBackward)
void lstmBackward(const float *gates, const float *wh, const float *h0, const float *c0,
                  const i32 *lengths, const float *hs, const float *cs, const float *dhs,
                  const float *dhLast, const float *dcLast, float *dGates, float *dh0, float *dc0,
                  float *dwh, i32 batch, i32 steps, i32 hidden, i32 reverse) {
  backward_job job = {.gates = gates, .wh = wh, .h0 = h0, .c0 = c0, .lengths = lengths, .hs = hs,
                      .cs = cs, .dhs = dhs, .dhLast = dhLast, .dcLast = dcLast, .dGates = dGates,
                      .dh0 = dh0, .dc0 = dc0, .dwh = dwh, .batch = batch, .steps = steps,
                      .hidden = hidden, .reverse = reverse};
  const double flops = 8.0 * batch * steps * hidden * hidden;
  job.parts = parts_of_threads(sequence_units(batch), flops);
  compute_parts(backward_part, &job, job.parts);
  job.parts = parts_of_threads(column_units(hidden), flops);
  compute_parts(backward_of_wh, &job, job.parts);
}
