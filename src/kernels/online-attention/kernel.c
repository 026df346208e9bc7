/**
 * Attention whose weights are never held (Dao et al. 2022): a block of scores at a time, on the stack.
 * Of the softmax, a row keeps its largest score and its sum so far (Milakov & Gimelshein 2018).
 */
#include "attention/attention.h"
#include "parallel.h"
#include "softmax.h"
#include "vector-math.h"

typedef struct {
  const float *query, *keys, *values;
  const i32 *lengths;
  float *context, *maxima, *sums;
  i32 batch, queries, steps, size;
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

/** A chunk of the queries of one sequence, from the first of which the arrays begin. */
static void forward_chunk(extent e, const float *query, i32 rows, const float *keys,
                          const float *values, float *context, float *maxima, float *sums,
                          scratch *m) {
  for (i32 i = 0; i < rows; i++) {
    maxima[i] = -__builtin_inff();
    sums[i] = 0;
  }
  zero(context, (long)rows * e.size);
  for (i32 t = 0; t < e.length; t += KEY_BLOCK) {
    const i32 count = smaller_of(e.length - t, KEY_BLOCK);
    const float *block = keys + (long)t * e.size;
    pack_keys(e, block, count, m->panels);
    for (i32 q = 0; q < rows; q += ROW_BLOCK) {
      const i32 some = smaller_of(rows - q, ROW_BLOCK);
      float *out = context + (long)q * e.size;
      block_scores(e, query + (long)q * e.size, some, block, count, m->panels, m->scores,
                   SCORE_STRIDE);
      for (i32 i = 0; i < some; i++) {
        meet_scores(m->scores + i * SCORE_STRIDE, count, maxima + q + i, sums + q + i,
                    out + (long)i * e.size, e.size);
      }
      const block_product of_context = {
          .form = BY_ROWS,
          .a = m->scores,
          .a_stride = SCORE_STRIDE,
          .b = values + (long)t * e.size,
          .b_stride = e.size,
          .panel_stride = PANEL,
          .terms = count,
          .c = out,
          .c_stride = e.size,
          .rows = some,
          .columns = e.size,
          .keep = 1,
      };
      compute_block(&of_context, m->tail);
    }
  }
  for (i32 i = 0; i < rows; i++) {
    scale_row(context + (long)i * e.size, e.size, sums[i] == 0 ? 1 : 1 / sums[i]);
  }
}

static void forward_part(const void *of, i32 part) {
  const forward_job *job = of;
  scratch m;
  const i32 units = job->batch * job->chunks;
  const i32 last = first_of_part(part + 1, job->parts, units);
  for (i32 u = first_of_part(part, job->parts, units); u < last; u++) {
    const i32 n = u / job->chunks, chunk = u % job->chunks;
    const extent e = extent_of(job->lengths, n, job->queries, job->steps, job->size);
    const i32 first = first_of_part(chunk, job->chunks, e.queries);
    const i32 rows = first_of_part(chunk + 1, job->chunks, e.queries) - first;
    const long q = (long)n * e.queries + first, t = (long)n * e.steps * e.size;
    forward_chunk(e, job->query + q * e.size, rows, job->keys + t, job->values + t,
                  job->context + q * e.size, job->maxima + q, job->sums + q, &m);
  }
}

EXPORT(onlineAttentionForward)
void onlineAttentionForward(const float *query, const float *keys, const float *values,
                            const i32 *lengths, float *context, float *maxima, float *sums,
                            i32 batch, i32 queries, i32 steps, i32 size) {
  forward_job job = {.query = query, .keys = keys, .values = values, .lengths = lengths,
                     .context = context, .maxima = maxima, .sums = sums, .batch = batch,
                     .queries = queries, .steps = steps, .size = size};
  job.chunks = (queries + FORWARD_CHUNK - 1) / FORWARD_CHUNK;
  job.parts = parts_for(batch * job.chunks, 4.0 * batch * queries * steps * size);
  compute_parts(forward_part, &job, job.parts);
}

EXPORT(onlineAttentionBackward)
void onlineAttentionBackward(const float *query, const float *keys, const float *values,
                             const i32 *lengths, const float *context, const float *maxima,
                             const float *sums, const float *dContext, float *dQuery, float *dKeys,
                             float *dValues, i32 batch, i32 queries, i32 steps, i32 size,
                             i32 accumulate) {
  attention_backward((backward_job){
      .query = query, .keys = keys, .values = values, .lengths = lengths, .maxima = maxima,
      .sums = sums, .context = context, .dContext = dContext, .dQuery = dQuery, .dKeys = dKeys,
      .dValues = dValues, .batch = batch, .queries = queries, .steps = steps, .size = size,
      .accumulate = accumulate});
}
