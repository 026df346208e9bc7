/**
 * The backward pass of attention (Dao et al. 2022, algorithm 4), block by block:
 *
 *     dW = dContext · valuesᵀ        dS = W ⊙ (dW − D),  D[q] = dContext[q, :] · context[q, :]
 *     dQuery += dS · keys            dKeys += dSᵀ · query        dValues += Wᵀ · dContext
 *
 * A block of dS lives on the stack and is used three times while it is near.
 *
 * A block touches the gradients of its queries and of its keys, so threads may not take any two blocks
 * at the same time. Queries and keys are therefore cut into equally many chunks, and the blocks into as
 * many rounds as in a Latin square: in round r, chunk i of the queries meets chunk i + r of the keys.
 * Within a round no two blocks share anything, and every sum is added up in an order that depends on
 * the sizes alone.
 */
#include "attention.h"
#include "parallel.h"
#include "softmax.h"
#include "vector-math.h"

/** A round should have about this many units of work. */
#define UNITS 16
/** Chunks are no smaller than this, since every chunk of queries packs its keys. */
#define SMALLEST_CHUNK 128

typedef struct {
  float scores[ROW_BLOCK * SCORE_STRIDE];   // dS
  float weights[ROW_BLOCK * SCORE_STRIDE];  // W: near, and with rows that do not collide
  key_panels of_values, of_keys;
  float tail[2 * KEY_BLOCK * PANEL];
} scratch;

/** One sequence's arrays. */
typedef struct {
  extent e;
  const float *query, *keys, *values, *weights, *maxima, *sums, *context, *dContext;
  float *dQuery, *dKeys, *dValues;
} sequence;

static sequence sequence_of(const backward_job *job, i32 n) {
  long q = (long)n * job->queries, t = (long)n * job->steps, size = job->size;
  return (sequence){
      .e = extent_of(job->lengths, n, job->queries, job->steps, job->size),
      .query = job->query + q * size,
      .keys = job->keys + t * size,
      .values = job->values + t * size,
      .weights = job->weights ? job->weights + q * job->steps : 0,
      .maxima = job->maxima ? job->maxima + q : 0,
      .sums = job->sums ? job->sums + q : 0,
      .context = job->context + q * size,
      .dContext = job->dContext + q * size,
      .dQuery = job->dQuery + q * size,
      .dKeys = job->dKeys + t * size,
      .dValues = job->dValues + t * size,
  };
}

/** A row of W from its scores: exp(s − max) / sum. In place. */
static void row_of_weights(float *row, i32 count, float max, float sum) {
  const float *k = constants(EXP);
  vec shift = splat(shift_of(max)), factor = splat(sum == 0 ? 1 : 1 / sum);
  for (i32 j = 0; j < count; j += LANES) {
    store(row + j, exp_of_negative(load(row + j) - shift, k) * factor);
  }
}

/** dS = W ⊙ (dW − D) for one row, in place of dW; W is copied beside it. */
static void row_of_scores(const float *w, float *dw, float *copy, i32 count, float dot) {
  vec d = splat(dot);
  i32 j = 0;
  for (; j + LANES <= count; j += LANES) {
    vec x = load(w + j);
    store(copy + j, x);
    store(dw + j, x * (load(dw + j) - d));
  }
  if (j < count) {
    vec x = load_part(w + j, count - j, 0);
    store(copy + j, x);
    store(dw + j, x * (load(dw + j) - d));
  }
}

/** dQuery [+]= dS · keys for a block. */
static void add_to_query(const sequence *s, long at, i32 rows, long key, i32 count, i32 keep,
                         scratch *m) {
  const block_product p = {
      .form = BY_ROWS,
      .a = m->scores,
      .a_stride = SCORE_STRIDE,
      .b = s->keys + key,
      .b_stride = s->e.size,
      .panel_stride = PANEL,
      .terms = count,
      .c = s->dQuery + at,
      .c_stride = s->e.size,
      .rows = rows,
      .columns = s->e.size,
      .keep = keep,
  };
  compute_block(&p, m->tail);
}

/** dKeys [+]= dSᵀ · query and dValues [+]= Wᵀ · dContext for a block. */
static void add_to_keys(const sequence *s, long at, i32 rows, long key, i32 count, i32 keep,
                        scratch *m) {
  const i32 size = s->e.size, both = s->dKeys == s->dValues;
  block_product p = {
      .form = BY_TERMS,
      .a = m->scores,
      .a_stride = SCORE_STRIDE,
      .b = s->query + at,
      .b_stride = size,
      .panel_stride = PANEL,
      .terms = rows,
      .more_a = both ? m->weights : 0,
      .more_b = both ? s->dContext + at : 0,
      .c = s->dKeys + key,
      .c_stride = size,
      .rows = count,
      .columns = size,
      .keep = keep,
  };
  compute_block(&p, m->tail);
  if (both) return;
  p.a = m->weights;
  p.b = s->dContext + at;
  p.c = s->dValues + key;
  compute_block(&p, m->tail);
}

/** The block of queries q … q + rows and keys t … t + count. `keep…`: those sums have begun. */
static void backward_block(const sequence *s, i32 q, i32 rows, i32 t, i32 count, i32 keepQuery,
                           i32 keepKeys, scratch *m) {
  const extent e = s->e;
  const long size = e.size, at = q * size, key = t * size;
  block_scores(e, s->dContext + at, rows, s->values + key, count, m->of_values, m->scores,
               SCORE_STRIDE);
  if (!s->weights) {
    block_scores(e, s->query + at, rows, s->keys + key, count,
                 s->keys == s->values ? m->of_values : m->of_keys, m->weights, SCORE_STRIDE);
  }
  for (i32 i = 0; i < rows; i++) {
    float dot;
    const float *dc = s->dContext + at + i * size;
    float *copy = m->weights + i * SCORE_STRIDE;
    const float *w = copy;
    dot_products(dc, 0, 1, s->context + at + i * size, 0, 1, e.size, &dot, 0);
    if (s->weights) {
      w = s->weights + (long)(q + i) * e.steps + t;
    } else {
      row_of_weights(copy, count, s->maxima[q + i], s->sums[q + i]);
    }
    row_of_scores(w, m->scores + i * SCORE_STRIDE, copy, count, dot);
  }
  add_to_query(s, at, rows, key, count, keepQuery, m);
  add_to_keys(s, at, rows, key, count, keepKeys, m);
}

/** Chunk i of the queries of sequence n, and the chunk of keys that it meets in this round. */
static void backward_unit(const backward_job *job, i32 n, i32 chunk, scratch *m) {
  const sequence s = sequence_of(job, n);
  const i32 chunks = job->chunks, keys_chunk = (chunk + job->round) % chunks;
  const i32 first = first_of_part(chunk, chunks, job->queries);
  const i32 last = first_of_part(chunk + 1, chunks, job->queries);
  const i32 from = first_of_part(keys_chunk, chunks, job->steps);
  const i32 end = smaller_of(first_of_part(keys_chunk + 1, chunks, job->steps), s.e.length);
  if (job->round == 0) {
    if (end <= from) zero(s.dQuery + (long)first * job->size, (long)(last - first) * job->size);
    if (!job->accumulate) {
      // What no block will write: keys behind the length, and without queries all of them.
      const i32 behind = first == last || end < from ? from : end;
      const long rest = first_of_part(keys_chunk + 1, chunks, job->steps) - behind;
      zero(s.dKeys + (long)behind * job->size, rest * job->size);
      zero(s.dValues + (long)behind * job->size, rest * job->size);
    }
  }
  for (i32 t = from; t < end; t += KEY_BLOCK) {
    i32 count = smaller_of(end - t, KEY_BLOCK);
    pack_keys(s.e, s.values + (long)t * job->size, count, m->of_values);
    if (!s.weights && s.keys != s.values) {
      pack_keys(s.e, s.keys + (long)t * job->size, count, m->of_keys);
    }
    for (i32 q = first; q < last; q += ROW_BLOCK) {
      const i32 keepQuery = job->round > 0 || t > from;
      const i32 keepKeys = job->accumulate || job->round > 0 || q > first;
      backward_block(&s, q, smaller_of(last - q, ROW_BLOCK), t, count, keepQuery, keepKeys, m);
    }
  }
}

typedef struct {
  const backward_job *job;
  i32 parts;
} backward_parts;

static void backward_part(const void *of, i32 part) {
  const backward_parts *p = of;
  scratch m;
  const i32 units = p->job->batch * p->job->chunks;
  const i32 last = first_of_part(part + 1, p->parts, units);
  for (i32 u = first_of_part(part, p->parts, units); u < last; u++) {
    backward_unit(p->job, u / p->job->chunks, u % p->job->chunks, &m);
  }
}

void attention_backward(backward_job job) {
  const i32 wanted = job.batch < UNITS ? UNITS / (job.batch > 0 ? job.batch : 1) : 1;
  const i32 possible = smaller_of(job.queries, job.steps) / SMALLEST_CHUNK;
  job.chunks = smaller_of(wanted, possible);
  if (job.chunks < 1) job.chunks = 1;
  const i32 units = job.batch * job.chunks;
  const double flops = 8.0 * job.batch * job.queries * job.steps * job.size / job.chunks;
  backward_parts parts = {&job, parts_for(units, flops)};
  for (job.round = 0; job.round < job.chunks; job.round++) {
    compute_parts(backward_part, &parts, parts.parts);
  }
}
