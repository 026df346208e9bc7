// c (+)= op(a) · op(b) + bias, by tiles of c. Entry points differ in their tiles' sides: calls/matmul-calls.ts chooses.
struct Parameters {
  // Words from one row of op(a), and from one of its columns, to the next; the same of op(b), c and bias.
  a: u32,
  a_row: u32,
  a_column: u32,
  b: u32,
  b_row: u32,
  b_column: u32,
  bias: u32,
  bias_row: u32,
  bias_column: u32,
  c: u32,
  c_row: u32,
  c_column: u32,
  rows: u32,
  columns: u32,
  inner: u32,
  // Tiles in all, and from left to right.
  tiles: u32,
  across: u32,
  // Workgroup z adds up terms z · part … (z + 1) · part − 1 alone.
  part: u32,
  // Where not 0, its sums go to part z, of `count`, of (count, rows, columns) there, and not to c.
  parts: u32,
  count: u32,
  accumulate: u32,
}

// The terms that a workgroup adds up: from here …
fn first_term(group: vec3<u32>) -> u32 { return group.z * p.part; }
// … to there.
fn end_of_terms(group: vec3<u32>) -> u32 { return min((group.z + 1u) * p.part, p.inner); }

// One number of c, from its sum.
fn finish(group: vec3<u32>, row: u32, column: u32, sum: f32) {
  if (row >= p.rows || column >= p.columns) { return; }
  if (p.parts != 0u) {
    put_float(p.parts + (group.z * p.rows + row) * p.columns + column, sum);
  } else {
    put_in_place(row, column, sum);
  }
}

fn put_in_place(row: u32, column: u32, sum: f32) {
  let place = p.c + row * p.c_row + column * p.c_column;
  var y = sum;
  if (p.bias != 0u) { y += float_at(p.bias + row * p.bias_row + column * p.bias_column); }
  if (p.accumulate != 0u) { y += float_at(place); }
  put_float(place, y);
}

// Adds up the parts of every sum, from the first to the last.
@compute @workgroup_size(GROUP)
fn matmulParts(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = element(id, groups);
  let length = p.rows * p.columns;
  if (i >= length) { return; }
  var sum = 0.0;
  for (var z = 0u; z < p.count; z++) { sum += float_at(p.parts + z * length + i); }
  put_in_place(i / p.columns, i % p.columns, sum);
}

// The four rows of a at term k, and the four columns of b.
fn rows_of_a(first_row: u32, q: u32, step: u32, k: u32, end: u32) -> vec4<f32> {
  if (k >= end) { return vec4<f32>(); }
  return four_of(p.a + k * p.a_column, p.a_row, first_row + q, step, p.rows);
}
fn columns_of_b(first_column: u32, q: u32, step: u32, k: u32, end: u32) -> vec4<f32> {
  if (k >= end) { return vec4<f32>(); }
  return four_of(p.b + k * p.b_row, p.b_column, first_column + q, step, p.columns);
}

// Terms that are in workgroup memory at a time.
const DEPTH = 16u;

// Vector q of term k. Threads that load go along the terms where those are dense, and along the q where those are; so that
// neither meets one bank all the time, the places of a term's vectors are shuffled by its number.
fn vector(k: u32, q: u32, width: u32) -> u32 { return k * width + (q ^ (k & 7u)); }

// --- tiles of 64 × 64: a thread computes 4 × 4 numbers, rows row + 16i and columns column + 16j ---

const SIDE = 16u;

var<workgroup> of_a: array<vec4<f32>, SIDE * DEPTH>;
var<workgroup> of_b: array<vec4<f32>, SIDE * DEPTH>;

@compute @workgroup_size(GROUP)
fn matmul(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = row(group, groups);
  if (tile >= p.tiles) { return; }
  let first_row = tile / p.across * 4u * SIDE;
  let first_column = tile % p.across * 4u * SIDE;
  let end = end_of_terms(group);
  let row = lane / SIDE;
  let column = lane % SIDE;
  let a_along = p.a_column == 1u;
  let a_q = select(lane % SIDE, lane / DEPTH, a_along);
  let a_k = select(lane / SIDE, lane % DEPTH, a_along);
  let b_along = p.b_row == 1u;
  let b_q = select(lane % SIDE, lane / DEPTH, b_along);
  let b_k = select(lane / SIDE, lane % DEPTH, b_along);
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  let start = first_term(group);
  var next_a = rows_of_a(first_row, a_q, SIDE, start + a_k, end);
  var next_b = columns_of_b(first_column, b_q, SIDE, start + b_k, end);
  for (var first = start; first < end; first += DEPTH) {
    of_a[vector(a_k, a_q, SIDE)] = next_a;
    of_b[vector(b_k, b_q, SIDE)] = next_b;
    workgroupBarrier();
    // What comes next is on its way while this is added up.
    let next = first + DEPTH;
    next_a = rows_of_a(first_row, a_q, SIDE, next + a_k, end);
    next_b = columns_of_b(first_column, b_q, SIDE, next + b_k, end);
    for (var k = 0u; k < DEPTH; k++) {
      let a = of_a[vector(k, row, SIDE)];
      let b = of_b[vector(k, column, SIDE)];
      s0 = fma(vec4<f32>(a.x), b, s0);
      s1 = fma(vec4<f32>(a.y), b, s1);
      s2 = fma(vec4<f32>(a.z), b, s2);
      s3 = fma(vec4<f32>(a.w), b, s3);
    }
    workgroupBarrier();
  }
  finish_four(group, first_row + row, first_column + column, SIDE, s0);
  finish_four(group, first_row + row + SIDE, first_column + column, SIDE, s1);
  finish_four(group, first_row + row + 2u * SIDE, first_column + column, SIDE, s2);
  finish_four(group, first_row + row + 3u * SIDE, first_column + column, SIDE, s3);
}

fn finish_four(group: vec3<u32>, row: u32, column: u32, step: u32, sums: vec4<f32>) {
  finish(group, row, column, sums.x);
  finish(group, row, column + step, sums.y);
  finish(group, row, column + 2u * step, sums.z);
  finish(group, row, column + 3u * step, sums.w);
}

// --- tiles of 128 × 128: a thread computes 8 × 8 numbers, rows row + 16i and columns column + 16j ---

const LARGE = 32u;

var<workgroup> of_large_a: array<vec4<f32>, LARGE * DEPTH>;
var<workgroup> of_large_b: array<vec4<f32>, LARGE * DEPTH>;

@compute @workgroup_size(GROUP)
fn matmulLarge(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = row(group, groups);
  if (tile >= p.tiles) { return; }
  let first_row = tile / p.across * 4u * LARGE;
  let first_column = tile % p.across * 4u * LARGE;
  let end = end_of_terms(group);
  let row = lane / 16u;
  let column = lane % 16u;
  // A thread loads two vectors of each matrix.
  let a_along = p.a_column == 1u;
  let a_q = select(lane % LARGE, lane / DEPTH, a_along);
  let a_k = select(lane / LARGE, lane % DEPTH, a_along);
  let a_more_q = select(a_q, a_q + GROUP / DEPTH, a_along);
  let a_more_k = select(a_k + GROUP / LARGE, a_k, a_along);
  let b_along = p.b_row == 1u;
  let b_q = select(lane % LARGE, lane / DEPTH, b_along);
  let b_k = select(lane / LARGE, lane % DEPTH, b_along);
  let b_more_q = select(b_q, b_q + GROUP / DEPTH, b_along);
  let b_more_k = select(b_k + GROUP / LARGE, b_k, b_along);
  // Rows row + 32i, then those 16 behind; of each the columns column + 32j, then those 16 behind.
  var s00 = vec4<f32>();
  var s01 = vec4<f32>();
  var s10 = vec4<f32>();
  var s11 = vec4<f32>();
  var s20 = vec4<f32>();
  var s21 = vec4<f32>();
  var s30 = vec4<f32>();
  var s31 = vec4<f32>();
  var s40 = vec4<f32>();
  var s41 = vec4<f32>();
  var s50 = vec4<f32>();
  var s51 = vec4<f32>();
  var s60 = vec4<f32>();
  var s61 = vec4<f32>();
  var s70 = vec4<f32>();
  var s71 = vec4<f32>();
  let start = first_term(group);
  var next_a = rows_of_a(first_row, a_q, LARGE, start + a_k, end);
  var next_more_a = rows_of_a(first_row, a_more_q, LARGE, start + a_more_k, end);
  var next_b = columns_of_b(first_column, b_q, LARGE, start + b_k, end);
  var next_more_b = columns_of_b(first_column, b_more_q, LARGE, start + b_more_k, end);
  for (var first = start; first < end; first += DEPTH) {
    of_large_a[vector(a_k, a_q, LARGE)] = next_a;
    of_large_a[vector(a_more_k, a_more_q, LARGE)] = next_more_a;
    of_large_b[vector(b_k, b_q, LARGE)] = next_b;
    of_large_b[vector(b_more_k, b_more_q, LARGE)] = next_more_b;
    workgroupBarrier();
    let next = first + DEPTH;
    next_a = rows_of_a(first_row, a_q, LARGE, next + a_k, end);
    next_more_a = rows_of_a(first_row, a_more_q, LARGE, next + a_more_k, end);
    next_b = columns_of_b(first_column, b_q, LARGE, next + b_k, end);
    next_more_b = columns_of_b(first_column, b_more_q, LARGE, next + b_more_k, end);
    for (var k = 0u; k < DEPTH; k++) {
      let of_row = vector(k, row, LARGE);
      let of_column = vector(k, column, LARGE);
      let a0 = of_large_a[of_row];
      let a1 = of_large_a[of_row + 16u];
      let b0 = of_large_b[of_column];
      let b1 = of_large_b[of_column + 16u];
      s00 = fma(vec4<f32>(a0.x), b0, s00);
      s01 = fma(vec4<f32>(a0.x), b1, s01);
      s10 = fma(vec4<f32>(a0.y), b0, s10);
      s11 = fma(vec4<f32>(a0.y), b1, s11);
      s20 = fma(vec4<f32>(a0.z), b0, s20);
      s21 = fma(vec4<f32>(a0.z), b1, s21);
      s30 = fma(vec4<f32>(a0.w), b0, s30);
      s31 = fma(vec4<f32>(a0.w), b1, s31);
      s40 = fma(vec4<f32>(a1.x), b0, s40);
      s41 = fma(vec4<f32>(a1.x), b1, s41);
      s50 = fma(vec4<f32>(a1.y), b0, s50);
      s51 = fma(vec4<f32>(a1.y), b1, s51);
      s60 = fma(vec4<f32>(a1.z), b0, s60);
      s61 = fma(vec4<f32>(a1.z), b1, s61);
      s70 = fma(vec4<f32>(a1.w), b0, s70);
      s71 = fma(vec4<f32>(a1.w), b1, s71);
    }
    workgroupBarrier();
  }
  let own_row = first_row + row;
  let own_column = first_column + column;
  finish_eight(group, own_row, own_column, s00, s01);
  finish_eight(group, own_row + 32u, own_column, s10, s11);
  finish_eight(group, own_row + 64u, own_column, s20, s21);
  finish_eight(group, own_row + 96u, own_column, s30, s31);
  finish_eight(group, own_row + 16u, own_column, s40, s41);
  finish_eight(group, own_row + 48u, own_column, s50, s51);
  finish_eight(group, own_row + 80u, own_column, s60, s61);
  finish_eight(group, own_row + 112u, own_column, s70, s71);
}

fn finish_eight(group: vec3<u32>, row: u32, column: u32, sums: vec4<f32>, more: vec4<f32>) {
  finish_four(group, row, column, LARGE, sums);
  finish_four(group, row, column + 16u, LARGE, more);
}

// --- tiles of 8 rows × 32 columns: a thread adds up every eighth term of 8 numbers, one of each row ---

const FEW_ROWS = 8u;
const FEW_COLUMNS = 32u;
const FEW_DEPTH = 64u;
const SLICES = GROUP / FEW_COLUMNS;

// Terms k of rows 0 … 3, and of rows 4 … 7.
var<workgroup> of_few_a: array<vec4<f32>, FEW_DEPTH>;
var<workgroup> of_more_a: array<vec4<f32>, FEW_DEPTH>;
// Terms k of all columns, a word between rows to keep them in different banks; at the end, the sums of every thread.
const FEW_STRIDE = FEW_COLUMNS + 1u;
var<workgroup> of_few_b: array<f32, FEW_DEPTH * FEW_STRIDE>;

@compute @workgroup_size(GROUP)
fn matmulFewRows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = row(group, groups);
  if (tile >= p.tiles) { return; }
  let first_row = tile / p.across * FEW_ROWS;
  let first_column = tile % p.across * FEW_COLUMNS;
  let end = end_of_terms(group);
  let column = lane % FEW_COLUMNS;
  let slice = lane / FEW_COLUMNS;
  let along = p.b_row == 1u;
  var sums = vec4<f32>();
  var more_sums = vec4<f32>();
  for (var first = first_term(group); first < end; first += FEW_DEPTH) {
    if (lane < FEW_DEPTH) {
      of_few_a[lane] = rows_of_a(first_row, 0u, 1u, first + lane, end);
    } else if (lane < 2u * FEW_DEPTH) {
      of_more_a[lane - FEW_DEPTH] = rows_of_a(first_row, 4u, 1u, first + lane - FEW_DEPTH, end);
    }
    for (var number = lane; number < FEW_DEPTH * FEW_COLUMNS; number += GROUP) {
      let k = select(number / FEW_COLUMNS, number % FEW_DEPTH, along);
      let j = select(number % FEW_COLUMNS, number / FEW_DEPTH, along);
      var x = 0.0;
      if (first + k < end && first_column + j < p.columns) {
        x = float_at(p.b + (first + k) * p.b_row + (first_column + j) * p.b_column);
      }
      of_few_b[k * FEW_STRIDE + j] = x;
    }
    workgroupBarrier();
    for (var k = slice; k < FEW_DEPTH; k += SLICES) {
      let b = vec4<f32>(of_few_b[k * FEW_STRIDE + column]);
      sums = fma(of_few_a[k], b, sums);
      more_sums = fma(of_more_a[k], b, more_sums);
    }
    workgroupBarrier();
  }
  put_sums(lane, sums);
  put_sums(4u * GROUP + lane, more_sums);
  workgroupBarrier();
  // A thread for each number of the tile, of row lane / 32.
  var total = 0.0;
  for (var i = 0u; i < SLICES; i++) { total += of_few_b[slice * GROUP + i * FEW_COLUMNS + column]; }
  finish(group, first_row + slice, first_column + column, total);
}

fn put_sums(place: u32, sums: vec4<f32>) {
  of_few_b[place] = sums.x;
  of_few_b[place + GROUP] = sums.y;
  of_few_b[place + 2u * GROUP] = sums.z;
  of_few_b[place + 3u * GROUP] = sums.w;
}
