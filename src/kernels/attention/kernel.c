/**
 * Dot-product attention. One sequence after the other, so that its keys and values stay in a near
 * cache; within it, chunks of queries whose scores do.
 */
#include "attend/attend.h"
#include "parallel.h"
#include "softmax.h"

/** out (rows, H) = weights (rows, Tk) · values (Tk, H) up to the length. */
static void gather(extent e, const float *weights, i32 rows, const float *values, float *out) {
  const product p = {
      .a = weights,
      .a_stride = e.steps,
      .b = values,
      .b_stride = e.size,
      .c = out,
      .c_stride = e.size,
      .rows = rows,
      .columns = e.size,
      .inner = e.length,
  };
  compute_product(&p);
}

/** out (Tk, H) (+)= rows (Tq, Tk)ᵀ · left (Tq, H); without `accumulate`, zeros behind the length. */
static void scatter(extent e, const float *rows, const float *left, float *out, i32 accumulate) {
  const product p = {
      .a = rows,
      .a_stride = e.steps,
      .transpose_a = 1,
      .b = left,
      .b_stride = e.size,
      .c = out,
      .c_stride = e.size,
      .rows = e.length,
      .columns = e.size,
      .inner = e.queries,
      .accumulate = accumulate,
  };
  compute_product(&p);
  if (!accumulate) zero(out + (long)e.length * e.size, (long)(e.steps - e.length) * e.size);
}

/** out (rows, Tk) = left (rows, H) · right (Tk, H)ᵀ up to the length, zeros behind it. */
static void scores(extent e, const float *left, i32 rows, const float *right, float *out) {
  key_panels panels;
  for (i32 t = 0; t < e.length; t += KEY_BLOCK) {
    const float *keys = right + (long)t * e.size;
    i32 count = smaller_of(e.length - t, KEY_BLOCK);
    pack_keys(e.queries, e.size, keys, e.size, count, panels);
    block_scores(e.queries, e.size, (row_array){left, e.size}, rows, (row_array){keys, e.size},
                 count, panels, out + t, e.steps);
  }
  if (e.length == e.steps) return;
  for (i32 i = 0; i < rows; i++) zero(out + (long)i * e.steps + e.length, e.steps - e.length);
}

/** A pass over queries that are independent of each other: a unit is up to FORWARD_CHUNK of one sequence. */
typedef struct {
  const float *query, *keys;  // absent: the weights are given
  const float *values;        // absent: only the weights are wanted
  const i32 *lengths;
  float *weights, *context;
  i32 batch, queries, steps, size;
  i32 chunks, parts;
} forward_job;

static void forward_unit(const forward_job *job, i32 n, i32 first, i32 rows) {
  const extent e = extent_of(job->lengths, n, job->queries, job->steps, job->size);
  const long q = (long)n * e.queries + first, t = (long)n * e.steps * e.size;
  float *weights = job->weights + q * e.steps;
  if (job->keys) {
    scores(e, job->query + q * e.size, rows, job->keys + t, weights);
    for (i32 i = 0; i < rows; i++) {
      float *row = weights + (long)i * e.steps;
      softmax_row(row, row, e.length, 0);
    }
  }
  if (job->values) gather(e, weights, rows, job->values + t, job->context + q * e.size);
}

static void forward_part(const void *of, i32 part) {
  const forward_job *job = of;
  const i32 units = job->batch * job->chunks;
  const i32 last = first_of_part(part + 1, job->parts, units);
  for (i32 u = first_of_part(part, job->parts, units); u < last; u++) {
    i32 chunk = u % job->chunks, first = first_of_part(chunk, job->chunks, job->queries);
    forward_unit(job, u / job->chunks, first,
                 first_of_part(chunk + 1, job->chunks, job->queries) - first);
  }
}

/**
 * The scores of one unit should fit the second cache: this many, or those of ROW_BLOCK queries. Narrow
 * vectors wait less for memory, and more for the packing of keys, which every unit does.
 */
#define NEAR_SCORES ((LANES == 4 ? 256 : 128) * 1024)

static void forward(forward_job job) {
  i32 rows = NEAR_SCORES / (job.steps > 0 ? job.steps : 1) / ROW_BLOCK * ROW_BLOCK;
  if (rows < ROW_BLOCK) rows = ROW_BLOCK;
  rows = smaller_of(rows, FORWARD_CHUNK);
  job.chunks = (job.queries + rows - 1) / rows;
  const double products = (job.keys != 0) + (job.values != 0);
  const double flops = 2 * products * job.batch * job.queries * job.steps * job.size;
  job.parts = parts_for(job.batch * job.chunks, flops);
  compute_parts(forward_part, &job, job.parts);
}

EXPORT(attentionWeightForward)
void attentionWeightForward(const float *query, const float *keys, const i32 *lengths,
                            float *weights, i32 batch, i32 queries, i32 steps, i32 size) {
  forward((forward_job){.query = query, .keys = keys, .lengths = lengths, .weights = weights,
                        .batch = batch, .queries = queries, .steps = steps, .size = size});
}

EXPORT(weightSumForward)
void weightSumForward(const float *values, const float *weights, const i32 *lengths, float *context,
                      i32 batch, i32 queries, i32 steps, i32 size) {
  // Without keys, the weights are only read.
  forward((forward_job){.values = values, .weights = (float *)weights, .lengths = lengths,
                        .context = context, .batch = batch, .queries = queries, .steps = steps,
                        .size = size});
}

EXPORT(attentionForward)
void attentionForward(const float *query, const float *keys, const float *values,
                      const i32 *lengths, float *weights, float *context, i32 batch, i32 queries,
                      i32 steps, i32 size) {
  forward((forward_job){.query = query, .keys = keys, .values = values, .lengths = lengths,
                        .weights = weights, .context = context, .batch = batch,
                        .queries = queries, .steps = steps, .size = size});
}

EXPORT(attentionBackward)
void attentionBackward(const float *query, const float *keys, const float *values,
                       const i32 *lengths, const float *weights, const float *context,
                       const float *dContext, float *dQuery, float *dKeys, float *dValues,
                       i32 batch, i32 queries, i32 steps, i32 size, i32 accumulate) {
  const attention_call call = {
      .query = query, .keys = keys, .values = values, .lengths = lengths, .batch = batch,
      .heads = 1, .key_heads = 1, .queries = queries, .steps = steps, .capacity = steps,
      .size = size, .value_size = size, .scale = 1, .left = -1, .right = -1, .factor = 1};
  attend_backward((backward_job){
      .call = &call, .weights = weights, .context = context, .dContext = dContext,
      .dQuery = dQuery, .dKeys = dKeys, .dValues = dValues, .accumulate = accumulate});
}

/** One half of the backward pass alone: a unit is one sequence. */
typedef struct {
  const float *left, *right;  // query and keys, or dContext and values
  const i32 *lengths;
  const float *weights, *dWeights;  // dWeights: given for the first half, absent for the second
  float *dScores, *dLeft, *dRight;  // of the second half, dScores is what the first calls dWeights
  i32 batch, queries, steps, size, accumulate, parts;
} half_job;

static void half_part(const void *of, i32 part) {
  const half_job *job = of;
  const i32 last = first_of_part(part + 1, job->parts, job->batch);
  for (i32 n = first_of_part(part, job->parts, job->batch); n < last; n++) {
    const extent e = extent_of(job->lengths, n, job->queries, job->steps, job->size);
    const long row = (long)n * e.queries * e.steps, q = (long)n * e.queries * e.size;
    const long t = (long)n * e.steps * e.size;
    const float *weights = job->weights + row;
    float *dScores = job->dScores + row;
    if (!job->dWeights) {
      scores(e, job->left + q, e.queries, job->right + t, dScores);
      scatter(e, weights, job->left + q, job->dRight + t, job->accumulate);
      continue;
    }
    for (i32 i = 0; i < e.queries; i++) {
      const long at = (long)i * e.steps;
      softmax_row_backward(weights + at, job->dWeights + row + at, dScores + at, e.length);
      zero(dScores + at + e.length, e.steps - e.length);
    }
    gather(e, dScores, e.queries, job->right + t, job->dLeft + q);
    scatter(e, dScores, job->left + q, job->dRight + t, job->accumulate);
  }
}

static void half_backward(half_job job) {
  job.parts = parts_for(job.batch, 4.0 * job.batch * job.queries * job.steps * job.size);
  compute_parts(half_part, &job, job.parts);
}

EXPORT(attentionWeightBackward)
void attentionWeightBackward(const float *query, const float *keys, const i32 *lengths,
                             const float *weights, const float *dWeights, float *dScores,
                             float *dQuery, float *dKeys, i32 batch, i32 queries, i32 steps,
                             i32 size, i32 accumulate) {
  half_backward((half_job){.left = query, .right = keys, .lengths = lengths, .weights = weights,
                           .dWeights = dWeights, .dScores = dScores, .dLeft = dQuery,
                           .dRight = dKeys, .batch = batch, .queries = queries, .steps = steps,
                           .size = size, .accumulate = accumulate});
}

EXPORT(weightSumBackward)
void weightSumBackward(const float *values, const float *weights, const i32 *lengths,
                       const float *dContext, float *dWeights, float *dValues, i32 batch,
                       i32 queries, i32 steps, i32 size, i32 accumulate) {
  half_backward((half_job){.left = dContext, .right = values, .lengths = lengths,
                           .weights = weights, .dScores = dWeights, .dRight = dValues,
                           .batch = batch, .queries = queries, .steps = steps, .size = size,
                           .accumulate = accumulate});
}
