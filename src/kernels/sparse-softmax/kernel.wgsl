// uses sparse
//
// Rows by teams of threads, as softmax.
struct Parameters {
  // x forward, y backward
  x: u32,
  dy: u32,
  // y forward, dx backward
  out: u32,
  rows: u32,
  columns: u32,
  team: u32,
}

fn sparse_forward(group: vec3<u32>, groups: vec3<u32>, lane: u32, squared: bool) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let x = p.x + i * p.columns;
  let y = p.out + i * p.columns;
  let shift = shift_of(largest_of(x, columns, lane, p.team));
  let tau = threshold_of(x, columns, shift, squared, lane, p.team);
  for (var j = lane % p.team; j < columns; j += p.team) {
    put_float(y + j, share_of(excess(float_at(x + j), shift, squared, tau), squared));
  }
}

@compute @workgroup_size(GROUP)
fn sparsemaxForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sparse_forward(group, groups, lane, false);
}

@compute @workgroup_size(GROUP)
fn entmaxForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sparse_forward(group, groups, lane, true);
}

// By its bits, since `!=` may be false for NaN.
fn is_zero(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0u; }

// s = 1 where y > 0, or √y; NaN stays one.
fn slope_of_share(y: f32, squared: bool) -> f32 {
  if (is_nan(y)) { return y; }
  return select(select(0.0, 1.0, y > 0.0), sqrt(y), squared);
}

// dx = s · (dy − Σ s · dy / Σ s); dy is not read where s is 0.
fn sparse_backward(group: vec3<u32>, groups: vec3<u32>, lane: u32, squared: bool) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let start = i * p.columns;
  let first = lane % p.team;
  var total = 0.0;
  var slopes = 0.0;
  for (var j = first; j < columns; j += p.team) {
    let s = slope_of_share(float_at(p.x + start + j), squared);
    if (is_zero(s)) { continue; }
    total = fma(s, float_at(p.dy + start + j), total);
    slopes += s;
  }
  total = team_sum(total, lane, p.team);
  slopes = team_sum(slopes, lane, p.team);
  let mean = total / slopes;
  for (var j = first; j < columns; j += p.team) {
    let s = slope_of_share(float_at(p.x + start + j), squared);
    var dx = 0.0;
    if (!is_zero(s)) { dx = s * (float_at(p.dy + start + j) - mean); }
    put_float(p.out + start + j, dx);
  }
}

@compute @workgroup_size(GROUP)
fn sparsemaxBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sparse_backward(group, groups, lane, false);
}

@compute @workgroup_size(GROUP)
fn entmaxBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sparse_backward(group, groups, lane, true);
}
