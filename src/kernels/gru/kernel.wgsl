// One step of gruForward: for its time t, and the states of the step before,
//
//   r, z = σ(gates[t] + h · wh);   past[t] = h · wh_n + bn;   n = tanh(gates_n[t] + r ⊙ past[t]);
//   h ← (1 − z) ⊙ n + z ⊙ h
struct Parameters {
  // (N, T, 3H): what comes in, and then r, z, n.
  gates: u32,
  wh: u32,
  bn: u32,
  lengths: u32,
  // The states before and after: sequence 0's, and the words to the next sequence's. Absent ones before are zeros, absent
  // ones after are not wanted.
  h_from: u32,
  h_from_row: u32,
  h_to: u32,
  h_to_row: u32,
  // A second place for those after, of (N, H): where this is the last step.
  h_last: u32,
  past: u32,
  batch: u32,
  steps: u32,
  step: u32,
  hidden: u32,
}

// Tiles as in src/kernels/lstm/kernel.wgsl.
const ROWS = 32u;
const COLUMNS = 16u;
const DEPTH = 32u;
const FOURTH = DEPTH / 4u;
const STRIDE = FOURTH + 1u;

var<workgroup> of_h: array<vec4<f32>, ROWS * STRIDE>;
// The three gates of a unit are one vector.
var<workgroup> of_wh: array<vec3<f32>, DEPTH * COLUMNS>;

fn state_before(n: u32, k: u32) -> f32 {
  if (n >= p.batch || k >= p.hidden) { return 0.0; }
  return float_at(p.h_from + n * p.h_from_row + k);
}

fn states_before(n: u32, k: u32) -> vec4<f32> {
  return vec4<f32>(
    state_before(n, k),
    state_before(n, k + FOURTH),
    state_before(n, k + 2u * FOURTH),
    state_before(n, k + 3u * FOURTH),
  );
}

fn weights_of_gates(k: u32, j: u32) -> vec3<f32> {
  if (k >= p.hidden || j >= p.hidden) { return vec3<f32>(); }
  let place = p.wh + k * 3u * p.hidden + j;
  return vec3<f32>(float_at(place), float_at(place + p.hidden), float_at(place + 2u * p.hidden));
}

// Unit j of sequence n, from the three sums of h · wh.
fn finish(n: u32, j: u32, sums: vec3<f32>) {
  if (n >= p.batch || j >= p.hidden) { return; }
  var h = 0.0;
  if (p.h_from != 0u) { h = float_at(p.h_from + n * p.h_from_row + j); }
  // Without any steps, the last states are the first.
  if (p.step < p.steps) {
    let state = (n * p.steps + p.step) * p.hidden + j;
    let gate = p.gates + state + (n * p.steps + p.step) * 2u * p.hidden;
    var past = 0.0;
    var gates = vec3<f32>();
    if (p.lengths == 0u || i32(p.step) < int_at(p.lengths + n)) {
      past = sums.z + float_at(p.bn + j);
      let r = logistic(float_at(gate) + sums.x);
      let z = logistic(float_at(gate + p.hidden) + sums.y);
      let candidate = hyperbolic_tangent(fma(r, past, float_at(gate + 2u * p.hidden)));
      gates = vec3<f32>(r, z, candidate);
      h = fma(z, h, (1.0 - z) * candidate);
    }
    put_float(gate, gates.x);
    put_float(gate + p.hidden, gates.y);
    put_float(gate + 2u * p.hidden, gates.z);
    put_float(p.past + state, past);
    put_float(p.h_to + n * p.h_to_row + j, h);
  }
  if (p.h_last != 0u) { put_float(p.h_last + n * p.hidden + j, h); }
}

@compute @workgroup_size(GROUP)
fn gruForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first_row = group.y * ROWS;
  let first_column = group.x * COLUMNS;
  let row = lane / COLUMNS;
  let column = lane % COLUMNS;
  // Threads beyond the last sequence load with the others, and add up nothing.
  let added = select(0u, FOURTH, first_row + row < p.batch);
  var sums = vec3<f32>();
  var more_sums = vec3<f32>();
  if (p.h_from != 0u) {
    let n = first_row + lane / FOURTH;
    let k = lane % FOURTH;
    var next_h = states_before(n, k);
    var next_wh = weights_of_gates(row, first_column + column);
    var more_wh = weights_of_gates(DEPTH / 2u + row, first_column + column);
    for (var next = DEPTH; next < p.hidden + DEPTH; next += DEPTH) {
      of_h[lane / FOURTH * STRIDE + k] = next_h;
      of_wh[lane] = next_wh;
      of_wh[GROUP + lane] = more_wh;
      workgroupBarrier();
      // What comes next is on its way while this is added up.
      next_h = states_before(n, next + k);
      next_wh = weights_of_gates(next + row, first_column + column);
      more_wh = weights_of_gates(next + DEPTH / 2u + row, first_column + column);
      for (var q = 0u; q < added; q++) {
        let h = of_h[row * STRIDE + q];
        let more_h = of_h[(row + ROWS / 2u) * STRIDE + q];
        let w0 = of_wh[q * COLUMNS + column];
        let w1 = of_wh[(q + FOURTH) * COLUMNS + column];
        let w2 = of_wh[(q + 2u * FOURTH) * COLUMNS + column];
        let w3 = of_wh[(q + 3u * FOURTH) * COLUMNS + column];
        sums = fma(vec3<f32>(h.x), w0, sums);
        more_sums = fma(vec3<f32>(more_h.x), w0, more_sums);
        sums = fma(vec3<f32>(h.y), w1, sums);
        more_sums = fma(vec3<f32>(more_h.y), w1, more_sums);
        sums = fma(vec3<f32>(h.z), w2, sums);
        more_sums = fma(vec3<f32>(more_h.z), w2, more_sums);
        sums = fma(vec3<f32>(h.w), w3, sums);
        more_sums = fma(vec3<f32>(more_h.w), w3, more_sums);
      }
      workgroupBarrier();
    }
  }
  finish(first_row + row, first_column + column, sums);
  finish(first_row + row + ROWS / 2u, first_column + column, more_sums);
}
