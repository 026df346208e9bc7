/**
 * The gradient of a bias: dScore, summed over the axes along which the bias was broadcast. It is cut by
 * the elements of the bias, and computes dScore anew for them: so it needs no memory, and no two threads
 * write one element.
 */
#include "attend.h"
#include "parallel.h"

typedef struct {
  backward_job job;
  float *dBias;
  i32 batches, heads, chunks;  // how many of each one unit is of
  i32 parts;
} bias_job;

/** What a block of dScore adds to the rows of dBias. */
static void add_block(const attention_view *v, i32 rows, i32 count, const float *dScores, float *dBias) {
  for (i32 i = 0; i < rows; i++) {
    const float *row = dScores + i * SCORE_STRIDE;
    float *out = dBias + i * v->bias_q;
    vec total = splat(0);
    for (i32 j = 0; j < count; j += LANES) {
      const i32 left = count - j;
      const vec x = load_left(row + j, left, 0);
      if (v->bias_t) {
        store_left(out + j, load_left(out + j, left, 0) + x, left);
      } else {
        total += x;
      }
    }
    if (!v->bias_t) *out += sum_lanes(total);
  }
}

/** Queries first … last of one head. */
static void add_head(const bias_job *b, const attention_view *v, i32 first, i32 last,
                     backward_scratch *m) {
  const key_span all = span_of(v, first, last - first);
  const i32 end = all.from + all.count;
  float *dBias = b->dBias + (v->bias - b->job.call->bias);
  for (i32 t = first_key_block(all.from); t < end; t += KEY_BLOCK) {
    pack_block(v, &b->job, t, smaller_of(end - t, KEY_BLOCK), m);
    for (i32 q = first; q < last; q += ROW_BLOCK) {
      const i32 rows = smaller_of(last - q, ROW_BLOCK);
      const key_span span = span_within(v, q, rows, t, smaller_of(end, t + KEY_BLOCK));
      if (span.count == 0) continue;
      gradient_block(v, &b->job, q, rows, t, span, 0, m);
      add_block(v, rows, span.count, m->scores, dBias + q * v->bias_q + span.from * v->bias_t);
    }
  }
}

/** One unit: the elements of dBias for a batch, a head and a chunk of queries, or for all of those. */
static void bias_unit(const bias_job *b, i32 n, i32 h, i32 chunk, backward_scratch *m) {
  const attention_call *c = b->job.call;
  const i32 axes = c->bias_axes;
  const i32 first = first_of_part(chunk, b->chunks, c->queries);
  const i32 last = first_of_part(chunk + 1, b->chunks, c->queries);
  const attention_view v = view_of(c, n, h);
  float *dBias = b->dBias + (v.bias - c->bias);
  const i32 lines = axes & AXIS_QUERIES ? last - first : 1;
  for (i32 i = 0; i < lines; i++) {
    zero(dBias + (first + i) * v.bias_q, axes & AXIS_STEPS ? c->steps : 1);
  }
  const i32 behind_n = axes & AXIS_BATCH ? n + 1 : c->batch;
  const i32 behind_h = axes & AXIS_HEADS ? h + 1 : c->heads;
  for (i32 i = n; i < behind_n; i++) {
    for (i32 j = h; j < behind_h; j++) {
      const attention_view w = view_of(c, i, j);
      if (first < last) add_head(b, &w, first, last, m);
    }
  }
}

static void bias_part(const void *of, i32 part) {
  const bias_job *b = of;
  backward_scratch m;
  const i32 units = b->batches * b->heads * b->chunks;
  const i32 last = first_of_part(part + 1, b->parts, units);
  for (i32 u = first_of_part(part, b->parts, units); u < last; u++) {
    const i32 head = u / b->chunks;
    bias_unit(b, head / b->heads, head % b->heads, u % b->chunks, &m);
  }
}

EXPORT(attendBiasBackward)
void attendBiasBackward(ATTENTION_ARGUMENTS, const float *maxima, const float *sums,
                        const float *weights, const float *dContext, const float *dWeights,
                        const float *dots, float *dBias) {
  const attention_call call = ATTENTION_CALL;
  bias_job b = {.job = {.call = &call, .maxima = maxima, .sums = sums, .weights = weights,
                        .dContext = dContext, .dWeights = dWeights, .dots = (float *)dots},
                .dBias = dBias};
  b.batches = biasAxes & AXIS_BATCH ? batch : 1;
  b.heads = biasAxes & AXIS_HEADS ? heads : 1;
  b.chunks = biasAxes & AXIS_QUERIES ? (queries + FORWARD_CHUNK - 1) / FORWARD_CHUNK : 1;
  // Without sequences or heads, what was broadcast along them has a gradient all the same: 0.
  const double flops = 4.0 * batch * heads * queries * steps * (size + valueSize);
  b.parts = parts_for(b.batches * b.heads * b.chunks, flops);
  compute_parts(bias_part, &b, b.parts);
}
