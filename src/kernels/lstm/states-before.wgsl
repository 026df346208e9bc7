// to[n, t, :] = h of the step before t, of (N, T, H): zeros where a sequence stands still, whatever it stands at. By them,
// the weights' gradient of an LSTM or a GRU is one product over all sequences and steps.
struct Parameters {
  hs: u32,
  h0: u32,
  lengths: u32,
  to: u32,
  length: u32,
  steps: u32,
  hidden: u32,
  reverse: u32,
}

@compute @workgroup_size(GROUP)
fn statesBefore(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let place = i / p.hidden;
  let n = place / p.steps;
  let step = place % p.steps;
  var h = 0.0;
  if (p.lengths == 0u || i32(step) < int_at(p.lengths + n)) {
    let is_first = step == select(0u, p.steps - 1u, p.reverse != 0u);
    if (!is_first) {
      h = float_at(p.hs + select(i - p.hidden, i + p.hidden, p.reverse != 0u));
    } else if (p.h0 != 0u) {
      h = float_at(p.h0 + n * p.hidden + i % p.hidden);
    }
  }
  put_float(p.to + i, h);
}
