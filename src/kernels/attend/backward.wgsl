// uses attend
//
// The backward pass (Dao et al. 2022, algorithm 4), in dispatches that compute tiles of dScore anew, from weights that are
// kept or from the scores and what the forward pass left of each row:
//
//     attendDots           dots, which all scores of a row lose
//     attendQueryBackward  dQuery = dS · keys, tile by tile of queries
//     attendKeysBackward   dKeys = dSᵀ · query, dValues = Wᵀ · dContext, tile by tile of keys
//     attendBiasBackward   dBias, by the elements of the bias
//
// So no two workgroups write one number, and every sum has an order of its own.

struct Gradients {
  // dScore, or dRaw · scale.
  scores: Tile,
  // Weights after dropout.
  weights: Tile,
}

// g of the contract.
fn support_of(weight: f32) -> f32 {
  if (p.normalizer == SOFTMAX || is_nan(weight)) { return weight; }
  if (p.normalizer == SPARSEMAX) { return select(0.0, 1.0, weight > 0.0); }
  return sqrt(weight);
}

// dContext · valuesᵀ
fn weight_gradients(v: View, q: u32, rows: u32, t: u32, keys: u32, lane: u32) -> Tile {
  let a = p.d_context + query_row(v, q) * p.value_size;
  let b = p.values + key_row(v, t) * p.value_size;
  return products(a, p.query_q * p.value_size, rows, b, p.key_t * p.value_size, keys, p.value_size, lane);
}

// What came back to the weight of a pair that is allowed.
fn weight_gradient(line: u32, t: u32, of_context: f32, keeps: bool) -> f32 {
  let x = select(0.0, of_context * p.factor, keeps);
  if (p.d_weights == 0u) { return x; }
  return x + float_at(p.d_weights + line * p.steps + t);
}

// A tile of both. `of_raw`: of dRaw · scale, rather than dScore. Without values, dScore is nothing, and nobody wants it.
fn gradients_of(v: View, q: u32, rows: u32, t: u32, keys: u32, of_raw: bool, lane: u32) -> Gradients {
  var raw: Tile;
  var of_context: Tile;
  let has_cap = of_raw && p.softcap > 0.0;
  if (p.weights == 0u || has_cap) { raw = raw_scores(v, q, rows, t, keys, lane); }
  if (p.values != 0u) { of_context = weight_gradients(v, q, rows, t, keys, lane); }
  var gradients: Gradients;
  for (var i = 0u; i < 4u; i++) {
    let line = q + lane / 16u + 16u * i;
    if (line >= p.queries) { break; }
    let place = v.row + line;
    var shift = 0.0;
    var inverse = 0.0;
    if (p.weights == 0u) {
      shift = shift_of(float_at(p.maxima + place));
      let sum = float_at(p.sums + place);
      // Not by !=, of which NaN is no part.
      inverse = select(1.0 / sum, 0.0, sum == 0.0);
    }
    let dot = float_at(p.dots + place);
    for (var j = 0u; j < 4u; j++) {
      let key = t + lane % 16u + 16u * j;
      if (!is_allowed(v, line, key)) { continue; }
      let keeps = is_kept(place, key);
      var weight = 0.0;
      if (p.weights != 0u) {
        weight = float_at(p.weights + place * p.steps + key);
      } else {
        weight = exp_of_negative(score_of(v, raw[i][j], line, key) - shift) * inverse;
      }
      gradients.weights[i][j] = select(0.0, weight * p.factor, keeps);
      if (p.values == 0u) { continue; }
      var d = support_of(weight) * (weight_gradient(place, key, of_context[i][j], keeps) - dot);
      if (has_cap) { d *= slope_of_tangent(raw[i][j] / p.softcap); }
      gradients.scores[i][j] = select(d, d * p.scale, of_raw);
    }
  }
  return gradients;
}

// Of the softmax alone, dot is dContext · context (Dao et al. 2022, appendix B.2); else a sum over the row. Unit: tiles of
// queries, then heads.
@compute @workgroup_size(GROUP)
fn attendDots(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let q = unit % p.tiles * TILE;
  let rows = min(TILE, p.queries - q);
  let y = lane / 16u;
  let x = lane % 16u;
  let v = view_of(unit / p.tiles, lane);
  var dots = vec4<f32>();
  var totals = vec4<f32>(1.0);
  if (p.normalizer == SOFTMAX && p.d_weights == 0u) {
    for (var i = 0u; i < 4u; i++) {
      if (y + 16u * i >= rows) { break; }
      let start = query_row(v, q + y + 16u * i) * p.value_size;
      for (var e = x; e < p.value_size; e += 16u) {
        dots[i] = fma(float_at(p.d_context + start + e), float_at(p.context + start + e), dots[i]);
      }
    }
    dots = row_sums(dots, lane);
  } else {
    totals = vec4<f32>();
    let met = keys_met(v, q, rows);
    for (var t = met.x; t < met.y; t += TILE) {
      let of_context = weight_gradients(v, q, rows, t, min(TILE, met.y - t), lane);
      for (var i = 0u; i < 4u; i++) {
        let line = q + y + 16u * i;
        for (var j = 0u; j < 4u; j++) {
          let key = t + x + 16u * j;
          if (!is_allowed(v, line, key)) { continue; }
          let place = v.row + line;
          let g = support_of(float_at(p.weights + place * p.steps + key));
          let upstream = weight_gradient(place, key, of_context[i][j], is_kept(place, key));
          dots[i] = fma(g, upstream, dots[i]);
          totals[i] += g;
        }
      }
    }
    dots = row_sums(dots, lane);
    totals = row_sums(totals, lane);
    if (p.normalizer == SOFTMAX) { totals = vec4<f32>(1.0); }
  }
  for (var i = 0u; i < 4u; i++) {
    let line = q + y + 16u * i;
    if (x > 0u || line >= p.queries) { continue; }
    var dot = dots[i] / select(totals[i], 1.0, totals[i] == 0.0);
    // Nothing weighs anything, whatever came back.
    if (p.normalizer == SOFTMAX && p.sums != 0u && float_at(p.sums + v.row + line) == 0.0) { dot = 0.0; }
    put_float(p.dots + v.row + line, dot);
  }
}

// Rows of `own` are those of the tile, rows of of_b the terms that they meet. For additive scores, a pair's part in the
// gradient of either is d · vector · (1 − tanh²) with d = of_a, and in that of the vector d · tanh. A pair that is not
// allowed has d = 0; where NaN stands in one that is, d is NaN too. All threads must call it.
fn add_slopes(
  sums: ptr<function, Tile>, vectors: ptr<function, Tile>, own: Tile, column: u32, depth: u32, lane: u32,
) {
  let y = lane / 16u;
  let x = lane % 16u;
  var factors = vec4<f32>(1.0);
  for (var j = 0u; j < 4u && p.vector != 0u; j++) {
    let d = column + x + 16u * j;
    if (d < p.size) { factors[j] = factor_of(d); }
  }
  workgroupBarrier();
  for (var k = 0u; k < depth; k++) {
    let a = numbers(of_a[k][y]);
    let b = numbers(of_b[k][x]);
    for (var i = 0u; i < 4u; i++) {
      let d = a[i];
      // In bits, as no compiler may then take NaN for a number.
      if ((bitcast<u32>(d) << 1u) == 0u) { continue; }
      for (var j = 0u; j < 4u; j++) {
        let sum = own[i][j] + b[j];
        (*sums)[i][j] += d * factors[j] * slope_of_tangent(sum);
        if (p.d_vectors != 0u) { (*vectors)[i][j] += d * hyperbolic_tangent(sum); }
      }
    }
  }
  workgroupBarrier();
}

// The tile's own part of `count` rows from `place` on, `stride` words apart, of which `columns` columns are left.
fn own_rows(place: u32, stride: u32, count: u32, columns: u32, lane: u32) -> Tile {
  var own = Tile();
  for (var i = 0u; i < 4u; i++) {
    let line = lane / 16u + 16u * i;
    own[i] = four_of(place + line * stride, 1u, lane % 16u, 16u, select(0u, columns, line < count));
  }
  return own;
}

// Unit: columns of dQuery by TILE, then tiles of queries, then heads.
@compute @workgroup_size(GROUP)
fn attendQueryBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let column = unit % p.chunks * TILE;
  let columns = p.size - column;
  let q = unit / p.chunks % p.tiles * TILE;
  let rows = min(TILE, p.queries - q);
  let v = view_of(unit / p.chunks / p.tiles, lane);
  let met = keys_met(v, q, rows);
  let start = query_row(v, q) * p.size + column;
  let stride = p.key_t * p.size;
  var sums = Tile();
  var nothing: Tile;
  var own: Tile;
  if (p.additive != 0u) { own = own_rows(p.query + start, p.query_q * p.size, rows, columns, lane); }
  for (var t = met.x; t < met.y; t += TILE) {
    let keys = min(TILE, met.y - t);
    let gradients = gradients_of(v, q, rows, t, keys, true, lane);
    for (var j = 0u; j * 16u < keys; j++) {
      let first = t + 16u * j;
      let depth = min(16u, met.y - first);
      put_columns(gradients.scores, j, lane);
      take_rows(p.keys + key_row(v, first) * p.size + column, stride, depth, columns, lane);
      if (p.additive != 0u) {
        add_slopes(&sums, &nothing, own, column, depth, lane);
      } else {
        add_products(&sums, v, q, first, false, rows, depth, lane);
      }
    }
  }
  for (var i = 0u; i < 4u; i++) {
    let line = lane / 16u + 16u * i;
    for (var j = 0u; j < 4u; j++) {
      let c = lane % 16u + 16u * j;
      if (line < rows && c < columns) { put_float(p.d_query + start + line * p.query_q * p.size + c, sums[i][j]); }
    }
  }
}

// Unit: columns of dKeys and dValues by TILE, then tiles of keys, spare ones too, then heads of keys. The heads that share
// keys come one after the other. Where there is no dKeys, weights are kept, and dValues is all.
@compute @workgroup_size(GROUP)
fn attendKeysBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let column = unit % p.chunks * TILE;
  let columns = p.size - min(column, p.size);
  let value_columns = p.value_size - min(column, p.value_size);
  let t = unit / p.chunks % p.tiles * TILE;
  let key_head = unit / p.chunks / p.tiles;
  let shared_by = p.heads / p.key_heads;
  let first_row = key_head / p.key_heads * p.key_n + key_head % p.key_heads * p.key_g + t * p.key_t;
  let start = first_row * p.size + column;
  let of_keys = p.d_keys != 0u && columns > 0u;
  var d_keys = Tile();
  var d_values = Tile();
  var d_vectors = Tile();
  var own: Tile;
  if (p.additive != 0u && of_keys) {
    own = own_rows(p.keys + start, p.key_t * p.size, min(TILE, p.steps - min(t, p.steps)), columns, lane);
  }
  for (var h = 0u; h < shared_by; h++) {
    let v = view_of(key_head * shared_by + h, lane);
    if (t >= v.length) { continue; }
    let keys = min(TILE, v.length - t);
    let met = queries_met(v, t, keys);
    for (var q = met.x; q < met.y; q += TILE) {
      let rows = min(TILE, met.y - q);
      let gradients = gradients_of(v, q, rows, t, keys, true, lane);
      for (var i = 0u; i * 16u < rows; i++) {
        let first = q + 16u * i;
        let depth = min(16u, met.y - first);
        if (of_keys) {
          put_rows(gradients.scores, i, lane);
          take_rows(p.query + query_row(v, first) * p.size + column, p.query_q * p.size, depth, columns, lane);
          if (p.additive != 0u) {
            add_slopes(&d_keys, &d_vectors, own, column, depth, lane);
          } else {
            add_products(&d_keys, v, first, t, true, keys, depth, lane);
          }
        }
        if (value_columns > 0u) {
          let upstream = p.d_context + query_row(v, first) * p.value_size + column;
          put_rows(gradients.weights, i, lane);
          take_rows(upstream, p.query_q * p.value_size, depth, value_columns, lane);
          add_products(&d_values, v, first, t, true, keys, depth, lane);
        }
      }
    }
  }
  let is_one = p.d_keys == p.d_values;
  let value_start = first_row * p.value_size + column;
  for (var i = 0u; i < 4u; i++) {
    let line = lane / 16u + 16u * i;
    if (t + line >= p.capacity) { break; }
    for (var j = 0u; j < 4u; j++) {
      let c = lane % 16u + 16u * j;
      let place = start + line * p.key_t * p.size + c;
      if (of_keys && c < columns) {
        put_sum(p.d_keys + place, d_keys[i][j] + select(0.0, d_values[i][j], is_one));
        if (p.d_vectors != 0u) { put_sum(p.d_vectors + place, d_vectors[i][j]); }
      }
      if (!is_one && c < value_columns) {
        put_sum(p.d_values + value_start + line * p.key_t * p.value_size + c, d_values[i][j]);
      }
    }
  }
}

fn put_sum(place: u32, x: f32) {
  var sum = x;
  if (p.accumulate != 0u) { sum += float_at(place); }
  put_float(place, sum);
}

// A unit has a tile of dBias's queries and keys, or all of those that it is broadcast over; then heads, then sequences,
// or all of those.
@compute @workgroup_size(GROUP)
fn attendBiasBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let own_t = unit % p.chunks * TILE;
  let own_q = unit / p.chunks % p.tiles * TILE;
  let heads = select(1u, p.heads, p.bias_h != 0u);
  let own_h = unit / p.chunks / p.tiles % heads;
  let own_n = unit / p.chunks / p.tiles / heads;
  let behind_q = select(p.queries, min(own_q + TILE, p.queries), p.bias_q != 0u);
  let behind_h = select(p.heads, own_h + 1u, p.bias_h != 0u);
  let behind_n = select(p.batch, own_n + 1u, p.bias_n != 0u);
  var total = Tile();
  for (var n = own_n; n < behind_n; n++) {
    for (var h = own_h; h < behind_h; h++) {
      let v = view_of(n * p.heads + h, lane);
      for (var q = own_q; q < behind_q; q += TILE) {
        let rows = min(TILE, p.queries - q);
        let met = keys_met(v, q, rows);
        let behind_t = select(met.y, min(own_t + TILE, met.y), p.bias_t != 0u);
        for (var t = select(met.x, own_t, p.bias_t != 0u); t < behind_t; t += TILE) {
          if (t < met.x) { continue; }
          let gradients = gradients_of(v, q, rows, t, min(TILE, behind_t - t), false, lane);
          for (var i = 0u; i < 4u; i++) { total[i] += gradients.scores[i]; }
        }
      }
    }
  }
  let y = lane / 16u;
  let x = lane % 16u;
  if (p.bias_t == 0u) {
    var of_rows = vec4<f32>();
    for (var i = 0u; i < 4u; i++) { of_rows[i] = dot(total[i], vec4<f32>(1.0)); }
    of_rows = row_sums(of_rows, lane);
    for (var i = 0u; i < 4u; i++) { total[i] = vec4<f32>(of_rows[i]); }
  }
  if (p.bias_q == 0u) {
    let of_columns = total[0] + total[1] + total[2] + total[3];
    for (var j = 0u; j < 4u; j++) { parts[y][x + 16u * j] = of_columns[j]; }
    workgroupBarrier();
    total[0] = vec4<f32>();
    for (var k = 0u; k < 16u; k++) {
      total[0] += vec4<f32>(parts[k][x], parts[k][x + 16u], parts[k][x + 32u], parts[k][x + 48u]);
    }
  }
  let queries = select(1u, p.queries, p.bias_q != 0u);
  let steps = select(1u, p.steps, p.bias_t != 0u);
  for (var i = 0u; i < 4u; i++) {
    let line = own_q + y + 16u * i;
    for (var j = 0u; j < 4u; j++) {
      let key = own_t + x + 16u * j;
      if (line >= queries || key >= steps) { continue; }
      let place = own_n * p.bias_n + own_h * p.bias_h + line * p.bias_q + key * p.bias_t;
      put_float(p.d_bias + place, total[i][j]);
    }
  }
}
