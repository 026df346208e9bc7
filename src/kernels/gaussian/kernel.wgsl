struct Parameters {
  centres: u32,
  y: u32,
  dy: u32,
  d_centres: u32,
  rows: u32,
  steps: u32,
  team: u32,
  // 1 / (√2 · deviation) forward, 1 / deviation² backward
  factor: f32,
}

// y = exp(−((t − centre) / (√2 · deviation))²)
@compute @workgroup_size(GROUP)
fn gaussianForward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let place = element(id, groups);
  let i = place / p.steps;
  if (i >= p.rows) { return; }
  let distance = (f32(place % p.steps) - float_at(p.centres + i)) * p.factor;
  put_float(p.y + place, exp_of_negative(-distance * distance));
}

// dCentre = Σ dy · y · (t − centre) / deviation²
@compute @workgroup_size(GROUP)
fn gaussianBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let steps = select(0u, p.steps, i < p.rows);
  let start = i * p.steps;
  let first = lane % p.team;
  var total = 0.0;
  if (i < p.rows) {
    let centre = float_at(p.centres + i);
    for (var t = first; t < steps; t += p.team) {
      let pull = float_at(p.dy + start + t) * float_at(p.y + start + t);
      total = fma(pull, f32(t) - centre, total);
    }
  }
  total = team_sum(total, lane, p.team);
  if (first == 0u && i < p.rows) { put_float(p.d_centres + i, total * p.factor); }
}
