struct Parameters {
  a: u32,
  b: u32,
  bias: u32,
  c: u32,
  rows: u32,
  columns: u32,
  inner: u32,
  // Words from one row of op(a), and from one of its columns, to the next; the same of op(b).
  a_row: u32,
  a_column: u32,
  b_row: u32,
  b_column: u32,
  accumulate: u32,
}

// A workgroup computes TILE × TILE numbers of c, a thread 4 × 4 of them, from DEPTH columns of a and rows of b at a time.
const TILE = 64u;
const DEPTH = 16u;

var<workgroup> of_a: array<array<f32, TILE + 1>, DEPTH>;
var<workgroup> of_b: array<array<f32, TILE + 1>, DEPTH>;

@compute @workgroup_size(GROUP)
fn matmul(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first_row = group.y * TILE;
  let first_column = group.x * TILE;
  let row = lane / 16u;
  let column = lane % 16u;
  var sums = array<vec4<f32>, 4>();
  for (var first = 0u; first < p.inner; first += DEPTH) {
    // Neighbouring threads read neighbouring words, whichever way a matrix lies.
    for (var part = 0u; part < TILE * DEPTH / GROUP; part++) {
      let number = part * GROUP + lane;
      let by_column = p.a_column == 1u;
      let i = select(number % TILE, number / DEPTH, by_column);
      let k = select(number / TILE, number % DEPTH, by_column);
      let there = first_row + i < p.rows && first + k < p.inner;
      var x = 0.0;
      if (there) { x = float_at(p.a + (first_row + i) * p.a_row + (first + k) * p.a_column); }
      of_a[k][i] = x;
    }
    for (var part = 0u; part < TILE * DEPTH / GROUP; part++) {
      let number = part * GROUP + lane;
      let by_column = p.b_column == 1u;
      let j = select(number / DEPTH, number % TILE, by_column);
      let k = select(number % DEPTH, number / TILE, by_column);
      let there = first_column + j < p.columns && first + k < p.inner;
      var x = 0.0;
      if (there) { x = float_at(p.b + (first + k) * p.b_row + (first_column + j) * p.b_column); }
      of_b[k][j] = x;
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let b = vec4<f32>(
        of_b[k][column], of_b[k][column + 16u], of_b[k][column + 32u], of_b[k][column + 48u],
      );
      sums[0] = fma(vec4<f32>(of_a[k][row]), b, sums[0]);
      sums[1] = fma(vec4<f32>(of_a[k][row + 16u]), b, sums[1]);
      sums[2] = fma(vec4<f32>(of_a[k][row + 32u]), b, sums[2]);
      sums[3] = fma(vec4<f32>(of_a[k][row + 48u]), b, sums[3]);
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    let r = first_row + row + 16u * i;
    for (var j = 0u; j < 4u; j++) {
      let s = first_column + column + 16u * j;
      if (r >= p.rows || s >= p.columns) { continue; }
      let place = p.c + r * p.columns + s;
      var y = sums[i][j];
      if (p.bias != 0u) { y += float_at(p.bias + s); }
      if (p.accumulate != 0u) { y += float_at(place); }
      put_float(place, y);
    }
  }
}
