// dScores[t] = weights[t] · (dWeights[t] − Σₖ weights[k] · dWeights[k]) of rows of keys: the softmax's backward pass, which
// reads nothing behind a length and writes 0 there. One workgroup a row; dScores may be dWeights.
struct Parameters {
  weights: u32,
  d_weights: u32,
  d_scores: u32,
  lengths: u32,
  queries: u32,
  steps: u32,
  rows: u32,
}

@compute @workgroup_size(GROUP)
fn attentionScoresBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let line = row(group, groups);
  if (line >= p.rows) { return; }
  let start = line * p.steps;
  var length = p.steps;
  if (p.lengths != 0u) { length = heap[p.lengths + line / p.queries]; }
  var dot = 0.0;
  for (var t = lane; t < length; t += GROUP) {
    dot = fma(float_at(p.weights + start + t), float_at(p.d_weights + start + t), dot);
  }
  dot = group_sum(dot, lane);
  for (var t = lane; t < p.steps; t += GROUP) {
    var d = 0.0;
    if (t < length) { d = float_at(p.weights + start + t) * (float_at(p.d_weights + start + t) - dot); }
    put_float(p.d_scores + start + t, d);
  }
}
