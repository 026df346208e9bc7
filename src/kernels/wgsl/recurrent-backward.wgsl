// What backward steps of LSTMs and GRUs share: the products of what came back to the gates with whᵀ, by tiles. Who uses it
// has GATES, how many a unit has; gates_after(n, m), numbers m, m + 16, m + 32 and m + 48 of what came back to those of sequence
// n at time `after`; and finish(n, j, came_back), which makes of the sum for unit j of sequence n what a step leaves.

// No step: where all are done, or the first is to come.
const NONE = 0xffffffffu;

// A workgroup computes COLUMNS units of ROWS sequences, a thread one unit of two, from DEPTH gates at a time.
const ROWS = 32u;
const COLUMNS = 16u;
const DEPTH = 64u;
// Numbers m = q, q + 16, q + 32, q + 48 are one vector. One between rows keeps them in different banks.
const FOURTH = DEPTH / 4u;
const STRIDE = FOURTH + 1u;

var<workgroup> of_gates: array<vec4<f32>, ROWS * STRIDE>;
var<workgroup> of_wh: array<vec4<f32>, COLUMNS * STRIDE>;

fn is_on(n: u32, step: u32) -> bool {
  return p.lengths == 0u || i32(step) < int_at(p.lengths + n);
}

// Numbers m, m + 16, m + 32, m + 48 of a row of all gates, if it is there.
fn gates_of(row: u32, m: u32, there: bool) -> vec4<f32> {
  return four_of(row, 1u, m, FOURTH, select(0u, GATES * p.hidden, there));
}

fn weights_of_unit(j: u32, m: u32) -> vec4<f32> {
  return gates_of(p.wh + j * GATES * p.hidden, m, j < p.hidden);
}

// All threads of a workgroup must call it.
fn step_backward(group: vec3<u32>, lane: u32) {
  let first_row = group.y * ROWS;
  let first_column = group.x * COLUMNS;
  let row = lane / COLUMNS;
  let column = lane % COLUMNS;
  // Who loads goes along the gates: 16 to a row.
  let line = lane / FOURTH;
  let q = lane % FOURTH;
  // Threads beyond the last sequence load with the others, and add up nothing.
  let added = select(0u, FOURTH, first_row + row < p.batch);
  var sums = vec4<f32>();
  var more_sums = vec4<f32>();
  if (p.after != NONE) {
    let n = first_row + line;
    let unit = first_column + line;
    var next_gates = gates_after(n, q);
    var more_gates = gates_after(n + ROWS / 2u, q);
    var next_wh = weights_of_unit(unit, q);
    for (var next = DEPTH; next < GATES * p.hidden + DEPTH; next += DEPTH) {
      of_gates[line * STRIDE + q] = next_gates;
      of_gates[(line + ROWS / 2u) * STRIDE + q] = more_gates;
      of_wh[line * STRIDE + q] = next_wh;
      workgroupBarrier();
      // What comes next is on its way while this is added up.
      next_gates = gates_after(n, next + q);
      more_gates = gates_after(n + ROWS / 2u, next + q);
      next_wh = weights_of_unit(unit, next + q);
      for (var m = 0u; m < added; m++) {
        let w = of_wh[column * STRIDE + m];
        sums = fma(of_gates[row * STRIDE + m], w, sums);
        more_sums = fma(of_gates[(row + ROWS / 2u) * STRIDE + m], w, more_sums);
      }
      workgroupBarrier();
    }
  }
  let half_sums = sums.xy + sums.zw;
  let more_half_sums = more_sums.xy + more_sums.zw;
  finish(first_row + row, first_column + column, half_sums.x + half_sums.y);
  finish(first_row + row + ROWS / 2u, first_column + column, more_half_sums.x + more_half_sums.y);
}
