struct Parameters {
  probabilities: u32,
  targets: u32,
  losses: u32,
  d_probabilities: u32,
  rows: u32,
  columns: u32,
  team: u32,
  ignored: i32,
  // Over how many columns smoothing is spread: 0 without any.
  smoothed: u32,
  // What is wanted of the target besides, 1 − ε, and of every smoothed column, ε / symbols.
  hit: f32,
  even: f32,
  factor: f32,
}

// Probabilities below it count as it (definition.ts).
const LEAST = 0x1p-100f;

fn bounded_logarithm(x: f32) -> f32 { return logarithm(select(x, LEAST, x <= LEAST && !is_nan(x))); }

// loss = −(1 − ε) · ln p[target] − ε / symbols · Σ ln p
@compute @workgroup_size(GROUP)
fn negativeLogLikelihoodForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let first = lane % p.team;
  let start = p.probabilities + i * p.columns;
  var total = 0.0;
  // The same for all threads of a dispatch.
  if (p.smoothed > 0u) {
    let smoothed = select(0u, p.smoothed, i < p.rows);
    for (var j = first; j < smoothed; j += p.team) { total += bounded_logarithm(float_at(start + j)); }
    total = team_sum(total, lane, p.team);
  }
  if (first != 0u || i >= p.rows) { return; }
  let target_column = int_at(p.targets + i);
  var loss = 0.0;
  if (target_column != p.ignored) {
    loss = -p.hit * bounded_logarithm(float_at(start + u32(target_column))) - p.even * total;
  }
  put_float(p.losses + i, loss);
}

// dp = −factor · ((1 − ε) · [j = target] + ε / symbols · [j < symbols]) / p
@compute @workgroup_size(GROUP)
fn negativeLogLikelihoodBackward(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let place = element(id, groups);
  let i = place / p.columns;
  if (i >= p.rows) { return; }
  let j = place % p.columns;
  let target_column = int_at(p.targets + i);
  let wanted = select(0.0, p.hit, target_column == i32(j)) + select(0.0, p.even, j < p.smoothed);
  var gradient = 0.0;
  // Of what is not wanted at all, the gradient is 0 even where p is NaN.
  if (target_column != p.ignored && wanted > 0.0) {
    let x = float_at(p.probabilities + place);
    if (is_nan(x) || x > LEAST) { gradient = -p.factor * wanted / x; }
  }
  put_float(p.d_probabilities + place, gradient);
}
