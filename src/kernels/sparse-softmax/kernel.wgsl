// With z = x less its largest number, and half of that for entmax: the share of a number is d for sparsemax and d² for
// entmax, where d = max(z − τ, 0). As in kernel.c, τ is found by Newton's method, from where the largest number alone has
// a share of 1: of Σ d = 1, or √Σ d² = 1, every step ends left of the solution, and the product of value and slope falls
// to a quarter at the least, which from columns² to the last digit takes fewer steps than MOST_STEPS.
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

const MOST_STEPS = 64u;

// Whether a row of the workgroup goes on, for all of its threads to see.
var<workgroup> going: u32;

// NaN where x is.
fn excess(x: f32, shift: f32, factor: f32, tau: f32) -> f32 {
  let d = (x - shift) * factor - tau;
  return select(d, 0.0, d < 0.0 && !is_nan(d));
}

fn sparse_forward(group: vec3<u32>, groups: vec3<u32>, lane: u32, squared: bool) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let x = p.x + i * p.columns;
  let y = p.out + i * p.columns;
  let first = lane % p.team;
  let factor = select(1.0, 0.5, squared);
  var most = -infinity();
  for (var j = first; j < columns; j += p.team) {
    let value = float_at(x + j);
    most = select(most, value, value > most && !is_nan(value));
  }
  most = team_max(most, lane, p.team);
  let shift = select(most, 0.0, is_minus_infinity(most));
  var tau = -1.0;
  for (var count = 0u; count < MOST_STEPS; count++) {
    var total = 0.0;
    var slopes = 0.0;
    for (var j = first; j < columns; j += p.team) {
      let d = excess(float_at(x + j), shift, factor, tau);
      total += select(d, d * d, squared);
      slopes += select(select(0.0, 1.0, d > 0.0), d, squared);
    }
    total = team_sum(total, lane, p.team);
    slopes = team_sum(slopes, lane, p.team);
    // √Σ · (√Σ − 1) keeps its digits as this, where Σ is nearly 1.
    let root = sqrt(total);
    let step = (total - 1.0) * select(1.0, root / (root + 1.0), squared);
    // A total of 0: all are −∞, and stay below any threshold. NaN makes NaN of all.
    var next = tau;
    if (is_nan(total)) {
      next = total;
    } else if (total > 0.0) {
      next = tau + step / slopes;
    }
    let goes_on = next > tau && !is_nan(next);
    tau = next;
    let any_goes_on = group_max(select(0.0, 1.0, goes_on), lane);
    if (lane == 0u) { going = u32(any_goes_on); }
    if (workgroupUniformLoad(&going) == 0u) { break; }
  }
  for (var j = first; j < columns; j += p.team) {
    let d = excess(float_at(x + j), shift, factor, tau);
    put_float(y + j, select(d, d * d, squared));
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
