/**
 * The forward pass, in one of two ways. Without weights, a block of scores at a time, on the stack
 * (Dao et al. 2022): of its softmax, a row keeps the largest score and the sum so far (Milakov &
 * Gimelshein 2018). With weights, rows of scores are completed first.
 */
#include "attend.h"
#include "logarithm.h"
#include "parallel.h"
#include "softmax.h"
#include "sparse-softmax.h"
#include "vector-math.h"

typedef struct {
  const attention_call *call;
  float *context, *maxima, *sums, *weights, *log_sums;
  float *scores;  // of attentionScores, up to
  i32 stage;
  i32 chunks, parts;
} forward_job;

typedef struct {
  float scores[ROW_BLOCK * SCORE_STRIDE];
  key_panels panels;
  float tail[2 * KEY_BLOCK * PANEL];
} scratch;

static void scale_row(float *x, i32 count, float factor) {
  i32 j = 0;
  for (; j + LANES <= count; j += LANES) store(x + j, splat(factor) * load(x + j));
  if (j < count) store_part(x + j, splat(factor) * load_part(x + j, count - j, 0), count - j);
}

static void fill_row(float *x, i32 count, float value) {
  for (i32 j = 0; j < count; j += LANES) store_left(x + j, splat(value), count - j);
}

/**
 * One row meets `count` more scores, which become exp(score − max) with the maximum that is the largest
 * by now. What was summed up with the one before is scaled down to it, the row of the context too.
 */
static void meet_scores(float *scores, i32 count, float *max, float *sum, float *context, i32 size) {
  const float minus_infinity = -__builtin_inff();
  const float *k = constants(EXP);
  const i32 whole = count - count % LANES;
  if (count > whole) store(scores + whole, load_part(scores + whole, count - whole, minus_infinity));
  vec most = splat(*max);
  for (i32 j = 0; j < count; j += LANES) most = larger(load(scores + j), most);
  const float before = *max, after = largest_lane(most);
  const vec shift = splat(shift_of(after));
  vec totals = splat(0);
  for (i32 j = 0; j < count; j += LANES) {
    vec e = exp_of_negative(load(scores + j) - shift, k);
    totals += e;
    store(scores + j, e);
  }
  float total = sum_lanes(totals);
  if (before != after) {
    float factor = exp_of_negative(splat(before) - shift, k)[0];
    *sum *= factor;
    scale_row(context, size, factor);
    *max = after;
  }
  *sum += total;
}

/** m->scores = the scores of a block, as far as `stage`. */
static void block_of_scores(const attention_view *v, i32 q, i32 rows, i32 t, key_span span,
                            i32 stage, scratch *m) {
  denied_keys denied;
  raw_scores(v, q, rows, span, m->panels + (long)(span.from - t) * v->call->size, m->scores);
  if (v->call->scale == 1 && has_plain_scores(v->call) && !RULE(span.partial)) return;
  for (i32 i = 0; i < rows; i++) {
    if (RULE(span.partial)) deny_keys(v, q + i, span, denied);
    finish_scores(v, q + i, span, stage, RULE(span.partial) ? denied : 0, m->scores + i * SCORE_STRIDE, 0);
  }
}

/** context rows += weights · values for a block of weights that lies `stride` apart. */
static void add_to_context(const attention_view *v, i32 q, i32 rows, key_span span,
                           const float *weights, long stride, float *context, float *tail) {
  const i32 size = v->call->value_size;
  const float *values = v->values + span.from * v->value_row;
  if (RULE(span.partial) && has_strangers(values, v->value_row, span.count, size)) {
    // 0 · NaN is NaN, so those that must not meet may not be multiplied.
    denied_keys denied;
    for (i32 i = 0; i < rows; i++) {
      deny_keys(v, q + i, span, denied);
      for (i32 j = 0; j < span.count; j++) {
        if (denied[j]) continue;
        const float *value = values + j * v->value_row;
        for (i32 e = 0; e < size; e++) {
          context[i * v->context_row + e] += weights[i * stride + j] * value[e];
        }
      }
    }
    return;
  }
  const block_product p = {
      .form = BY_ROWS,
      .a = weights,
      .a_stride = stride,
      .b = values,
      .b_stride = v->value_row,
      .panel_stride = PANEL,
      .terms = span.count,
      .c = context,
      .c_stride = v->context_row,
      .rows = rows,
      .columns = size,
      .keep = 1,
  };
  compute_block(&p, tail);
}

/** Queries first … last of a head, without weights. */
static void online_chunk(const forward_job *job, const attention_view *v, i32 first, i32 last,
                         scratch *m) {
  const i32 size = v->call->value_size;
  const key_span all = span_of(v, first, last - first);
  const i32 end = all.from + all.count;
  float *context = job->context + v->context_at;
  for (i32 q = first; q < last; q++) {
    job->maxima[v->row + q] = -__builtin_inff();
    job->sums[v->row + q] = 0;
    zero(context + q * v->context_row, size);
  }
  for (i32 t = first_key_block(all.from); t < end; t += KEY_BLOCK) {
    pack_keys_of(v, t, smaller_of(end - t, KEY_BLOCK), m->panels);
    for (i32 q = first; q < last; q += ROW_BLOCK) {
      const i32 rows = smaller_of(last - q, ROW_BLOCK);
      const key_span span = span_within(v, q, rows, t, smaller_of(end, t + KEY_BLOCK));
      if (span.count == 0) continue;
      float *out = context + q * v->context_row;
      block_of_scores(v, q, rows, t, span, MASKED, m);
      for (i32 i = 0; i < rows; i++) {
        float *row = m->scores + i * SCORE_STRIDE;
        meet_scores(row, span.count, job->maxima + v->row + q + i, job->sums + v->row + q + i,
                    out + i * v->context_row, size);
        drop_weights(v, q + i, span, row);
      }
      add_to_context(v, q, rows, span, m->scores, SCORE_STRIDE, out, m->tail);
    }
  }
  for (i32 q = first; q < last; q++) {
    const float sum = job->sums[v->row + q];
    scale_row(context + q * v->context_row, size, sum == 0 ? 1 : 1 / sum);
  }
}

/** Σ exp(x − max), and the maximum. */
static float sum_of_exponentials(const float *x, i32 count, float *max) {
  const float *k = constants(EXP);
  vec most = splat(-__builtin_inff()), total = splat(0);
  for (i32 j = 0; j < count; j += LANES) {
    most = larger(load_left(x + j, count - j, -__builtin_inff()), most);
  }
  *max = largest_lane(most);
  const vec shift = splat(shift_of(*max));
  for (i32 j = 0; j < count; j += LANES) {
    total += exp_of_negative(load_left(x + j, count - j, -__builtin_inff()) - shift, k);
  }
  return sum_lanes(total);
}

/** A row of scores becomes weights; those of denied keys are 0, even beside NaN. */
static void normalise(const forward_job *job, const attention_view *v, i32 q, i32 from, i32 end) {
  const i32 steps = v->call->steps;
  float *row = job->weights + (v->row + q) * steps;
  float sum = 1, *x = row + from;
  const i32 count = end - from, normalizer = v->call->normalizer;
  float max = 0;
  if (normalizer == SOFTMAX) {
    max = softmax_row(x, x, count, &sum);
  } else {
    if (job->log_sums) sum = sum_of_exponentials(x, count, &max);
    (normalizer == SPARSEMAX ? sparsemax_row : entmax_row)(x, x, count);
  }
  job->maxima[v->row + q] = max;
  job->sums[v->row + q] = sum;
  zero(row, from);
  zero(row + end, steps - end);
  // One NaN makes all of the row NaN, the first number too.
  if (count == 0 || *x == *x) return;
  denied_keys denied;
  for (i32 t = from; t < end; t += KEY_BLOCK) {
    const key_span span = {t, smaller_of(end - t, KEY_BLOCK), 1};
    deny_keys(v, q, span, denied);
    for (i32 j = 0; j < span.count; j++) row[t + j] = denied[j] ? 0 : row[t + j];
  }
}

/** Queries first … last of a head, with weights. */
static void kept_chunk(const forward_job *job, const attention_view *v, i32 first, i32 last,
                       scratch *m) {
  const i32 steps = v->call->steps;
  const key_span all = span_of(v, first, last - first);
  const i32 end = all.from + all.count, begin = first_key_block(all.from);
  float *context = job->context + v->context_at;
  for (i32 q = first; q < last; q++) zero(context + q * v->context_row, v->call->value_size);
  for (i32 t = begin; t < end; t += KEY_BLOCK) {
    const i32 behind = smaller_of(end, t + KEY_BLOCK);
    pack_keys_of(v, t, behind - t, m->panels);
    for (i32 q = first; q < last; q += ROW_BLOCK) {
      const i32 rows = smaller_of(last - q, ROW_BLOCK);
      const key_span span = span_within(v, q, rows, t, behind);
      if (span.count > 0) block_of_scores(v, q, rows, t, span, MASKED, m);
      for (i32 i = 0; i < rows; i++) {
        float *row = job->weights + (v->row + q + i) * steps;
        const i32 next = span.from + span.count;
        fill_row(row + t, span.from - t, -__builtin_inff());
        put_row(m->scores + i * SCORE_STRIDE, span.count, row + span.from);
        fill_row(row + next, behind - next, -__builtin_inff());
      }
    }
  }
  for (i32 q = first; q < last; q++) normalise(job, v, q, begin, end > begin ? end : begin);
  for (i32 q = first; q < last; q += ROW_BLOCK) {
    const i32 rows = smaller_of(last - q, ROW_BLOCK);
    for (i32 t = begin; t < end; t += KEY_BLOCK) {
      const key_span span = span_within(v, q, rows, t, smaller_of(end, t + KEY_BLOCK));
      if (span.count == 0) continue;
      const float *weights = job->weights + (v->row + q) * steps + span.from;
      long stride = steps;
      if (v->call->drops) {
        for (i32 i = 0; i < rows; i++) {
          float *row = m->scores + i * SCORE_STRIDE;
          fetch_row(weights + i * steps, span.count, row);
          drop_weights(v, q + i, span, row);
        }
        weights = m->scores;
        stride = SCORE_STRIDE;
      }
      add_to_context(v, q, rows, span, weights, stride, context + q * v->context_row, m->tail);
    }
  }
}

#ifndef HEED_PLAIN
/** `vecs` vectors of columns of Σ weights[t] · rows[t], whose sums stay in registers. */
INLINE void sum_columns(const i32 vecs, const float *weights, i32 count, const float *rows, long row,
                        i32 left, float *y) {
  vec sums[8];
#pragma GCC unroll 8
  for (i32 i = 0; i < vecs; i++) sums[i] = splat(0);
  for (i32 t = 0; t < count; t++) {
    const vec weight = splat(weights[t]);
#pragma GCC unroll 8
    for (i32 i = 0; i < vecs; i++) {
      sums[i] = multiply_add(weight, load_left(rows + i * LANES, left - i * LANES, 0), sums[i]);
    }
    rows += row;
  }
#pragma GCC unroll 8
  for (i32 i = 0; i < vecs; i++) store_left(y + i * LANES, sums[i], left - i * LANES);
}

/** Whether a call is a decoder's step: one query, which softmaxed products of all keys are asked of. */
static i32 is_step(const forward_job *job) {
  const attention_call *c = job->call;
  return c->queries == 1 && job->weights && c->normalizer == SOFTMAX && !c->additive && !c->drops &&
         !c->mask && has_plain_scores(c) && c->left < 0 && c->right < 0;
}

/** kept_chunk of such a call: what blocks cost, one row does not make up for. The order of sums is the same. */
static void step_of_head(const forward_job *job, const attention_view *v) {
  const attention_call *c = v->call;
  const i32 size = c->value_size, count = v->length;
  float *row = job->weights + v->row * c->steps, *context = job->context + v->context_at;
  dot_products(v->query, c->size, 1, v->keys, (i32)v->key_row, count, c->size, row, c->steps);
  if (c->scale != 1) scale_row(row, count, c->scale);
  job->maxima[v->row] = softmax_row(row, row, count, job->sums + v->row);
  zero(row + count, c->steps - count);
  i32 j = 0;
  for (; j + 8 * LANES <= size; j += 8 * LANES) {
    sum_columns(8, row, count, v->values + j, v->value_row, 8 * LANES, context + j);
  }
  for (; j + 4 * LANES <= size; j += 4 * LANES) {
    sum_columns(4, row, count, v->values + j, v->value_row, 4 * LANES, context + j);
  }
  for (; j < size; j += LANES) {
    sum_columns(1, row, count, v->values + j, v->value_row, smaller_of(size - j, LANES), context + j);
  }
}
#endif

/** Scores of queries first … last, as far as the stage; they are asked for to be looked at. */
static void scores_chunk(const forward_job *job, const attention_view *v, i32 first, i32 last,
                         scratch *m) {
  const i32 steps = v->call->steps, known = job->stage == MASKED ? v->length : steps;
  for (i32 t = 0; t < steps; t += KEY_BLOCK) {
    key_span span = {t, smaller_of(known - t, KEY_BLOCK), job->stage == MASKED};
    if (span.count < 0) span.count = 0;
    if (span.count > 0) pack_keys_of(v, t, span.count, m->panels);
    const i32 behind = smaller_of(steps - t, KEY_BLOCK);
    for (i32 q = first; q < last; q += ROW_BLOCK) {
      const i32 rows = smaller_of(last - q, ROW_BLOCK);
      if (span.count > 0) block_of_scores(v, q, rows, t, span, job->stage, m);
      for (i32 i = 0; i < rows; i++) {
        float *row = job->scores + (v->row + q + i) * steps + t;
        put_row(m->scores + i * SCORE_STRIDE, span.count, row);
        fill_row(row + span.count, behind - span.count, -__builtin_inff());
      }
    }
  }
}

static void forward_part(const void *of, i32 part) {
  const forward_job *job = of;
  const attention_call *c = job->call;
  scratch m;
#ifndef HEED_PLAIN
  const i32 steps = is_step(job);
#endif
  const i32 units = c->batch * c->heads * job->chunks;
  const i32 behind = first_of_part(part + 1, job->parts, units);
  for (i32 u = first_of_part(part, job->parts, units); u < behind; u++) {
    const i32 head = u / job->chunks, chunk = u % job->chunks;
    const attention_view v = view_of(c, head / c->heads, head % c->heads);
    const i32 first = first_of_part(chunk, job->chunks, c->queries);
    const i32 last = first_of_part(chunk + 1, job->chunks, c->queries);
    if (RULE(job->scores)) {
      scores_chunk(job, &v, first, last, &m);
      continue;
    }
#ifndef HEED_PLAIN
    // Of more keys, sums are added up block by block.
    if (steps && v.length <= KEY_BLOCK) step_of_head(job, &v);
    else
#endif
      (RULE(job->weights) ? kept_chunk : online_chunk)(job, &v, first, last, &m);
    for (i32 q = first; q < last && RULE(job->log_sums); q++) {
      const float max = job->maxima[v.row + q], sum = job->sums[v.row + q];
      job->log_sums[v.row + q] = sum == 0 ? -__builtin_inff() : (float)(max + logarithm(sum));
    }
  }
}

static void forward(forward_job job) {
  const attention_call *c = job.call;
  job.chunks = (c->queries + FORWARD_CHUNK - 1) / FORWARD_CHUNK;
  const double flops = 2.0 * c->batch * c->heads * c->queries * c->steps * (c->size + c->value_size);
  job.parts = parts_for(c->batch * c->heads * job.chunks, flops);
  compute_parts(forward_part, &job, job.parts);
}

EXPORT(attendForward)
void attendForward(ATTENTION_ARGUMENTS, float *context, float *maxima, float *sums, float *weights,
                   float *logSumExp) {
  const attention_call call = ATTENTION_CALL;
  forward((forward_job){.call = &call, .context = context, .maxima = maxima, .sums = sums,
                        .weights = weights, .log_sums = logSumExp});
}

#ifndef HEED_PLAIN
EXPORT(attentionScores)
void attentionScores(ATTENTION_ARGUMENTS, i32 stage, float *scores) {
  const attention_call call = ATTENTION_CALL;
  forward((forward_job){.call = &call, .scores = scores, .stage = stage});
}
#endif
