// uses columns
struct Parameters {
  x: u32,
  gain: u32,
  bias: u32,
  means: u32,
  inverses: u32,
  dy: u32,
  // y forward, dx backward
  out: u32,
  d_gain: u32,
  d_bias: u32,
  rows: u32,
  columns: u32,
  team: u32,
  // Among which workgroups share out rows where they are added up by column, and whether sums are added to.
  parts: u32,
  accumulate: u32,
  epsilon: f32,
}

// From here on, squares are of differences times 2^-80: float32 has none above 1.8e19.
const LARGE = 0x1p48f;
const DOWN = 0x1p-80f;

// 1 / √x, to a unit in the last place by a step of Newton's method.
fn inverse_root(x: f32) -> f32 {
  let r = inverseSqrt(x);
  let rest = fma(-(x * r), r, 1.0);
  return select(r, fma(0.5 * r, rest, r), is_finite(rest));
}

// mean = Σ x / D, inverse = 1 / √(Σ (x − mean)² / D + ε), y = gain · (x − mean) · inverse + bias
@compute @workgroup_size(GROUP)
fn layerNormForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  let x = p.x + i * p.columns;
  let y = p.out + i * p.columns;
  let first = lane % p.team;
  let count = f32(max(p.columns, 1u));
  var total = 0.0;
  for (var j = first; j < columns; j += p.team) { total += float_at(x + j); }
  let whole = team_sum(total, lane, p.team) / count;
  // A mean that is large beside the deviation has not enough digits: the mean of what is left has the rest of them.
  var left = 0.0;
  var most = 0.0;
  for (var j = first; j < columns; j += p.team) {
    let d = float_at(x + j) - whole;
    left += d;
    most = select(most, abs(d), abs(d) > most && !is_nan(d));
  }
  let rest = team_sum(left, lane, p.team) / count;
  let scale_down = select(1.0, DOWN, team_max(most, lane, p.team) > LARGE);
  var squares = 0.0;
  for (var j = first; j < columns; j += p.team) {
    let d = ((float_at(x + j) - whole) - rest) * scale_down;
    squares = fma(d, d, squares);
  }
  let variance = team_sum(squares, lane, p.team) / count + p.epsilon * scale_down * scale_down;
  let inverse = inverse_root(variance) * scale_down;
  for (var j = first; j < columns; j += p.team) {
    let normal = ((float_at(x + j) - whole) - rest) * inverse;
    put_float(y + j, fma(float_at(p.gain + j), normal, float_at(p.bias + j)));
  }
  if (first != 0u || i >= p.rows) { return; }
  put_float(p.means + i, select(whole, whole + rest, is_finite(whole)));
  put_float(p.inverses + i, inverse);
}

// dx = inverse · (dn − Σ dn / D − n · Σ dn · n / D) with n = (x − mean) · inverse and dn = dy · gain
@compute @workgroup_size(GROUP)
fn layerNormBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let there = i < p.rows;
  let columns = select(0u, p.columns, there);
  let start = i * p.columns;
  let first = lane % p.team;
  var mean = 0.0;
  var inverse = 0.0;
  if (there) {
    mean = float_at(p.means + i);
    inverse = float_at(p.inverses + i);
  }
  var total = 0.0;
  var dot = 0.0;
  for (var j = first; j < columns; j += p.team) {
    let dn = float_at(p.dy + start + j) * float_at(p.gain + j);
    total += dn;
    dot = fma(dn, (float_at(p.x + start + j) - mean) * inverse, dot);
  }
  let level = team_sum(total, lane, p.team) / f32(p.columns);
  let slope = team_sum(dot, lane, p.team) / f32(p.columns);
  for (var j = first; j < columns; j += p.team) {
    let dn = float_at(p.dy + start + j) * float_at(p.gain + j);
    let n = (float_at(p.x + start + j) - mean) * inverse;
    put_float(p.out + start + j, inverse * fma(-n, slope, dn - level));
  }
}

alias Sum = vec2<f32>;

// d_gain[part, j] (+)= Σ dy · n, d_bias[part, j] (+)= Σ dy over the part's rows
@compute @workgroup_size(GROUP)
fn layerNormColumns(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let strip = strip_of(group, groups, lane);
  var total = vec2<f32>();
  for (var i = strip.first; i < strip.end; i += DEPTH) {
    let place = i * p.columns + strip.j;
    let dy = float_at(p.dy + place);
    let n = (float_at(p.x + place) - float_at(p.means + i)) * float_at(p.inverses + i);
    total += vec2<f32>(dy * n, dy);
  }
  total = sum_of_column(total, lane);
  if (!strip.there || lane >= TILE) { return; }
  let place = strip.part * p.columns + strip.j;
  if (p.accumulate != 0u) { total += vec2<f32>(float_at(p.d_gain + place), float_at(p.d_bias + place)); }
  put_float(p.d_gain + place, total.x);
  put_float(p.d_bias + place, total.y);
}
