/** Which keys a query may meet, and what the rules of a call make of a row of dot products. */
#include "attend.h"
#include "threefry.h"
#include "vector-math.h"

/** What to add to an element's number for one step along an axis of a mask or bias; 0 along others. */
typedef struct {
  long n, h, q, t;
} axis_strides;

static axis_strides strides_of(const attention_call *c, i32 axes) {
  long stride = 1;
  axis_strides s = {0};
  if (axes & AXIS_STEPS) {
    s.t = stride;
    stride *= c->steps;
  }
  if (axes & AXIS_QUERIES) {
    s.q = stride;
    stride *= c->queries;
  }
  if (axes & AXIS_HEADS) {
    s.h = stride;
    stride *= c->heads;
  }
  if (axes & AXIS_BATCH) s.n = stride;
  return s;
}

attention_view view_of(const attention_call *call, i32 n, i32 h) {
  const attention_call c = *call;
  // Where there are no sequences, the gradient of a bias that they would share has a view all the same.
  const i32 length = length_of(n < c.batch ? c.lengths : 0, n, c.steps);
  attention_view v = {.call = call, .n = n, .h = h, .length = length};
  v.place = (long long)c.shift + (c.to_end ? v.length : 0);
  const long g = c.key_heads == c.heads ? h : h / (c.heads / c.key_heads);
  const long head = (long)n * c.heads + h, key_head = (long)n * c.key_heads + g;
  long query_at, keys_at, values_at, context_at;
  if (RULE(c.side_by_side)) {
    const long rows = (long)n * c.queries * c.heads + h;
    const long key_rows = (long)n * c.capacity * c.key_heads + g;
    v.query_row = (long)c.heads * c.size;
    v.context_row = (long)c.heads * c.value_size;
    v.key_row = (long)c.key_heads * c.size;
    v.value_row = (long)c.key_heads * c.value_size;
    query_at = rows * c.size;
    context_at = rows * c.value_size;
    keys_at = key_rows * c.size;
    values_at = key_rows * c.value_size;
  } else {
    v.query_row = v.key_row = c.size;
    v.context_row = v.value_row = c.value_size;
    query_at = head * c.queries * c.size;
    context_at = head * c.queries * c.value_size;
    keys_at = key_head * c.capacity * c.size;
    values_at = key_head * c.capacity * c.value_size;
  }
  v.query = c.query + query_at;
  v.keys = c.keys + keys_at;
  v.values = c.values + values_at;
  v.query_at = query_at;
  v.context_at = context_at;
  v.keys_at = keys_at;
  v.values_at = values_at;
  v.row = head * c.queries;
  if (RULE(c.mask)) {
    const axis_strides s = strides_of(call, c.mask_axes);
    v.mask = c.mask + n * s.n + h * s.h;
    v.mask_q = s.q;
    v.mask_t = s.t;
  }
  if (RULE(c.bias)) {
    const axis_strides s = strides_of(call, c.bias_axes);
    v.bias = c.bias + n * s.n + h * s.h;
    v.bias_q = s.q;
    v.bias_t = s.t;
  }
  return v;
}

static i32 within(long long t, i32 low, i32 high) {
  return t < low ? low : t > high ? high : (i32)t;
}

/** The first key that query q may meet by its place, and the one behind the last. */
static i32 first_key(const attention_view *v, i32 q) {
  const i32 left = v->call->left;
  return !RULE(left >= 0) ? 0 : within(q + v->place - left, 0, v->length);
}

static i32 end_key(const attention_view *v, i32 q) {
  const i32 right = v->call->right;
  return !RULE(right >= 0) ? v->length : within(q + v->place + right + 1, 0, v->length);
}

key_span span_of(const attention_view *v, i32 q, i32 rows) {
  const i32 from = first_key(v, q), end = end_key(v, q + rows - 1);
  return (key_span){from, end > from ? end - from : 0, 0};
}

/** Whether a mask or bias denies the whole block; both are broadcast, so that few rows may stand for all. */
static i32 is_emptied(const attention_view *v, i32 q, i32 rows, i32 from, i32 count) {
  if (v->mask) {
    i32 any = 0;
    const i32 steps = v->mask_t ? count : 1, lines = v->mask_q ? rows : 1;
    for (i32 i = 0; i < lines && !any; i++) {
      const i32 *row = v->mask + (q + i) * v->mask_q + from * v->mask_t;
      for (i32 j = 0; j < steps; j++) any |= row[j];
    }
    if (!any) return 1;
  }
  if (v->bias) {
    i32 any = 0;
    const i32 steps = v->bias_t ? count : 1, lines = v->bias_q ? rows : 1;
    for (i32 i = 0; i < lines && !any; i++) {
      const float *row = v->bias + (q + i) * v->bias_q + from * v->bias_t;
      for (i32 j = 0; j < steps; j++) any |= row[j] != -__builtin_inff();
    }
    if (!any) return 1;
  }
  return 0;
}

key_span span_within(const attention_view *v, i32 q, i32 rows, i32 t, i32 end) {
  const key_span all = span_of(v, q, rows);
  i32 from = t;
  if (all.from > t) from += (all.from - t) / PANEL * PANEL;
  end = smaller_of(end, all.from + all.count);
  if (end <= from) return (key_span){from, 0, 0};
  const i32 inner = first_key(v, q + rows - 1) > from || end_key(v, q) < end;
  if (RULE(v->mask || v->bias) && is_emptied(v, q, rows, from, end - from)) {
    return (key_span){from, 0, 0};
  }
  return (key_span){from, end - from, RULE(inner || v->mask || v->bias)};
}

void deny_keys(const attention_view *v, i32 q, key_span span, i32 *denied) {
  const i32 low = first_key(v, q) - span.from, high = end_key(v, q) - span.from;
  const vec none = splat(-__builtin_inff());
  const i32 *mask = v->mask ? v->mask + q * v->mask_q + span.from * v->mask_t : 0;
  const float *bias = v->bias ? v->bias + q * v->bias_q + span.from * v->bias_t : 0;
  ivec at;
  for (i32 l = 0; l < LANES; l++) at[l] = l;
  for (i32 j = 0; j < span.count; j += LANES) {
    ivec deny = (at < low) | (at >= high);
    const i32 left_over = span.count - j;
    if (mask) deny |= (v->mask_t ? load_ints_left(mask + j, left_over) : (ivec){} + *mask) == 0;
    if (bias) {
      deny |= (v->bias_t ? load_left(bias + j, left_over, 0) : splat(*bias)) == none;
    }
    *(ivec_at *)(denied + j) = deny;
    at += LANES;
  }
}

static void cap_scores(float cap, i32 count, float *row, float *cap_slopes) {
  const float *k = constants(EXP), *t = constants(TANH);
  const vec inverse = splat(1 / cap), factor = splat(cap);
  for (i32 j = 0; j < count; j += LANES) {
    vec x = load(row + j) * inverse;
    store(row + j, factor * hyperbolic_tangent(x, k, t));
    if (cap_slopes) store(cap_slopes + j, slope_of_tangent(x, k, t));
  }
}

void finish_scores(const attention_view *v, i32 q, key_span span, i32 stage, const i32 *denied,
                   float *row, float *cap_slopes) {
  const attention_call *c = v->call;
  const i32 count = span.count;
  if (RULE(c->scale != 1)) {
    for (i32 j = 0; j < count; j += LANES) store(row + j, load(row + j) * splat(c->scale));
  }
  if (stage == RAW) return;
  if (RULE(c->softcap > 0)) cap_scores(c->softcap, count, row, cap_slopes);
  if (stage == CAPPED) return;
  if (RULE(v->bias)) {
    const float *bias = v->bias + q * v->bias_q + span.from * v->bias_t;
    for (i32 j = 0; j < count; j += LANES) {
      vec b = v->bias_t ? load_left(bias + j, count - j, 0) : splat(*bias);
      store(row + j, load(row + j) + b);
    }
  }
  if (RULE(c->slopes)) {
    const vec slope = splat(c->slopes[v->h]);
    vec away = splat((float)(q + v->place - span.from));
    for (i32 l = 0; l < LANES; l++) away[l] -= (float)l;
    for (i32 j = 0; j < count; j += LANES) {
      store(row + j, load(row + j) - slope * absolute(away));
      away -= splat(LANES);
    }
  }
  if (RULE(denied)) {
    const vec none = splat(-__builtin_inff());
    for (i32 j = 0; j < count; j += LANES) {
      store(row + j, choose(*(const ivec_at *)(denied + j), none, load(row + j)));
    }
  }
}

void drop_weights(const attention_view *v, i32 q, key_span span, float *row) {
  const attention_call *c = v->call;
  if (!RULE(c->drops)) return;
  const vec factor = splat(c->factor);
  for (i32 j = 0; j < span.count; j += 2 * LANES) {
    u32 words[2 * LANES];
    draw(c->seed, c->stream, (u32)(span.from + j) / 2, (u32)(v->row + q), words);
    for (i32 half = j; half < j + 2 * LANES && half < span.count; half += LANES) {
      ivec keep = *(const uvec_at *)(words + half - j) >= c->least;
      if (c->drops_all) keep ^= keep;
      store(row + half, (vec)(keep & (ivec)(factor * load(row + half))));
    }
  }
}

i32 has_strangers(const float *x, long row, i32 rows, i32 size) {
  // x · 0 is 0 but for ∞ and NaN, whose sum stays NaN.
  vec sum = splat(0);
  for (i32 i = 0; i < rows; i++) {
    for (i32 j = 0; j < size; j += LANES) {
      sum += load_left(x + i * row + j, size - j, 0) * splat(0);
    }
  }
  const float total = sum_lanes(sum);
  return total != total;
}
