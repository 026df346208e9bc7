struct Parameters {
  x: u32,
  y: u32,
  length: u32,
  seed: u32,
  stream: u32,
  threshold: u32,
  // The threshold is 2³², which no word reaches.
  all: u32,
  factor: f32,
}

fn drop_or_scale(i: u32, word: u32) {
  let kept = word >= p.threshold && p.all == 0u;
  var y = 0.0;
  if (kept) { y = p.factor * float_at(p.x + i); }
  put_float(p.y + i, y);
}

// A thread has both numbers of a counter.
@compute @workgroup_size(GROUP)
fn dropout(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let pair = element(id, groups);
  let i = 2u * pair;
  if (i >= p.length) { return; }
  let words = threefry(vec2<u32>(pair, 0u), vec2<u32>(p.seed, p.stream));
  drop_or_scale(i, words.x);
  if (i + 1u < p.length) { drop_or_scale(i + 1u, words.y); }
}
