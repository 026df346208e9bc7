/**
 * The general attention: what its kernels share. A call says what to compute; a view is one head of one
 * sequence of it; a block is up to ROW_BLOCK of its queries by up to KEY_BLOCK of its keys.
 */
#ifndef HEED_ATTEND_H
#define HEED_ATTEND_H

#include "attention/attention.h"

/**
 * Whether a rule of the call holds. In the module that pages begin with, none ever does, and the compiler
 * leaves out what only they need: there, these kernels serve the notebook's attention alone. See
 * scripts/build-wasm.ts.
 */
#ifdef HEED_PLAIN
#define RULE(holds) (0 && (holds))
#else
#define RULE(holds) (holds)
#endif

/** What every op begins with, in the order of src/devices/attend-calls.ts; scripts/native-shims.mjs reads it too. */
#define ATTENTION_ARGUMENTS                                                                        \
  const float *query, const float *keys, const float *values, const float *vector,                 \
      const i32 *lengths, const i32 *mask, const float *bias, const float *slopes, i32 batch,      \
      i32 heads, i32 keyHeads, i32 queries, i32 steps, i32 capacity, i32 size, i32 valueSize,      \
      i32 sideBySide, i32 additive, double scale, double softcap, i32 normalizer, i32 shift,       \
      i32 toEnd, i32 left, i32 right, i32 maskAxes, i32 biasAxes, u32 seed, u32 stream,            \
      double threshold, double factor

enum { AXIS_BATCH = 1, AXIS_HEADS = 2, AXIS_QUERIES = 4, AXIS_STEPS = 8 };
enum { SOFTMAX, SPARSEMAX, ENTMAX };
/** How far scores are taken. */
enum { RAW, CAPPED, MASKED };

typedef struct {
  const float *query, *keys, *values, *vector;
  const i32 *lengths, *mask;
  const float *bias, *slopes;
  i32 batch, heads, key_heads, queries, steps, capacity, size, value_size, side_by_side, additive;
  float scale, softcap;
  i32 normalizer, shift, to_end, left, right, mask_axes, bias_axes;
  u32 seed, stream, least;  // dropout keeps words from `least` on
  i32 drops, drops_all;
  float factor;
} attention_call;

/** The call that ATTENTION_ARGUMENTS describe. */
#define ATTENTION_CALL                                                                           \
  (attention_call) {                                                                             \
    .query = query, .keys = keys, .values = values, .vector = vector, .lengths = lengths,        \
    .mask = mask, .bias = bias, .slopes = slopes, .batch = batch, .heads = heads,                \
    .key_heads = keyHeads, .queries = queries, .steps = steps, .capacity = capacity,             \
    .size = size, .value_size = valueSize, .side_by_side = sideBySide, .additive = additive,     \
    .scale = (float)scale, .softcap = (float)softcap, .normalizer = normalizer, .shift = shift,  \
    .to_end = toEnd, .left = left, .right = right, .mask_axes = maskAxes,                        \
    .bias_axes = biasAxes, .seed = seed, .stream = stream,                                       \
    .least = threshold > 0 && threshold < 4294967296.0 ? (u32)__builtin_ceil(threshold) : 0,     \
    .drops = threshold > 0 || factor != 1, .drops_all = threshold > 4294967295.0,                \
    .factor = (float)factor                                                                      \
  }

/** One head of one sequence. */
typedef struct {
  const attention_call *call;
  i32 n, h;
  i32 length;                          // keys from here on do not exist
  long long place;                     // query q stands beside key q + place
  const float *query, *keys, *values;  // the first row of each …
  long query_row, key_row, value_row;  // … and from one to the next
  long query_at;                       // where the rows of dQuery begin
  long context_at, context_row;        // where those of context and dContext do, and how far apart
  long keys_at, values_at;             // where those of dKeys and dValues do
  const i32 *mask;                     // element (q, t) is mask[q · mask_q + t · mask_t]
  const float *bias;
  long mask_q, mask_t, bias_q, bias_t;
  long row;  // of this head's first query, in arrays of (N, H, Tq)
} attention_view;

attention_view view_of(const attention_call *call, i32 n, i32 h);

/** Keys from … from + count of a block; count 0: none. `partial`: some queries may not meet all of them. */
typedef struct {
  i32 from, count, partial;
} key_span;

/** The keys that any of the queries q … q + rows may meet, by their places alone. */
key_span span_of(const attention_view *v, i32 q, i32 rows);

/** The part of keys t … end that they may meet, in whole panels from t on; empty too where a mask says so. */
key_span span_within(const attention_view *v, i32 q, i32 rows, i32 t, i32 end);

/** All ones for every key of the span that query q must not meet, 0 for the others. */
typedef i32 denied_keys[SCORE_STRIDE];
void deny_keys(const attention_view *v, i32 q, key_span span, i32 *denied);

/** Whether a scale is all that comes between what is computed of a query and a key and their score. */
INLINE i32 has_plain_scores(const attention_call *c) {
  return !RULE(c->softcap > 0 || c->bias || c->slopes);
}

/**
 * A row of dot products becomes scores, as far as `stage`. `denied`, of deny_keys: or 0. `cap_slopes`
 * receives the slopes of the softcap, if it is not 0.
 */
void finish_scores(const attention_view *v, i32 q, key_span span, i32 stage, const i32 *denied,
                   float *row, float *cap_slopes);

/** Dropout of the weights of a row, or of their gradients. */
void drop_weights(const attention_view *v, i32 q, key_span span, float *row);

/** Whether something in `rows` rows of `size` numbers is not finite. */
i32 has_strangers(const float *x, long row, i32 rows, i32 size);

/** out (rows, count) = the dot products or additive scores of queries q … with the span, unscaled. */
void raw_scores(const attention_view *v, i32 q, i32 rows, key_span span, const float *panels,
                float *out);

/** out (rows, count) = dContext · valuesᵀ. */
void raw_weight_gradients(const attention_view *v, const float *dContext, i32 q, i32 rows,
                          key_span span, const float *panels, float *out);

/** Packs keys (values) t … t + count, where scores (gradients of weights) are computed from such. */
void pack_keys_of(const attention_view *v, i32 t, i32 count, float *panels);
void pack_values_of(const attention_view *v, i32 t, i32 count, float *panels);

/**
 * The additive score's gradients for a block of dRaw: dQuery and dKeys rows += , dVectors rows += if not 0.
 * Pairs that are denied are passed over.
 */
void additive_gradients(const attention_view *v, i32 q, i32 rows, key_span span, const float *dRaw,
                        float *dQuery, float *dKeys, float *dVectors);

INLINE i32 first_key_block(i32 t) { return t / KEY_BLOCK * KEY_BLOCK; }

/** The backward pass: what it takes and gives beside the call. */
typedef struct {
  const attention_call *call;
  const float *context, *maxima, *sums, *weights, *dContext, *dWeights;
  float *dots;  // 0: of the softmax alone, computed where they are needed
  float *dQuery, *dKeys, *dValues, *dVectors;
  i32 accumulate;     // to dKeys and dValues
  i32 chunks, round;  // how the work is cut, and how far it is: see attend_backward
} backward_job;

void attend_backward(backward_job job);

/** dContext · context of a query: the softmax's Σ g · dW (Dao et al. 2022, appendix B.2). */
INLINE float dot_with_context(const attention_view *v, const backward_job *job, i32 q) {
  const long at = v->context_at + q * v->context_row;
  float dot;
  dot_products(job->dContext + at, 0, 1, job->context + at, 0, 1, v->call->value_size, &dot, 0);
  return dot;
}

/** The scratch of a backward block. */
typedef struct {
  float scores[ROW_BLOCK * SCORE_STRIDE];   // dScore
  float weights[ROW_BLOCK * SCORE_STRIDE];  // W after dropout: near, and with rows that do not collide
  float cap_slopes[SCORE_STRIDE];           // of a row
  key_panels of_values, of_keys;
  float tail[2 * KEY_BLOCK * PANEL];
} backward_scratch;

/** Packs what gradient_block needs of keys t … t + count. */
void pack_block(const attention_view *v, const backward_job *job, i32 t, i32 count,
                backward_scratch *m);

/**
 * m->scores = dScore of a block whose keys from t on are packed, and m->weights the dropped weights.
 * `of_raw`: dRaw · scale instead, which the cap and the scale are undone for.
 */
void gradient_block(const attention_view *v, const backward_job *job, i32 q, i32 rows, i32 t,
                    key_span span, i32 of_raw, backward_scratch *m);

/** Σ g · dW and Σ g of every row of such a block, added to what stands in dots and totals. */
void dots_of_block(const attention_view *v, const backward_job *job, i32 q, i32 rows, i32 t,
                   key_span span, float *dots, float *totals, backward_scratch *m);

#endif
