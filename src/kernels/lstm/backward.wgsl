// One step of lstmBackward: for its time t, the time `after` of the step that it has already been at, and
// dh = dhs[t] + dGates[after] · whᵀ,
//
//   dc ← dc + dh ⊙ o ⊙ (1 − tanh²c);    dz_o = dh ⊙ tanh(c) ⊙ o(1 − o);    dz_f = dc ⊙ c' ⊙ f(1 − f);
//   dz_g = dc ⊙ i ⊙ (1 − g²);    dz_i = dc ⊙ g ⊙ i(1 − i);    dc' = dc ⊙ f
struct Parameters {
  gates: u32,
  wh: u32,
  lengths: u32,
  cs: u32,
  // The cells of the step before t: sequence 0's, and the words to the next sequence's; absent ones are zeros.
  c_before: u32,
  c_before_row: u32,
  dhs: u32,
  // What is carried of dh where no gate had a part in it, and of dc: absent ones are zeros.
  dh_from: u32,
  dc_from: u32,
  d_gates: u32,
  dh0: u32,
  dc0: u32,
  batch: u32,
  steps: u32,
  // NONE when all steps are done, and dh0 is what came back.
  step: u32,
  // NONE at the first.
  after: u32,
  hidden: u32,
}

const NONE = 0xffffffffu;

// A workgroup computes COLUMNS units of ROWS sequences, a thread one unit of two, from DEPTH gates at a time.
const ROWS = 32u;
const COLUMNS = 16u;
const DEPTH = 64u;
// Numbers m = q, q + 16, q + 32, q + 48 are one vector, so that neighbouring threads read neighbouring words and four
// numbers are one read from workgroup memory. A vector between rows keeps them in different banks.
const FOURTH = DEPTH / 4u;
const STRIDE = FOURTH + 1u;

var<workgroup> of_gates: array<vec4<f32>, ROWS * STRIDE>;
var<workgroup> of_wh: array<vec4<f32>, COLUMNS * STRIDE>;

fn is_on(n: u32, step: u32) -> bool {
  return p.lengths == 0u || i32(step) < int_at(p.lengths + n);
}

// Numbers m, m + 16, m + 32, m + 48 of a row of 4H.
fn four_of(place: u32, m: u32) -> vec4<f32> {
  let end = 4u * p.hidden;
  var four = vec4<f32>();
  if (m < end) { four.x = float_at(place + m); }
  if (m + FOURTH < end) { four.y = float_at(place + m + FOURTH); }
  if (m + 2u * FOURTH < end) { four.z = float_at(place + m + 2u * FOURTH); }
  if (m + 3u * FOURTH < end) { four.w = float_at(place + m + 3u * FOURTH); }
  return four;
}

fn gates_after(n: u32, m: u32) -> vec4<f32> {
  if (n >= p.batch) { return vec4<f32>(); }
  return four_of(p.d_gates + (n * p.steps + p.after) * 4u * p.hidden, m);
}

fn weights_of_unit(j: u32, m: u32) -> vec4<f32> {
  if (j >= p.hidden) { return vec4<f32>(); }
  return four_of(p.wh + j * 4u * p.hidden, m);
}

// Unit j of sequence n, from its part of dGates[after] · whᵀ.
fn finish(n: u32, j: u32, came_back: f32) {
  if (n >= p.batch || j >= p.hidden) { return; }
  let own = n * p.hidden + j;
  var dc = 0.0;
  if (p.dc_from != 0u) { dc = float_at(p.dc_from + own); }
  var dh = 0.0;
  if (p.after != NONE && is_on(n, p.after)) {
    dh = came_back;
  } else if (p.dh_from != 0u) {
    dh = float_at(p.dh_from + own);
  }
  if (p.step == NONE) {
    put_float(p.dh0 + own, dh);
    put_float(p.dc0 + own, dc);
    return;
  }
  let state = (n * p.steps + p.step) * p.hidden + j;
  let gate = state + (n * p.steps + p.step) * 3u * p.hidden;
  dh += float_at(p.dhs + state);
  var dz = vec4<f32>();
  if (is_on(n, p.step)) {
    let f = float_at(p.gates + gate);
    let g = float_at(p.gates + gate + p.hidden);
    let i = float_at(p.gates + gate + 2u * p.hidden);
    let o = float_at(p.gates + gate + 3u * p.hidden);
    let c = float_at(p.cs + state);
    var before = 0.0;
    if (p.c_before != 0u) { before = float_at(p.c_before + n * p.c_before_row + j); }
    dc = fma(dh * o, slope_of_tangent(c), dc);
    dz = vec4<f32>(
      dc * before * f * (1.0 - f),
      dc * i * ((1.0 - g) * (1.0 + g)),
      dc * g * i * (1.0 - i),
      dh * hyperbolic_tangent(c) * o * (1.0 - o),
    );
    dc *= f;
  } else {
    // The state stood still: its gradient is carried on, and no gate had a part in it.
    put_float(p.dh0 + own, dh);
  }
  put_float(p.dc0 + own, dc);
  put_float(p.d_gates + gate, dz.x);
  put_float(p.d_gates + gate + p.hidden, dz.y);
  put_float(p.d_gates + gate + 2u * p.hidden, dz.z);
  put_float(p.d_gates + gate + 3u * p.hidden, dz.w);
}

@compute @workgroup_size(GROUP)
fn lstmBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
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
    for (var next = DEPTH; next < 4u * p.hidden + DEPTH; next += DEPTH) {
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
