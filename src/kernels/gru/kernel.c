/** gruForward, gruBackward: per step the products of all sequences' states, then the gates. */
#define TAILS_BY_CALL
#include "product.h"
#include "recurrent.h"
#include "vector-math.h"

/** LANES units (`left`, where fewer) of one sequence: z → r, z, n; h → the next one. */
INLINE void units_forward(float *z, const float *past, float *h, i32 hidden, i32 left) {
  const float *k = constants(EXP), *s = constants(TANH);
  vec r = logistic(load_left(z, left, 0), k, s);
  vec keep = logistic(load_left(z + hidden, left, 0), k, s);
  vec sum = multiply_add(r, load_left(past, left, 0), load_left(z + 2 * hidden, left, 0));
  vec n = hyperbolic_tangent(sum, k, s);
  store_left(z, r, left);
  store_left(z + hidden, keep, left);
  store_left(z + 2 * hidden, n, left);
  store_left(h, multiply_add(keep, load_left(h, left, 0), (splat(s[5]) - keep) * n), left);
}

static void step_forward(float *gates, const float *past, float *h, i32 hidden) {
  i32 j = 0;
  for (; j + LANES <= hidden; j += LANES) units_forward(gates + j, past + j, h + j, hidden, LANES);
  if (j < hidden) units_forward(gates + j, past + j, h + j, hidden, hidden - j);
}

/** All steps of some sequences: they need nothing of the others. */
typedef struct {
  const float *wh, *bn, *h0;
  const i32 *lengths;
  float *gates, *past, *hs, *hLast;
  i32 batch, steps, hidden, reverse, parts;
} forward_job;

static void forward(const forward_job *f, i32 first, i32 last) {
  const i32 steps = f->steps, hidden = f->hidden;
  i32 active[SEQUENCES];
  for (i32 step = 0; step < steps; step++) {
    const i32 t = step_after(step, steps, f->reverse);
    product p = {
        .a = f->hLast,
        .a_stride = hidden,
        .b = f->wh,
        .b_stride = 3 * hidden,
        .c = f->gates + (long)t * 3 * hidden,
        .c_stride = steps * 3 * hidden,
        .rows = active_sequences(f->lengths, first, last, t, steps, active),
        .columns = 2 * hidden,
        .inner = hidden,
        .accumulate = 1,
        .row_index = active,
    };
    compute_product(&p);
    p.b = f->wh + 2 * hidden;
    p.bias = f->bn;
    p.c = f->past + (long)t * hidden;
    p.c_stride = steps * hidden;
    p.columns = hidden;
    p.accumulate = 0;
    compute_product(&p);
    for (i32 n = first; n < last; n++) {
      long state = ((long)n * steps + t) * hidden;
      float *h = f->hLast + (long)n * hidden;
      if (t < length_of(f->lengths, n, steps)) {
        step_forward(f->gates + 3 * state, f->past + state, h, hidden);
      } else {
        copy_row(0, f->gates + 3 * state, 3 * hidden);
        copy_row(0, f->past + state, hidden);
      }
      copy_row(h, f->hs + state, hidden);
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
    }
    forward(f, n, end);
  }
}

EXPORT(gruForward)
void gruForward(float *gates, const float *wh, const float *bn, const float *h0, const i32 *lengths,
                float *past, float *hs, float *hLast, i32 batch, i32 steps, i32 hidden,
                i32 reverse) {
  forward_job job = {.wh = wh, .bn = bn, .h0 = h0, .lengths = lengths, .gates = gates,
                     .past = past, .hs = hs, .hLast = hLast, .batch = batch, .steps = steps,
                     .hidden = hidden, .reverse = reverse};
  job.parts = parts_of_threads(sequence_units(batch), 6.0 * batch * steps * hidden * hidden);
  compute_parts(forward_part, &job, job.parts);
}

/** Some units of one sequence: where their numbers are. */
typedef struct {
  const float *gates, *past, *before;
  float *dh, *dGates, *dPast;
} units;

INLINE units units_at(const units *u, i32 j) {
  return (units){.gates = u->gates + j, .past = u->past + j, .before = u->before ? u->before + j : 0,
                 .dh = u->dh + j, .dGates = u->dGates + j, .dPast = u->dPast + j};
}

/** dh of the state → the gradients of the gates' sums and of past, and dh ⊙ z. */
INLINE void units_backward(units u, i32 hidden, i32 left) {
  const vec one = splat(constants(TANH)[5]);
  vec r = load_left(u.gates, left, 0);
  vec z = load_left(u.gates + hidden, left, 0);
  vec n = load_left(u.gates + 2 * hidden, left, 0);
  vec earlier = u.before ? load_left(u.before, left, 0) : splat(0);
  vec dh = load_left(u.dh, left, 0);
  vec dn = dh * (one - z) * (one - n * n);
  store_left(u.dGates, dn * load_left(u.past, left, 0) * r * (one - r), left);
  store_left(u.dGates + hidden, dh * (earlier - n) * z * (one - z), left);
  store_left(u.dGates + 2 * hidden, dn, left);
  store_left(u.dPast, dn * r, left);
  store_left(u.dh, dh * z, left);
}

static void step_backward(const units *u, i32 hidden) {
  i32 j = 0;
  for (; j + LANES <= hidden; j += LANES) units_backward(units_at(u, j), hidden, LANES);
  if (j < hidden) units_backward(units_at(u, j), hidden, hidden - j);
}

typedef struct {
  const float *gates, *wh, *h0;
  const i32 *lengths;
  const float *past, *hs, *dhs, *dhLast;
  float *dGates, *dPast, *dh0, *dwh;
  i32 batch, steps, hidden, reverse, parts;
} backward_job;

/** All steps of some sequences, from the last to the first; dh0 holds the state's gradients. */
static void backward(const backward_job *b, i32 first, i32 last) {
  const i32 steps = b->steps, hidden = b->hidden;
  const long earlier = b->reverse ? hidden : -(long)hidden;
  i32 active[SEQUENCES];
  for (i32 step = steps - 1; step >= 0; step--) {
    const i32 t = step_after(step, steps, b->reverse);
    for (i32 n = first; n < last; n++) {
      long state = ((long)n * steps + t) * hidden, row = (long)n * hidden;
      add_row(b->dh0 + row, b->dhs + state, hidden);
      if (t < length_of(b->lengths, n, steps)) {
        const units all = {
            .gates = b->gates + 3 * state,
            .past = b->past + state,
            .before = step > 0 ? b->hs + state + earlier : b->h0 ? b->h0 + row : 0,
            .dh = b->dh0 + row,
            .dGates = b->dGates + 3 * state,
            .dPast = b->dPast + state,
        };
        step_backward(&all, hidden);
      } else {
        // The state stood still: its gradient is carried on, and no gate had a part in it.
        copy_row(0, b->dGates + 3 * state, 3 * hidden);
        copy_row(0, b->dPast + state, hidden);
      }
    }
    product p = {
        .a = b->dGates + (long)t * 3 * hidden,
        .a_stride = steps * 3 * hidden,
        .b = b->wh,
        .b_stride = 3 * hidden,
        .transpose_b = 1,
        .c = b->dh0,
        .c_stride = hidden,
        .rows = active_sequences(b->lengths, first, last, t, steps, active),
        .columns = hidden,
        .inner = 2 * hidden,
        .accumulate = 1,
        .row_index = active,
    };
    // a and c go by the same list: sequence n is row n of both.
    compute_product(&p);
    p.a = b->dPast + (long)t * hidden;
    p.a_stride = steps * hidden;
    p.b = b->wh + 2 * hidden;
    p.inner = hidden;
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
    }
    backward(b, n, end);
  }
}

INLINE i32 column_units(i32 hidden) { return (3 * hidden + PANEL - 1) / PANEL; }

/** Was [r, z, past] = … + h' · wh, so dwh += h'ᵀ · [dr, dz, dPast]. A part has some columns of dwh. */
static void backward_of_wh(const void *of, i32 part) {
  const backward_job *b = of;
  const i32 hidden = b->hidden, units = column_units(hidden), stride = 3 * hidden;
  const i32 first = PANEL * first_of_part(part, b->parts, units);
  const i32 last = smaller_of(PANEL * first_of_part(part + 1, b->parts, units), stride);
  const recurrence r = {.hs = b->hs, .h0 = b->h0, .lengths = b->lengths, .batch = b->batch,
                        .steps = b->steps, .hidden = hidden, .reverse = b->reverse};
  const i32 middle = smaller_of(last, 2 * hidden);
  if (first < middle) {
    add_state_products(&r, b->dGates + first, stride, b->dwh + first, stride, middle - first);
  }
  const i32 from = first < 2 * hidden ? 2 * hidden : first;
  if (from < last) {
    add_state_products(&r, b->dPast + from - 2 * hidden, hidden, b->dwh + from, stride, last - from);
  }
}

EXPORT(gruBackward)
void gruBackward(const float *gates, const float *wh, const float *h0, const i32 *lengths,
                 const float *past, const float *hs, const float *dhs, const float *dhLast,
                 float *dGates, float *dPast, float *dh0, float *dwh, i32 batch, i32 steps,
                 i32 hidden, i32 reverse) {
  backward_job job = {.gates = gates, .wh = wh, .h0 = h0, .lengths = lengths, .past = past,
                      .hs = hs, .dhs = dhs, .dhLast = dhLast, .dGates = dGates, .dPast = dPast,
                      .dh0 = dh0, .dwh = dwh, .batch = batch, .steps = steps, .hidden = hidden,
                      .reverse = reverse};
  const double flops = 6.0 * batch * steps * hidden * hidden;
  job.parts = parts_of_threads(sequence_units(batch), flops);
  compute_parts(backward_part, &job, job.parts);
  job.parts = parts_of_threads(column_units(hidden), flops);
  compute_parts(backward_of_wh, &job, job.parts);
}
