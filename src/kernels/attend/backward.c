/**
 * The backward pass (Dao et al. 2022, algorithm 4), block by block:
 *
 *     dQuery += dS · keys            dKeys += dSᵀ · query        dValues += Wᵀ · dContext
 *
 * A block of dS lives on the stack and is used three times while it is near.
 *
 * A block touches the gradients of its queries and of its keys, so threads may not take any two blocks
 * at the same time. Queries and keys are therefore cut into equally many chunks, and the blocks into as
 * many rounds as in a Latin square: in round r, chunk i of the queries meets chunk i + r of the keys.
 * Within a round no two blocks share anything, and every sum is added up in an order that depends on
 * the sizes alone. Heads that share keys belong to one unit.
 */
#include "attend.h"
#include "parallel.h"

/** A round should have about this many units of work. */
#define UNITS 16
/** Chunks are no smaller than this, since every chunk of queries packs its keys. */
#define SMALLEST_CHUNK 128

/** dQuery [+]= dS · keys for a block. */
static void add_to_query(const attention_view *v, float *dQuery, i32 rows, key_span span, i32 keep,
                         backward_scratch *m) {
  const block_product p = {
      .form = BY_ROWS,
      .a = m->scores,
      .a_stride = SCORE_STRIDE,
      .b = v->keys + span.from * v->key_row,
      .b_stride = v->key_row,
      .panel_stride = PANEL,
      .terms = span.count,
      .c = dQuery,
      .c_stride = v->query_row,
      .rows = rows,
      .columns = v->call->size,
      .keep = keep,
  };
  compute_block(&p, m->tail);
}

/** dKeys [+]= dSᵀ · query and dValues [+]= Wᵀ · dContext for a block; either may be left out. */
static void add_to_keys(const attention_view *v, const backward_job *job, i32 q, i32 rows,
                        key_span span, float *dKeys, float *dValues, i32 keep,
                        backward_scratch *m) {
  const i32 both = dKeys == dValues;
  const float *dContext = job->dContext + v->context_at + q * v->context_row;
  block_product p = {
      .form = BY_TERMS,
      .a = m->scores,
      .a_stride = SCORE_STRIDE,
      .b = v->query + q * v->query_row,
      .b_stride = v->query_row,
      .panel_stride = PANEL,
      .terms = rows,
      .more_a = both ? m->weights : 0,
      .more_b = both ? dContext : 0,
      .c = dKeys,
      .c_stride = v->key_row,
      .rows = span.count,
      .columns = v->call->size,
      .keep = keep,
  };
  if (dKeys) compute_block(&p, m->tail);
  if (both) return;
  p.a = m->weights;
  p.b = dContext;
  p.b_stride = v->context_row;
  p.c = dValues;
  p.c_stride = v->value_row;
  p.columns = v->call->value_size;
  compute_block(&p, m->tail);
}

/** The three sums of a block pair by pair, for what is not finite and must not meet what is denied it. */
static void add_pairs(const attention_view *v, const backward_job *job, i32 q, i32 rows,
                      key_span span, float *dQuery, float *dKeys, float *dValues,
                      const backward_scratch *m) {
  const i32 size = v->call->additive ? 0 : v->call->size, value_size = v->call->value_size;
  denied_keys denied;
  for (i32 i = 0; i < rows; i++) {
    const float *query = v->query + (q + i) * v->query_row;
    const float *dContext = job->dContext + v->context_at + (q + i) * v->context_row;
    deny_keys(v, q + i, span, denied);
    for (i32 j = 0; j < span.count; j++) {
      if (denied[j]) continue;
      const float ds = m->scores[i * SCORE_STRIDE + j], w = m->weights[i * SCORE_STRIDE + j];
      const float *key = v->keys + (span.from + j) * v->key_row;
      for (i32 d = 0; d < size; d++) {
        dQuery[i * v->query_row + d] += ds * key[d];
        dKeys[j * v->key_row + d] += ds * query[d];
      }
      for (i32 e = 0; e < value_size; e++) dValues[j * v->value_row + e] += w * dContext[e];
    }
  }
}

static i32 pairs_needed(const attention_view *v, const backward_job *job, i32 q, i32 rows,
                        key_span span) {
  const attention_call *c = v->call;
  const float *dContext = job->dContext + v->context_at + q * v->context_row;
  return has_strangers(v->keys + span.from * v->key_row, v->key_row, span.count, c->size) ||
         has_strangers(v->query + q * v->query_row, v->query_row, rows, c->size) ||
         has_strangers(dContext, v->context_row, rows, c->value_size);
}

/** A block whose keys from t on are packed. `keep…`: those sums have begun. */
static void backward_block(const attention_view *v, const backward_job *job, i32 q, i32 rows, i32 t,
                           key_span span, i32 keepQuery, i32 keepKeys, backward_scratch *m) {
  float *dQuery = job->dQuery + v->query_at + q * v->query_row;
  float *dKeys = job->dKeys + v->keys_at + span.from * v->key_row;
  float *dValues = job->dValues + v->values_at + span.from * v->value_row;
  gradient_block(v, job, q, rows, t, span, 1, m);
  const i32 additive = RULE(v->call->additive);
  if (additive) {
    float *dVectors = job->dVectors ? job->dVectors + v->keys_at + span.from * v->key_row : 0;
    additive_gradients(v, q, rows, span, m->scores, dQuery, dKeys, dVectors);
  }
  if (RULE(span.partial) && pairs_needed(v, job, q, rows, span)) {
    add_pairs(v, job, q, rows, span, dQuery, dKeys, dValues, m);
    return;
  }
  if (!additive) add_to_query(v, dQuery, rows, span, keepQuery, m);
  add_to_keys(v, job, q, rows, span, additive ? 0 : dKeys, dValues, keepKeys, m);
}

static void zero_rows(float *x, long row, i32 from, i32 end, i32 size) {
  for (i32 i = from; i < end; i++) zero(x + i * row, size);
}

/** Where a chunk of keys begins: at an even key, as two weights share a draw of dropout. */
static i32 first_key_of(const backward_job *job, i32 chunk) {
  const i32 steps = job->call->steps;
  return chunk == job->chunks ? steps : first_of_part(chunk, job->chunks, steps) & ~1;
}

/** Chunk i of the queries of the heads that share keys, and the chunk of keys that it meets in this round. */
static void backward_unit(const backward_job *job, i32 n, i32 g, i32 chunk, backward_scratch *m) {
  const attention_call *c = job->call;
  const i32 chunks = job->chunks, keys_chunk = (chunk + job->round) % chunks;
  const i32 first = first_of_part(chunk, chunks, c->queries);
  const i32 last = first_of_part(chunk + 1, chunks, c->queries);
  const i32 from = first_key_of(job, keys_chunk), behind = first_key_of(job, keys_chunk + 1);
  // Where a rule may leave blocks out, sums begin at 0; elsewhere the first block writes them.
  const i32 begun = RULE(c->mask || c->bias || c->left >= 0 || c->right >= 0 || c->additive);
  const i32 heads = c->heads / c->key_heads;
  for (i32 h = g * heads; h < (g + 1) * heads; h++) {
    const attention_view v = view_of(c, n, h);
    const i32 end = smaller_of(behind, v.length);
    if (job->round == 0) {
      if (begun || end <= from) {
        zero_rows(job->dQuery + v.query_at, v.query_row, first, last, c->size);
      }
      if (h == g * heads && !job->accumulate) {
        // What no block will write: keys behind the length, and without queries all of them.
        const i32 rest = begun || first == last || end < from ? from : end;
        const i32 all = keys_chunk == chunks - 1 ? c->capacity : behind;
        zero_rows(job->dKeys + v.keys_at, v.key_row, rest, all, c->size);
        zero_rows(job->dValues + v.values_at, v.value_row, rest, all, c->value_size);
        if (RULE(job->dVectors)) {
          zero_rows(job->dVectors + v.keys_at, v.key_row, rest, all, c->size);
        }
      }
    }
    const key_span met = span_of(&v, first, last - first);
    const i32 stop = smaller_of(end, met.from + met.count);
    i32 t = from;
    if (met.from > t) t += (met.from - t) / KEY_BLOCK * KEY_BLOCK;
    for (; first < last && t < stop; t += KEY_BLOCK) {
      pack_block(&v, job, t, smaller_of(stop - t, KEY_BLOCK), m);
      for (i32 q = first; q < last; q += ROW_BLOCK) {
        const i32 rows = smaller_of(last - q, ROW_BLOCK);
        const key_span span = span_within(&v, q, rows, t, smaller_of(stop, t + KEY_BLOCK));
        if (span.count == 0) continue;
        const i32 keepQuery = begun || job->round > 0 || t > from;
        const i32 keepKeys =
            begun || job->accumulate || job->round > 0 || q > first || h > g * heads;
        backward_block(&v, job, q, rows, t, span, keepQuery, keepKeys, m);
      }
    }
  }
}

typedef struct {
  const backward_job *job;
  i32 chunks, parts;
} backward_parts;

static void backward_part(const void *of, i32 part) {
  const backward_parts *p = of;
  const attention_call *c = p->job->call;
  backward_scratch m;
  const i32 units = c->batch * c->key_heads * p->job->chunks;
  const i32 last = first_of_part(part + 1, p->parts, units);
  for (i32 u = first_of_part(part, p->parts, units); u < last; u++) {
    const i32 head = u / p->job->chunks;
    backward_unit(p->job, head / c->key_heads, head % c->key_heads, u % p->job->chunks, &m);
  }
}

/** Whether dots are those of context, rather than sums over a row. */
static i32 has_plain_dots(const backward_job *job) {
  return !RULE(job->call->normalizer != SOFTMAX || job->dWeights);
}

/** dots of queries first … last of a head as sums over their rows. A row without weight has 0. */
static void sum_dots(const backward_job *job, const attention_view *v, i32 first, i32 last,
                     backward_scratch *m) {
  float *dots = job->dots + v->row, totals[FORWARD_CHUNK];
  for (i32 q = first; q < last; q++) dots[q] = totals[q - first] = 0;
  const key_span all = span_of(v, first, last - first);
  const i32 end = all.from + all.count;
  for (i32 t = first_key_block(all.from); first < last && t < end; t += KEY_BLOCK) {
    pack_values_of(v, t, smaller_of(end - t, KEY_BLOCK), m->of_values);
    for (i32 q = first; q < last; q += ROW_BLOCK) {
      const i32 rows = smaller_of(last - q, ROW_BLOCK);
      const key_span span = span_within(v, q, rows, t, smaller_of(end, t + KEY_BLOCK));
      if (span.count == 0) continue;
      dots_of_block(v, job, q, rows, t, span, dots + q, totals + q - first, m);
    }
  }
  for (i32 q = first; q < last; q++) {
    if (v->call->normalizer == SOFTMAX) {
      if (job->sums[v->row + q] == 0) dots[q] = 0;
    } else if (totals[q - first] != 0) {
      dots[q] /= totals[q - first];
    }
  }
}

static void dots_part(const void *of, i32 part) {
  const backward_parts *p = of;
  const backward_job *job = p->job;
  const attention_call *c = job->call;
  backward_scratch m;
  const i32 units = c->batch * c->heads * p->chunks;
  const i32 behind = first_of_part(part + 1, p->parts, units);
  for (i32 u = first_of_part(part, p->parts, units); u < behind; u++) {
    const i32 head = u / p->chunks, chunk = u % p->chunks;
    const attention_view v = view_of(c, head / c->heads, head % c->heads);
    const i32 first = first_of_part(chunk, p->chunks, c->queries);
    const i32 last = first_of_part(chunk + 1, p->chunks, c->queries);
    if (!has_plain_dots(job)) {
      sum_dots(job, &v, first, last, &m);
      continue;
    }
    for (i32 q = first; q < last; q++) {
      job->dots[v.row + q] = job->sums[v.row + q] == 0 ? 0 : dot_with_context(&v, job, q);
    }
  }
}

static void compute_dots(const backward_job *job) {
  const attention_call *c = job->call;
  backward_parts parts = {.job = job, .chunks = (c->queries + FORWARD_CHUNK - 1) / FORWARD_CHUNK};
  const double each = has_plain_dots(job) ? 4 : 2.0 * c->steps;
  parts.parts = parts_for(c->batch * c->heads * parts.chunks,
                          each * c->batch * c->heads * c->queries * c->value_size);
  compute_parts(dots_part, &parts, parts.parts);
}

void attend_backward(backward_job job) {
  const attention_call *c = job.call;
  if (job.dots) compute_dots(&job);
  const i32 heads = c->batch * c->key_heads;
  const i32 wanted = heads < UNITS ? UNITS / (heads > 0 ? heads : 1) : 1;
  const i32 possible = smaller_of(c->queries, c->steps) / SMALLEST_CHUNK;
  job.chunks = smaller_of(wanted, possible);
  if (job.chunks < 1) job.chunks = 1;
  const double flops = 4.0 * c->batch * c->heads * c->queries * c->steps *
                       (c->size + c->value_size) / job.chunks;
  backward_parts parts = {.job = &job, .parts = parts_for(heads * job.chunks, flops)};
  for (job.round = 0; job.round < job.chunks; job.round++) {
    compute_parts(backward_part, &parts, parts.parts);
  }
}

EXPORT(attendBackward)
void attendBackward(ATTENTION_ARGUMENTS, const float *context, const float *maxima,
                    const float *sums, const float *weights, const float *dContext,
                    const float *dWeights, float *dots, float *dQuery, float *dKeys, float *dValues,
                    float *dVectors) {
  const attention_call call = ATTENTION_CALL;
  attend_backward((backward_job){
      .call = &call, .context = context, .maxima = maxima, .sums = sums, .weights = weights,
      .dContext = dContext, .dWeights = dWeights, .dots = dots, .dQuery = dQuery, .dKeys = dKeys,
      .dValues = dValues, .dVectors = dVectors});
}
