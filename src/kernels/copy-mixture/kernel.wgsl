struct Parameters {
  probabilities: u32,
  gate: u32,
  weights: u32,
  ids: u32,
  // dy in the backward pass.
  y: u32,
  d_probabilities: u32,
  d_gate: u32,
  d_weights: u32,
  rows: u32,
  queries: u32,
  steps: u32,
  symbols: u32,
  width: u32,
}

// Columns of y that a workgroup computes, of one row. CHUNK of calls/copy-mixture-calls.ts.
const CHUNK = 2048u;

// What is copied is σ(−z) rather than 1 − σ(z), which has few digits left where z is large.
//
// First what is written, for all columns. Then each symbol's copies, by the thread of the first e that has it, in the order
// of the source: so no two threads meet at a symbol.
@compute @workgroup_size(GROUP)
fn copyMixtureForward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = row(group, groups);
  if (r >= p.rows) { return; }
  let z = float_at(p.gate + r);
  let written = logistic(z);
  let copied = logistic(-z);
  let first = group.z * CHUNK;
  let end = min(first + CHUNK, p.width);
  let y = p.y + r * p.width;
  let probabilities = p.probabilities + r * p.symbols;
  for (var j = first + lane; j < end; j += GROUP) {
    var x = 0.0;
    if (j < p.symbols) { x = written * float_at(probabilities + j); }
    put_float(y + j, x);
  }
  storageBarrier();
  let ids = p.ids + r / p.queries * p.steps;
  let weights = p.weights + r * p.steps;
  for (var e = lane; e < p.steps; e += GROUP) {
    let id = int_at(ids + e);
    if (id < i32(first) || id >= i32(end)) { continue; }
    var earlier = 0u;
    while (earlier < e && int_at(ids + earlier) != id) { earlier++; }
    if (earlier < e) { continue; }
    let j = u32(id);
    var total = 0.0;
    if (j < p.symbols) { total = written * float_at(probabilities + j); }
    for (var later = e; later < p.steps; later++) {
      if (int_at(ids + later) == id) { total = fma(copied, float_at(weights + later), total); }
    }
    put_float(y + j, total);
  }
}

// A workgroup a row:
//
//   dProbabilities = σ(z) · dy;    dWeights = σ(−z) · dy[ids];    dGate = σ(z) · σ(−z) · (Σ probabilities · dy − Σ weights · dy[ids])
@compute @workgroup_size(GROUP)
fn copyMixtureBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = row(group, groups);
  if (r >= p.rows) { return; }
  let z = float_at(p.gate + r);
  let written = logistic(z);
  let copied = logistic(-z);
  let dy = p.y + r * p.width;
  var sum = 0.0;
  for (var j = lane; j < p.symbols; j += GROUP) {
    let d = float_at(dy + j);
    put_float(p.d_probabilities + r * p.symbols + j, written * d);
    sum = fma(float_at(p.probabilities + r * p.symbols + j), d, sum);
  }
  let ids = p.ids + r / p.queries * p.steps;
  for (var e = lane; e < p.steps; e += GROUP) {
    let id = int_at(ids + e);
    var d = 0.0;
    if (id >= 0) {
      d = float_at(dy + u32(id));
      sum = fma(-float_at(p.weights + r * p.steps + e), d, sum);
      d *= copied;
    }
    put_float(p.d_weights + r * p.steps + e, d);
  }
  let total = group_sum(sum, lane);
  if (lane == 0u) { put_float(p.d_gate + r, written * copied * total); }
}
