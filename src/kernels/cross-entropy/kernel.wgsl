struct Parameters {
  logits: u32,
  targets: u32,
  probabilities: u32,
  losses: u32,
  d_logits: u32,
  rows: u32,
  columns: u32,
  team: u32,
  ignored: i32,
  smoothing: f32,
  // What is wanted of the target besides, 1 − ε, and of every column, ε / columns.
  hit: f32,
  even: f32,
  factor: f32,
}

// With d = x − max: p = exp(d) / Σ exp(d), loss = ln Σ exp(d) − (1 − ε) · d[target] − ε / columns · Σ d
@compute @workgroup_size(GROUP)
fn softmaxCrossEntropyForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let x = p.logits + i * p.columns;
  let y = p.probabilities + i * p.columns;
  let first = lane % p.team;
  let most = largest_of(x, columns, lane, p.team);
  let shift = shift_of(most);
  // Those of the largest, which are 1, are added up on their own, so that what the others add to 1 keeps its digits:
  // a loss near 0 is its logarithm.
  var ones = 0.0;
  var others = 0.0;
  var distances = 0.0;
  for (var j = first; j < columns; j += p.team) {
    let value = float_at(x + j);
    let d = value - shift;
    let e = exp_of_negative(d);
    put_float(y + j, e);
    let largest = value == most;
    ones += select(0.0, e, largest);
    others += select(e, 0.0, largest);
    distances += d;
  }
  ones = team_sum(ones, lane, p.team);
  others = team_sum(others, lane, p.team);
  let total = ones + others;
  let share = 1.0 / select(total, 1.0, total == 0.0);
  for (var j = first; j < columns; j += p.team) { put_float(y + j, float_at(y + j) * share); }
  // Without smoothing, a logit of −∞ off the target has no part in the loss.
  if (p.smoothing > 0.0) { distances = team_sum(distances, lane, p.team); }
  if (first != 0u || i >= p.rows) { return; }
  let target_column = int_at(p.targets + i);
  var loss = 0.0;
  if (target_column != p.ignored) {
    let lost = others - (total - ones);
    loss = logarithm(total) + lost * share;
    loss -= p.hit * (float_at(x + u32(target_column)) - most);
    if (p.smoothing > 0.0) { loss -= p.even * distances; }
  }
  put_float(p.losses + i, loss);
}

// dx = factor · (p − (1 − ε) · [j = target] − ε / columns)
@compute @workgroup_size(GROUP)
fn softmaxCrossEntropyBackward(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let place = element(id, groups);
  let i = place / p.columns;
  if (i >= p.rows) { return; }
  let target_column = int_at(p.targets + i);
  var gradient = 0.0;
  if (target_column != p.ignored) {
    let hit = target_column == i32(place % p.columns);
    let wanted = select(p.even, p.hit + p.even, hit);
    gradient = p.factor * (float_at(p.probabilities + place) - wanted);
  }
  put_float(p.d_logits + place, gradient);
}
