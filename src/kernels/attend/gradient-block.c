/**
 * The gradients of a block of scores:
 *
 *     dW = drop(dContext · valuesᵀ) + dWeights        dS = g ⊙ (dW − dot)
 *
 * with g and dot of the contract. Weights are read, or computed anew from the scores.
 */
#include "attend.h"
#include "softmax.h"
#include "vector-math.h"

/** Scores are computed anew where weights come from them, or the slope of their cap. */
static i32 needs_scores(const backward_job *job) {
  return !job->weights || RULE(job->call->softcap > 0);
}

void pack_block(const attention_view *v, const backward_job *job, i32 t, i32 count,
                backward_scratch *m) {
  pack_values_of(v, t, count, m->of_values);
  // Where keys are values, panels serve both.
  if (needs_scores(job) && v->keys != v->values) pack_keys_of(v, t, count, m->of_keys);
}

/** A row of W from its scores: exp(s − max) / sum. In place. */
static void weights_of_scores(float *row, i32 count, float max, float sum) {
  const float *k = constants(EXP);
  vec shift = splat(shift_of(max)), factor = splat(sum == 0 ? 1 : 1 / sum);
  for (i32 j = 0; j < count; j += LANES) {
    store(row + j, exp_of_negative(load(row + j) - shift, k) * factor);
  }
}

static void clear_denied(const i32 *denied, i32 count, float *row) {
  for (i32 j = 0; j < count; j += LANES) {
    store(row + j, (vec)(~*(const ivec_at *)(denied + j) & (ivec)load(row + j)));
  }
}

static void add_row(const float *more, i32 count, float *row) {
  for (i32 j = 0; j < count; j += LANES) {
    store(row + j, load(row + j) + load_left(more + j, count - j, 0));
  }
}

/** g of sparsemax and entmax: 1 where there is weight, or its root. */
static void support_of(i32 normalizer, const float *w, i32 count, float *g) {
  for (i32 j = 0; j < count; j++) {
    g[j] = normalizer == ENTMAX ? __builtin_sqrtf(w[j]) : w[j] == w[j] ? w[j] > 0 : w[j];
  }
}

/** dW of a row whose first part stands in it, and g. `w` is the row of weights. */
static void finish_weight_gradients(const attention_view *v, const backward_job *job, i32 q,
                                    key_span span, const float *w, float *row, float *g) {
  drop_weights(v, q, span, row);
  if (RULE(job->dWeights)) {
    add_row(job->dWeights + (v->row + q) * v->call->steps + span.from, span.count, row);
  }
  if (RULE(v->call->normalizer != SOFTMAX)) support_of(v->call->normalizer, w, span.count, g);
}

/** dS = g ⊙ (dW − dot), times the slope of the cap and the scale, in place of dW. */
static void finish_score_gradients(const float *g, i32 count, float dot, const float *cap_slopes,
                                   float scale, float *row) {
  const vec d = splat(dot), s = splat(scale);
  for (i32 j = 0; j < count; j += LANES) {
    vec x = load(g + j) * (load(row + j) - d);
    if (cap_slopes) x = x * load(cap_slopes + j);
    store(row + j, scale == 1 ? x : x * s);
  }
}

/** Whether nothing but a scale comes between dot products and weights, and weights and context. */
static i32 is_plain(const backward_job *job, key_span span) {
  const attention_call *c = job->call;
  return has_plain_scores(c) &&
         !RULE(span.partial || c->normalizer != SOFTMAX || c->drops || job->dWeights);
}

/** Such a row in one pass: `w` has its dot products, if weights are not kept, and receives the weights. */
INLINE void finish_plain(const float *kept, i32 count, float scale, float max, float sum, float dot,
                         float dScale, float *w, float *row) {
  const vec d = splat(dot), ds = splat(dScale);
  if (kept) {
    for (i32 j = 0; j < count; j += LANES) {
      const vec x = load_left(kept + j, count - j, 0);
      store(w + j, x);
      store(row + j, x * (load(row + j) - d) * ds);
    }
    return;
  }
  const float *k = constants(EXP);
  const vec shift = splat(shift_of(max)), factor = splat(sum == 0 ? 1 : 1 / sum), s = splat(scale);
  for (i32 j = 0; j < count; j += LANES) {
    const vec x = exp_of_negative(load(w + j) * s - shift, k) * factor;
    store(w + j, x);
    store(row + j, x * (load(row + j) - d) * ds);
  }
}

void gradient_block(const attention_view *v, const backward_job *job, i32 q, i32 rows, i32 t,
                    key_span span, i32 of_raw, backward_scratch *m) {
  const attention_call *c = v->call;
  const i32 count = span.count, panel = span.from - t, scored = needs_scores(job);
  const float scale = RULE(of_raw) ? c->scale : 1;
  raw_weight_gradients(v, job->dContext, q, rows, span, m->of_values + (long)panel * c->value_size,
                       m->scores);
  if (scored) {
    const float *panels = v->keys == v->values ? m->of_values : m->of_keys;
    raw_scores(v, q, rows, span, panels + (long)panel * c->size, m->weights);
  }
  denied_keys denied;
  float support[SCORE_STRIDE];
  const i32 plain = is_plain(job, span);
  for (i32 i = 0; i < rows; i++) {
    float *row = m->scores + i * SCORE_STRIDE, *w = m->weights + i * SCORE_STRIDE;
    const long at = v->row + q + i;
    const float *kept = job->weights ? job->weights + at * c->steps + span.from : 0;
    const float max = kept ? 0 : job->maxima[at], sum = kept ? 0 : job->sums[at];
    const float dot = job->dots ? job->dots[at] : dot_with_context(v, job, q + i);
    if (plain) {
      finish_plain(kept, count, c->scale, max, sum, dot, scale, w, row);
      continue;
    }
    float *cap_slopes = RULE(c->softcap > 0 && of_raw) ? m->cap_slopes : 0;
    if (RULE(span.partial)) deny_keys(v, q + i, span, denied);
    if (scored) finish_scores(v, q + i, span, MASKED, RULE(span.partial) ? denied : 0, w, cap_slopes);
    if (kept) {
      fetch_row(kept, count, w);
    } else {
      weights_of_scores(w, count, max, sum);
      if (RULE(span.partial)) clear_denied(denied, count, w);
    }
    finish_weight_gradients(v, job, q + i, span, w, row, support);
    finish_score_gradients(RULE(c->normalizer != SOFTMAX) ? support : w, count, dot, cap_slopes, scale, row);
    if (RULE(span.partial)) clear_denied(denied, count, row);
    drop_weights(v, q + i, span, w);
  }
}

/** Σ g · dW and Σ g of every row of a block, added to what stands in dots and totals. */
void dots_of_block(const attention_view *v, const backward_job *job, i32 q, i32 rows, i32 t,
                   key_span span, float *dots, float *totals, backward_scratch *m) {
  const attention_call *c = v->call;
  denied_keys denied;
  float support[SCORE_STRIDE];
  raw_weight_gradients(v, job->dContext, q, rows, span,
                       m->of_values + (long)(span.from - t) * c->value_size, m->scores);
  for (i32 i = 0; i < rows; i++) {
    float *row = m->scores + i * SCORE_STRIDE, *w = m->weights;
    fetch_row(job->weights + (v->row + q + i) * c->steps + span.from, span.count, w);
    finish_weight_gradients(v, job, q + i, span, w, row, support);
    const float *g = c->normalizer == SOFTMAX ? w : support;
    if (RULE(span.partial)) {
      deny_keys(v, q + i, span, denied);
      clear_denied(denied, span.count, row);
    }
    vec dot = splat(0), total = splat(0);
    for (i32 j = 0; j < span.count; j += LANES) {
      const vec x = load_left(g + j, span.count - j, 0);
      dot = multiply_add(x, load_left(row + j, span.count - j, 0), dot);
      total += x;
    }
    dots[i] += sum_lanes(dot);
    totals[i] += sum_lanes(total);
  }
}
