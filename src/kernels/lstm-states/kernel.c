/** lstmStates: as lstmForward, but what a backward pass would need is kept nowhere. */
#define TAILS_BY_CALL
#include "lstm.h"
#include "product.h"
#include "recurrent.h"

/** Sequences that are stepped together: few enough that their sums stay in the cache. */
#define TOGETHER 96

typedef struct {
  const float *inputs;
  const i32 *ids;
  const float *wh, *h0, *c0;
  const i32 *lengths;
  float *hs, *hLast, *cLast, *sums;
  i32 batch, steps, hidden, width, reverse, parts;
} job;

/** LANES units (`left`, where fewer): what comes in, and from the state before → o, and c → the next one. */
INLINE void units(const float *x, const float *sums, float *o, float *c, i32 hidden, i32 left,
                  const i32 has_sums) {
  vec z[4];
#pragma GCC unroll 4
  for (i32 gate = 0; gate < 4; gate++) {
    z[gate] = load_left(x + gate * hidden, left, 0);
    if (has_sums) z[gate] = z[gate] + load_left(sums + gate * hidden, left, 0);
  }
  const lstm_units u = lstm_step(z[0], z[1], z[2], z[3], load_left(c, left, 0));
  store_left(c, u.c, left);
  store_left(o, u.o, left);
}

/** A step of one sequence. Once read, sums[0 … H − 1] become o. */
INLINE void step_of(const float *x, float *sums, float *h, float *c, float *hs, i32 hidden,
                    const i32 has_sums) {
  i32 j = 0;
  for (; j + LANES <= hidden; j += LANES) {
    units(x + j, sums + j, sums + j, c + j, hidden, LANES, has_sums);
  }
  if (j < hidden) units(x + j, sums + j, sums + j, c + j, hidden, hidden - j, has_sums);
  lstm_outputs(sums, c, h, hs, hidden);
}

static void first_step_of(const float *x, float *sums, float *h, float *c, float *hs, i32 hidden) {
  step_of(x, sums, h, c, hs, hidden, 0);
}

static void later_step_of(const float *x, float *sums, float *h, float *c, float *hs, i32 hidden) {
  step_of(x, sums, h, c, hs, hidden, 1);
}

/** All steps of sequences first … last; `sums` has room for the sums of all of them. */
static void states(const job *s, i32 first, i32 last, float *sums) {
  const i32 steps = s->steps, hidden = s->hidden, width = s->width;
  i32 active[TOGETHER];
  for (i32 step = 0; step < steps; step++) {
    const i32 t = step_after(step, steps, s->reverse);
    const i32 count = active_sequences(s->lengths, first, last, t, steps, active);
    for (i32 i = 0; i < count; i++) active[i] -= first;
    const i32 has_sums = step > 0 || s->h0;
    const product p = {
        .a = s->hLast + (long)first * width,
        .a_stride = width,
        .b = s->wh,
        .b_stride = 4 * hidden,
        .c = sums,
        .c_stride = 4 * hidden,
        .rows = count,
        .columns = 4 * hidden,
        .inner = hidden,
        .row_index = active,
    };
    if (has_sums) compute_product(&p);
    for (i32 n = first; n < last; n++) {
      const long place = (long)n * steps + t;
      float *h = s->hLast + (long)n * width, *c = s->cLast + (long)n * width;
      float *hs = s->hs ? s->hs + place * width : 0;
      if (t >= length_of(s->lengths, n, steps)) {
        if (hs) copy_row(h, hs, hidden);
        continue;
      }
      const float *x = s->inputs + (s->ids ? s->ids[place] : place) * 4 * hidden;
      float *own = sums + (long)(n - first) * 4 * hidden;
      (has_sums ? later_step_of : first_step_of)(x, own, h, c, hs, hidden);
    }
  }
}

static void part_of_states(const void *of, i32 part) {
  const job *s = of;
  const i32 hidden = s->hidden, last = first_sequence(part + 1, s->parts, s->batch);
  const i32 begin = first_sequence(part, s->parts, s->batch);
  // What a part is through with makes room for what comes next, which finds it in the cache.
  float *sums = s->sums + (long)begin * 4 * hidden;
  for (i32 first = begin; first < last; first += TOGETHER) {
    const i32 end = smaller_of(last, first + TOGETHER);
    for (i32 n = first; n < end; n++) {
      const long row = (long)n * hidden, place = (long)n * s->width;
      copy_row(s->h0 ? s->h0 + row : 0, s->hLast + place, hidden);
      copy_row(s->c0 ? s->c0 + row : 0, s->cLast + place, hidden);
    }
    states(s, first, end, sums);
  }
}

EXPORT(lstmStates)
void lstmStates(const float *inputs, const i32 *ids, const float *wh, const float *h0,
                const float *c0, const i32 *lengths, float *hs, float *hLast, float *cLast,
                float *sums, i32 batch, i32 steps, i32 hidden, i32 width, i32 offset, i32 reverse) {
  job s = {.inputs = inputs, .ids = ids, .wh = wh, .h0 = h0, .c0 = c0, .lengths = lengths,
           .hs = hs ? hs + offset : 0, .hLast = hLast + offset, .cLast = cLast + offset,
           .sums = sums, .batch = batch, .steps = steps, .hidden = hidden, .width = width,
           .reverse = reverse};
  s.parts = parts_of_threads(sequence_units(batch), 8.0 * batch * steps * hidden * hidden);
  compute_parts(part_of_states, &s, s.parts);
}
