// uses recurrent-forward
//
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

alias Gates = vec4<f32>;

fn weights_of_gates(k: u32, j: u32) -> Gates {
  if (k >= p.hidden || j >= p.hidden) { return Gates(); }
  let place = p.wh + k * 4u * p.hidden + j;
  return Gates(
    float_at(place),
    float_at(place + p.hidden),
    float_at(place + 2u * p.hidden),
    float_at(place + 3u * p.hidden),
  );
}

// Unit j of sequence n, from the four sums of h · wh.
fn finish(n: u32, j: u32, sums: Gates) {
  if (n >= p.batch || j >= p.hidden) { return; }
  let place = n * p.steps + p.step;
  // Without any steps, the last states are the first.
  let is_on = p.step < p.steps && (p.lengths == 0u || i32(p.step) < int_at(p.lengths + n));
  var c = 0.0;
  if (p.c_from != 0u) { c = float_at(p.c_from + n * p.c_from_row + j); }
  var h = 0.0;
  var gates = Gates();
  if (is_on) {
    var x = place;
    if (p.ids != 0u) { x = heap[p.ids + place]; }
    x = p.x + x * 4u * p.hidden + j;
    gates = Gates(
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
  step_forward(group, lane);
}
