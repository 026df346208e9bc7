// uses columns
//
// sum, norm: a workgroup adds up its share of the numbers, and one more what the others found. sumRows: see there.
struct Parameters {
  x: u32,
  // What sums go to, and clipToNorm's total.
  y: u32,
  length: u32,
  // Workgroups among which numbers, or rows, are shared out.
  parts: u32,
  rows: u32,
  columns: u32,
  team: u32,
  accumulate: u32,
  limit: f32,
}

// y[part] = the sum of a part's numbers
@compute @workgroup_size(GROUP)
fn sum(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var total = 0.0;
  for (var i = group.x * GROUP + lane; i < p.length; i += p.parts * GROUP) { total += float_at(p.x + i); }
  total = group_sum(total, lane);
  if (lane == 0u) { put_float(p.y + group.x, total); }
}

// Squares of float32 overflow from 1.8e19 on, and underflow below 1e-19. So numbers of three sizes are added up on
// their own: large ones times 2^-80, small ones times 2^80 (Blue 1978). NaN is of the middle size.
const LARGE = 0x1p40f;
const SMALL = 0x1p-40f;
const UP = 0x1p80f;
const DOWN = 0x1p-80f;

fn add_square(x: f32, squares: vec3<f32>) -> vec3<f32> {
  let size = abs(x);
  let large = select(0.0, x * DOWN, size > LARGE);
  let small = select(0.0, x * UP, size < SMALL);
  let middle = select(x, 0.0, size > LARGE || size < SMALL);
  let of_sizes = vec3<f32>(large, middle, small);
  return fma(of_sizes, of_sizes, squares);
}

fn sum_of_squares(squares: vec3<f32>, lane: u32) -> vec3<f32> {
  return vec3<f32>(group_sum(squares.x, lane), group_sum(squares.y, lane), group_sum(squares.z, lane));
}

// y[3 part + …] = the squares of a part's numbers, by size
@compute @workgroup_size(GROUP)
fn normParts(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var squares = vec3<f32>(0.0);
  for (var i = group.x * GROUP + lane; i < p.length; i += p.parts * GROUP) {
    squares = add_square(float_at(p.x + i), squares);
  }
  squares = sum_of_squares(squares, lane);
  if (lane == 0u) {
    put_float(p.y + 3u * group.x, squares.x);
    put_float(p.y + 3u * group.x + 1u, squares.y);
    put_float(p.y + 3u * group.x + 2u, squares.z);
  }
}

// y[0] = the root of what all parts found, which x has, and of y[0]² if added to
@compute @workgroup_size(GROUP)
fn norm(@builtin(local_invocation_index) lane: u32) {
  var squares = vec3<f32>(0.0);
  for (var i = lane; i < p.parts; i += GROUP) {
    let place = p.x + 3u * i;
    squares += vec3<f32>(float_at(place), float_at(place + 1u), float_at(place + 2u));
  }
  if (p.accumulate != 0u && lane == 0u) { squares = add_square(float_at(p.y), squares); }
  squares = sum_of_squares(squares, lane);
  if (lane != 0u) { return; }
  // NaN, which is of the middle size, is asked for first: no comparison may be relied on to tell of it.
  var total = squares.y;
  if (!is_nan(total)) {
    if (squares.x > 0.0) {
      total = sqrt(squares.x + squares.y * DOWN * DOWN) * UP;
    } else if (squares.y > 0.0) {
      total = sqrt(squares.y + squares.z * DOWN * DOWN);
    } else {
      total = sqrt(squares.z) * DOWN;
    }
  }
  put_float(p.y, total);
}

// y has the total.
@compute @workgroup_size(GROUP)
fn clipToNorm(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  let total = float_at(p.y);
  if (i >= p.length || is_nan(total) || total <= p.limit) { return; }
  put_float(p.x + i, float_at(p.x + i) * (p.limit / total));
}

alias Sum = f32;

// y[part, j] (+)= the sum of x[i, j] over the part's rows
@compute @workgroup_size(GROUP)
fn sumRows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let strip = strip_of(group, groups, lane);
  var total = 0.0;
  for (var i = strip.first; i < strip.end; i += DEPTH) { total += float_at(p.x + i * p.columns + strip.j); }
  total = sum_of_column(total, lane);
  if (!strip.there || lane >= TILE) { return; }
  let place = p.y + strip.part * p.columns + strip.j;
  if (p.accumulate != 0u) { total += float_at(place); }
  put_float(place, total);
}

@compute @workgroup_size(GROUP)
fn argmax(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = team_row(group, groups, lane, p.team);
  let columns = select(0u, p.columns, i < p.rows);
  var largest = -infinity();
  var best = 0u;
  for (var j = lane % p.team; j < columns; j += p.team) {
    let x = float_at(p.x + i * p.columns + j);
    if (x > largest && !is_nan(x)) {
      largest = x;
      best = j;
    }
  }
  // The first of the places of those that have it, which float32 holds up to 16 million.
  let most = team_max(largest, lane, p.team);
  let first = -team_max(select(-infinity(), -f32(best), largest == most), lane, p.team);
  if (lane % p.team == 0u && i < p.rows) { put_int(p.y + i, i32(first)); }
}
