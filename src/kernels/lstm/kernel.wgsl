// One step of lstmForward or lstmStates: for its time t, and the states of the step before,
//
//   z = x[t] + h · wh;   f, g, i, o = σ(z_f), tanh(z_g), σ(z_i), σ(z_o);   c ← f ⊙ c + g ⊙ i;   h ← o ⊙ tanh(c)
struct Parameters {
  // What comes in: row n · steps + t of (…, 4H), or row ids[n · steps + t].
  x: u32,
  ids: u32,
  // (N, T, 4H), or nobody wants them.
  gates: u32,
  wh: u32,
  lengths: u32,
  // The states before and after: sequence 0's, and the words to the next sequence's. Absent ones before are zeros, absent
  // ones after are not wanted.
  h_from: u32,
  h_from_row: u32,
  c_from: u32,
  c_from_row: u32,
  h_to: u32,
  h_to_row: u32,
  c_to: u32,
  c_to_row: u32,
  // A second place for those after: where this is the last step.
  h_last: u32,
  c_last: u32,
  last_row: u32,
  batch: u32,
  steps: u32,
  step: u32,
  hidden: u32,
}

// A workgroup computes COLUMNS units of ROWS sequences, a thread one unit of two, from DEPTH numbers of h at a time.
const ROWS = 32u;
const COLUMNS = 16u;
const DEPTH = 32u;
// Numbers k = q, q + 8, q + 16, q + 24 of h are one vector, so that neighbouring threads read neighbouring words and four
// numbers are one read from workgroup memory. A vector between rows keeps two rows in different banks.
const FOURTH = DEPTH / 4u;
const STRIDE = FOURTH + 1u;

var<workgroup> of_h: array<vec4<f32>, ROWS * STRIDE>;
// The four gates of a unit are one vector.
var<workgroup> of_wh: array<vec4<f32>, DEPTH * COLUMNS>;

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

fn weights_of_gates(k: u32, j: u32) -> vec4<f32> {
  if (k >= p.hidden || j >= p.hidden) { return vec4<f32>(); }
  let place = p.wh + k * 4u * p.hidden + j;
  return vec4<f32>(
    float_at(place),
    float_at(place + p.hidden),
    float_at(place + 2u * p.hidden),
    float_at(place + 3u * p.hidden),
  );
}

// Unit j of sequence n, from the four sums of h · wh.
fn finish(n: u32, j: u32, sums: vec4<f32>) {
  if (n >= p.batch || j >= p.hidden) { return; }
  let place = n * p.steps + p.step;
  // Without any steps, the last states are the first.
  let is_on = p.step < p.steps && (p.lengths == 0u || i32(p.step) < int_at(p.lengths + n));
  var c = 0.0;
  if (p.c_from != 0u) { c = float_at(p.c_from + n * p.c_from_row + j); }
  var h = 0.0;
  var gates = vec4<f32>();
  if (is_on) {
    var x = place;
    if (p.ids != 0u) { x = heap[p.ids + place]; }
    x = p.x + x * 4u * p.hidden + j;
    gates = vec4<f32>(
      logistic(float_at(x) + sums.x),
      hyperbolic_tangent(float_at(x + p.hidden) + sums.y),
      logistic(float_at(x + 2u * p.hidden) + sums.z),
      logistic(float_at(x + 3u * p.hidden) + sums.w),
    );
    c = fma(gates.x, c, gates.y * gates.z);
    h = gates.w * hyperbolic_tangent(c);
  } else if (p.h_from != 0u) {
    h = float_at(p.h_from + n * p.h_from_row + j);
  }
  if (p.gates != 0u) {
    let to = p.gates + place * 4u * p.hidden + j;
    put_float(to, gates.x);
    put_float(to + p.hidden, gates.y);
    put_float(to + 2u * p.hidden, gates.z);
    put_float(to + 3u * p.hidden, gates.w);
  }
  if (p.h_to != 0u) { put_float(p.h_to + n * p.h_to_row + j, h); }
  if (p.c_to != 0u) { put_float(p.c_to + n * p.c_to_row + j, c); }
  if (p.h_last != 0u) { put_float(p.h_last + n * p.last_row + j, h); }
  if (p.c_last != 0u) { put_float(p.c_last + n * p.last_row + j, c); }
}

@compute @workgroup_size(GROUP)
fn lstmForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first_row = group.y * ROWS;
  let first_column = group.x * COLUMNS;
  let row = lane / COLUMNS;
  let column = lane % COLUMNS;
  // Threads beyond the last sequence load with the others, and add up nothing.
  let added = select(0u, FOURTH, first_row + row < p.batch);
  var sums = vec4<f32>();
  var more_sums = vec4<f32>();
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
        sums = fma(vec4<f32>(h.x), w0, sums);
        more_sums = fma(vec4<f32>(more_h.x), w0, more_sums);
        sums = fma(vec4<f32>(h.y), w1, sums);
        more_sums = fma(vec4<f32>(more_h.y), w1, more_sums);
        sums = fma(vec4<f32>(h.z), w2, sums);
        more_sums = fma(vec4<f32>(more_h.z), w2, more_sums);
        sums = fma(vec4<f32>(h.w), w3, sums);
        more_sums = fma(vec4<f32>(more_h.w), w3, more_sums);
      }
      workgroupBarrier();
    }
  }
  finish(first_row + row, first_column + column, sums);
  finish(first_row + row + ROWS / 2u, first_column + column, more_sums);
}
