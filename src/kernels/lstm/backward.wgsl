// uses recurrent-backward
//
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

const GATES = 4u;

fn gates_after(n: u32, m: u32) -> vec4<f32> {
  return gates_of(p.d_gates + (n * p.steps + p.after) * GATES * p.hidden, m, n < p.batch);
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
  step_backward(group, lane);
}
