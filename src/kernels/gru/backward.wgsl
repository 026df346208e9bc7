// uses recurrent-backward
//
// One step of gruBackward: for its time t, the time `after` of the step that it has already been at,
// d = [dr, dz, dPast] and dh = dhs[t] + dh' + d[after] · whᵀ,
//
//   dz = dh ⊙ (h' − n) ⊙ z(1 − z);    dn = dh ⊙ (1 − z) ⊙ (1 − n²);    dPast = dn ⊙ r;
//   dr = dn ⊙ past ⊙ r(1 − r);    dh' = dh ⊙ z
struct Parameters {
  gates: u32,
  wh: u32,
  lengths: u32,
  past: u32,
  // The states of the step before t: sequence 0's, and the words to the next sequence's; absent ones are zeros.
  h_before: u32,
  h_before_row: u32,
  dhs: u32,
  // What is carried of dh past the gates; absent ones are zeros.
  dh_from: u32,
  d_gates: u32,
  d_past: u32,
  dh0: u32,
  batch: u32,
  steps: u32,
  // NONE when all steps are done, and dh0 is what came back.
  step: u32,
  // NONE at the first.
  after: u32,
  hidden: u32,
}

const GATES = 3u;

// Number m of d[n, after, :]: behind dr and dz, it is the past's rather than the gate's.
fn gate_after(n: u32, m: u32) -> f32 {
  if (n >= p.batch || m >= GATES * p.hidden) { return 0.0; }
  let place = n * p.steps + p.after;
  if (m < 2u * p.hidden) { return float_at(p.d_gates + place * 3u * p.hidden + m); }
  return float_at(p.d_past + place * p.hidden + m - 2u * p.hidden);
}

// Numbers m, m + 16, m + 32, m + 48.
fn gates_after(n: u32, m: u32) -> vec4<f32> {
  return vec4<f32>(
    gate_after(n, m),
    gate_after(n, m + FOURTH),
    gate_after(n, m + 2u * FOURTH),
    gate_after(n, m + 3u * FOURTH),
  );
}

// Unit j of sequence n, from its part of d[after] · whᵀ.
fn finish(n: u32, j: u32, came_back: f32) {
  if (n >= p.batch || j >= p.hidden) { return; }
  let own = p.dh0 + n * p.hidden + j;
  var dh = 0.0;
  if (p.dh_from != 0u) { dh = float_at(p.dh_from + n * p.hidden + j); }
  // Where the state stood still, no gate had a part in it.
  if (p.after != NONE && is_on(n, p.after)) { dh += came_back; }
  if (p.step == NONE) {
    put_float(own, dh);
    return;
  }
  let state = (n * p.steps + p.step) * p.hidden + j;
  let gate = state + (n * p.steps + p.step) * 2u * p.hidden;
  dh += float_at(p.dhs + state);
  var d = vec3<f32>();
  var d_past = 0.0;
  if (is_on(n, p.step)) {
    let r = float_at(p.gates + gate);
    let z = float_at(p.gates + gate + p.hidden);
    let candidate = float_at(p.gates + gate + 2u * p.hidden);
    var before = 0.0;
    if (p.h_before != 0u) { before = float_at(p.h_before + n * p.h_before_row + j); }
    let dn = dh * (1.0 - z) * ((1.0 - candidate) * (1.0 + candidate));
    d = vec3<f32>(
      dn * float_at(p.past + state) * r * (1.0 - r),
      dh * (before - candidate) * z * (1.0 - z),
      dn,
    );
    d_past = dn * r;
    dh *= z;
  }
  put_float(own, dh);
  put_float(p.d_gates + gate, d.x);
  put_float(p.d_gates + gate + p.hidden, d.y);
  put_float(p.d_gates + gate + 2u * p.hidden, d.z);
  put_float(p.d_past + state, d_past);
}

@compute @workgroup_size(GROUP)
fn gruBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  step_backward(group, lane);
}
