// uses recurrent-forward
//
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

alias Gates = vec3<f32>;

fn weights_of_gates(k: u32, j: u32) -> Gates {
  if (k >= p.hidden || j >= p.hidden) { return Gates(); }
  let place = p.wh + k * 3u * p.hidden + j;
  return Gates(float_at(place), float_at(place + p.hidden), float_at(place + 2u * p.hidden));
}

// Unit j of sequence n, from the three sums of h · wh.
fn finish(n: u32, j: u32, sums: Gates) {
  if (n >= p.batch || j >= p.hidden) { return; }
  var h = 0.0;
  if (p.h_from != 0u) { h = float_at(p.h_from + n * p.h_from_row + j); }
  // Without any steps, the last states are the first.
  if (p.step < p.steps) {
    let state = (n * p.steps + p.step) * p.hidden + j;
    let gate = p.gates + state + (n * p.steps + p.step) * 2u * p.hidden;
    var past = 0.0;
    var gates = Gates();
    if (p.lengths == 0u || i32(p.step) < int_at(p.lengths + n)) {
      past = sums.z + float_at(p.bn + j);
      let r = logistic(float_at(gate) + sums.x);
      let z = logistic(float_at(gate + p.hidden) + sums.y);
      let candidate = hyperbolic_tangent(fma(r, past, float_at(gate + 2u * p.hidden)));
      gates = Gates(r, z, candidate);
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
  step_forward(group, lane);
}
