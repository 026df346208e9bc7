// uses attend, sparse
//
// The forward pass: attendForward, a tile of keys after the other (Dao et al. 2022), where a row keeps the largest score
// and the sum so far (Milakov & Gimelshein 2018). Weights, if they are wanted, are computed anew once those are
// known. Sparse normalisers need rows of scores instead: attentionScores, sparseWeights, weightSum.

// Unit: columns of context by TILE, then tiles of queries, then heads. Only the first columns' unit tells of the rows.
@compute @workgroup_size(GROUP)
fn attendForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let column = unit % p.chunks * TILE;
  let q = unit / p.chunks % p.tiles * TILE;
  let rows = min(TILE, p.queries - q);
  let y = lane / 16u;
  let x = lane % 16u;
  let v = view_of(unit / p.chunks / p.tiles, lane);
  let met = keys_met(v, q, rows);
  var most = vec4<f32>(-infinity());
  var sum = vec4<f32>();
  // Whether dropout keeps any weight of a row.
  var kept = vec4<f32>();
  var context = Tile();
  var inverse = vec4<f32>();
  var scores: Scores;
  let rounds = select(1u, 2u, p.weights != 0u && column == 0u);
  for (var round = 0u; round < rounds; round++) {
    let is_last = round == 1u;
    let end = select(met.y, p.steps, is_last);
    for (var t = select(met.x, 0u, is_last); t < end; t += TILE) {
      let is_near = t >= met.x && t < met.y;
      let keys = min(TILE, met.y - min(t, met.y));
      // Of a single tile, the last round finds the scores where they were.
      if (is_near && !(is_last && p.steps <= TILE)) { scores = scores_of(v, q, rows, t, keys, lane); }
      if (is_last) {
        put_weights(scores, is_near, v, q, t, most, inverse, lane);
        continue;
      }
      var larger = most;
      for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
          let score = scores.x[i][j];
          if (is_met(scores.met, i, j) && !is_nan(score) && score > larger[i]) { larger[i] = score; }
        }
      }
      larger = row_maxima(larger, lane);
      var weights = Tile();
      for (var i = 0u; i < 4u; i++) {
        // What was summed up with the maximum before is scaled down to this one.
        let shift = shift_of(larger[i]);
        let factor = exp_of_negative(most[i] - shift);
        sum[i] *= factor;
        context[i] *= factor;
        for (var j = 0u; j < 4u; j++) {
          if (!is_met(scores.met, i, j)) { continue; }
          let weight = exp_of_negative(scores.x[i][j] - shift);
          sum[i] += weight;
          if (is_kept(v.row + q + y + 16u * i, t + x + 16u * j)) {
            weights[i][j] = weight * p.factor;
            kept[i] = 1.0;
          }
        }
      }
      most = larger;
      let values = p.values + key_row(v, t) * p.value_size + column;
      let columns = p.value_size - min(column, p.value_size);
      let stride = p.key_t * p.value_size;
      for (var j = 0u; j * 16u < keys && columns > 0u; j++) {
        let depth = min(16u, keys - 16u * j);
        put_columns(weights, j, lane);
        take_rows(values + 16u * j * stride, stride, depth, columns, lane);
        add_products(&context, v, q, t + 16u * j, false, rows, depth, lane);
      }
    }
    if (!is_last) {
      sum = row_sums(sum, lane);
      inverse = 1.0 / select(sum, vec4<f32>(1.0), sum == vec4<f32>());
      if (p.drops != 0u) { kept = row_sums(kept, lane); }
    }
  }
  for (var i = 0u; i < 4u; i++) {
    let line = q + y + 16u * i;
    // Without any, context is 0, even beside a sum of NaN.
    let factor = select(inverse[i], 1.0, p.drops != 0u && kept[i] == 0.0);
    put_line(p.context, v, line, column, context[i] * factor, x);
    if (column > 0u || x > 0u || line >= p.queries) { continue; }
    let place = v.row + line;
    if (p.maxima != 0u) {
      put_float(p.maxima + place, most[i]);
      put_float(p.sums + place, sum[i]);
    }
    if (p.log_sum_exp != 0u) { put_float(p.log_sum_exp + place, most[i] + logarithm(sum[i])); }
  }
}

// A tile of weights, 0 where none of its keys are near any query.
fn put_weights(
  scores: Scores, is_near: bool, v: View, q: u32, t: u32, most: vec4<f32>, inverse: vec4<f32>, lane: u32,
) {
  for (var i = 0u; i < 4u; i++) {
    let line = q + lane / 16u + 16u * i;
    for (var j = 0u; j < 4u; j++) {
      let key = t + lane % 16u + 16u * j;
      if (line >= p.queries || key >= p.steps) { continue; }
      var weight = 0.0;
      if (is_near && is_met(scores.met, i, j)) {
        weight = exp_of_negative(scores.x[i][j] - shift_of(most[i])) * inverse[i];
      }
      put_float(p.weights + (v.row + line) * p.steps + key, weight);
    }
  }
}

// Columns column + x, column + x + 16, … of a row of context.
fn put_line(context: u32, v: View, q: u32, column: u32, numbers: vec4<f32>, x: u32) {
  if (q >= p.queries) { return; }
  for (var j = 0u; j < 4u; j++) {
    let c = column + x + 16u * j;
    if (c < p.value_size) { put_float(context + query_row(v, q) * p.value_size + c, numbers[j]); }
  }
}

// Scores as far as the stage, into weights. Unit: tiles of keys, then of queries, then heads.
@compute @workgroup_size(GROUP)
fn attentionScores(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let t = unit % p.chunks * TILE;
  let q = unit / p.chunks % p.tiles * TILE;
  let rows = min(TILE, p.queries - q);
  let v = view_of(unit / p.chunks / p.tiles, lane);
  let met = keys_met(v, q, rows);
  var tile: Tile;
  if (p.stage != STAGE_MASKED || (t >= met.x && t < met.y)) {
    tile = raw_scores(v, q, rows, t, min(TILE, p.steps - t), lane);
  }
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      let line = q + lane / 16u + 16u * i;
      let key = t + lane % 16u + 16u * j;
      if (line >= p.queries || key >= p.steps) { continue; }
      var score = tile[i][j];
      if (p.stage == STAGE_MASKED) {
        if (is_allowed(v, line, key)) { score = score_of(v, score, line, key); } else { score = p.denied; }
      } else if (p.stage != STAGE_RAW) {
        score = capped(score);
      }
      put_float(p.weights + (v.row + line) * p.steps + key, score);
    }
  }
}

// A row of scores, −∞ where a key is not allowed, becomes sparse weights in place. One workgroup a row.
@compute @workgroup_size(GROUP)
fn sparseWeights(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let line = row(group, groups);
  if (line >= p.units) { return; }
  let start = p.weights + line * p.steps;
  let most = largest_of(start, p.steps, lane, GROUP);
  let shift = shift_of(most);
  if (p.log_sum_exp != 0u) {
    var sum = 0.0;
    for (var t = lane; t < p.steps; t += GROUP) { sum += exp_of_negative(float_at(start + t) - shift); }
    sum = group_sum(sum, lane);
    if (lane == 0u) { put_float(p.log_sum_exp + line, most + logarithm(sum)); }
  }
  let squared = p.normalizer != SPARSEMAX;
  let tau = threshold_of(start, p.steps, shift, squared, lane, GROUP);
  let v = view_of(line / p.queries, lane);
  for (var t = lane; t < p.steps; t += GROUP) {
    let weight = share_of(excess(float_at(start + t), shift, squared, tau), squared);
    // What is not allowed stays 0 in a row of NaN too.
    let none = is_nan(weight) && !is_allowed(v, line % p.queries, t);
    put_float(start + t, select(weight, 0.0, none));
  }
}

// context = drop(weights) · values, of weights that are kept; what lies behind a length is not read. Units as attendForward's.
@compute @workgroup_size(GROUP)
fn weightSum(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = row(group, groups);
  if (unit >= p.units) { return; }
  let column = unit % p.chunks * TILE;
  let q = unit / p.chunks % p.tiles * TILE;
  let rows = min(TILE, p.queries - q);
  let y = lane / 16u;
  let x = lane % 16u;
  let v = view_of(unit / p.chunks / p.tiles, lane);
  let met = keys_met(v, q, rows);
  let stride = p.key_t * p.value_size;
  var context = Tile();
  for (var t = met.x; t < met.y; t += DEPTH) {
    let depth = min(DEPTH, met.y - t);
    let place = v.row + q;
    var weights = four_of(p.weights + place * p.steps + t + x, p.steps, y, 16u, select(0u, rows, x < depth));
    for (var i = 0u; i < 4u; i++) { weights[i] = dropped(place + y + 16u * i, t + x, weights[i]); }
    of_a[x][y] = stored(weights);
    take_rows(p.values + key_row(v, t) * p.value_size + column, stride, depth, p.value_size - column, lane);
    add_products(&context, v, q, t, false, rows, depth, lane);
  }
  for (var i = 0u; i < 4u; i++) {
    put_line(p.context, v, q + y + 16u * i, column, context[i], x);
  }
}
