/** Scores and gradients of weights before any rule, and the additive score's gradients. */
#include "attend.h"
#include "vector-math.h"

/** Whether scores are computed from packed keys. */
static i32 packs(const attention_view *v) {
  return !RULE(v->call->additive) && packs_keys(v->call->queries, v->call->size);
}

void pack_keys_of(const attention_view *v, i32 t, i32 count, float *panels) {
  if (!packs(v)) return;
  pack_keys(v->call->queries, v->call->size, v->keys + t * v->key_row, v->key_row, count, panels);
}

void pack_values_of(const attention_view *v, i32 t, i32 count, float *panels) {
  pack_keys(v->call->queries, v->call->value_size, v->values + t * v->value_row, v->value_row, count,
            panels);
}

/** Σ_d vector[d] · tanh(query[d] + key[d]) */
static float additive_score(const float *query, const float *key, const float *vector, i32 size) {
  const float *k = constants(EXP), *t = constants(TANH);
  vec sum = splat(0);
  for (i32 d = 0; d < size; d += LANES) {
    vec x = load_left(query + d, size - d, 0) + load_left(key + d, size - d, 0);
    // What stands behind the end has tanh 0.
    vec factor = vector ? load_left(vector + d, size - d, 0) : splat(1);
    sum = multiply_add(factor, hyperbolic_tangent(x, k, t), sum);
  }
  return sum_lanes(sum);
}

void raw_scores(const attention_view *v, i32 q, i32 rows, key_span span, const float *panels,
                float *out) {
  const attention_call *c = v->call;
  const row_array left = {v->query + q * v->query_row, v->query_row};
  const row_array keys = {v->keys + span.from * v->key_row, v->key_row};
  if (!RULE(c->additive)) {
    block_scores(c->queries, c->size, left, rows, keys, span.count, panels, out, SCORE_STRIDE);
    return;
  }
  for (i32 i = 0; i < rows; i++) {
    for (i32 j = 0; j < span.count; j++) {
      out[i * SCORE_STRIDE + j] = additive_score(left.first + i * left.stride,
                                                 keys.first + j * keys.stride, c->vector, c->size);
    }
  }
}

void raw_weight_gradients(const attention_view *v, const float *dContext, i32 q, i32 rows,
                          key_span span, const float *panels, float *out) {
  const attention_call *c = v->call;
  const row_array left = {dContext + v->context_at + q * v->context_row, v->context_row};
  const row_array values = {v->values + span.from * v->value_row, v->value_row};
  block_scores(c->queries, c->value_size, left, rows, values, span.count, panels, out, SCORE_STRIDE);
}

void additive_gradients(const attention_view *v, i32 q, i32 rows, key_span span, const float *dRaw,
                        float *dQuery, float *dKeys, float *dVectors) {
  const float *k = constants(EXP), *tangent = constants(TANH);
  const float *vector = v->call->vector;
  const i32 size = v->call->size;
  denied_keys denied;
  for (i32 i = 0; i < rows; i++) {
    const float *query = v->query + (q + i) * v->query_row;
    float *dq = dQuery + i * v->query_row;
    if (span.partial) deny_keys(v, q + i, span, denied);
    for (i32 j = 0; j < span.count; j++) {
      if (span.partial && denied[j]) continue;
      const float *key = v->keys + (span.from + j) * v->key_row;
      float *dk = dKeys + j * v->key_row;
      float *dv = dVectors ? dVectors + j * v->key_row : 0;
      const vec upstream = splat(dRaw[i * SCORE_STRIDE + j]);
      for (i32 d = 0; d < size; d += LANES) {
        const i32 left = size - d;
        vec x = load_left(query + d, left, 0) + load_left(key + d, left, 0);
        vec slope = slope_of_tangent(x, k, tangent);
        if (vector) slope = slope * load_left(vector + d, left, 0);
        store_left(dq + d, multiply_add(upstream, slope, load_left(dq + d, left, 0)), left);
        store_left(dk + d, multiply_add(upstream, slope, load_left(dk + d, left, 0)), left);
        if (!dv) continue;
        vec t = hyperbolic_tangent(x, k, tangent);
        store_left(dv + d, multiply_add(upstream, t, load_left(dv + d, left, 0)), left);
      }
    }
  }
}
