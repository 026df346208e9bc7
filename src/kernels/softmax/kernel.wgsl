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

// y = exp(x − max) / Σ exp(x − max)
@compute @workgroup_size(GROUP)
fn softmaxForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let x = p.x + i * p.columns;
  let y = p.out + i * p.columns;
  let first = lane % p.team;
  let shift = shift_of(largest_of(x, columns, lane, p.team));
  var total = 0.0;
  for (var j = first; j < columns; j += p.team) {
    let e = exp_of_negative(float_at(x + j) - shift);
    put_float(y + j, e);
    total += e;
  }
  total = team_sum(total, lane, p.team);
  let share = 1.0 / select(total, 1.0, total == 0.0);
  for (var j = first; j < columns; j += p.team) { put_float(y + j, float_at(y + j) * share); }
}

// dx = y · (dy − Σ y · dy)
@compute @workgroup_size(GROUP)
fn softmaxBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let y = p.x + i * p.columns;
  let dy = p.dy + i * p.columns;
  let dx = p.out + i * p.columns;
  let first = lane % p.team;
  var dot = 0.0;
  for (var j = first; j < columns; j += p.team) { dot = fma(float_at(y + j), float_at(dy + j), dot); }
  dot = team_sum(dot, lane, p.team);
  for (var j = first; j < columns; j += p.team) {
    put_float(dx + j, float_at(y + j) * (float_at(dy + j) - dot));
  }
}
