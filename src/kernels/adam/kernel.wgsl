struct Parameters {
  x: u32,
  gradient: u32,
  m: u32,
  v: u32,
  length: u32,
  // One number each: where it is not finite, nothing changes. 0 for none.
  loss: u32,
  norm: u32,
  keep1: f32,
  take1: f32,
  keep2: f32,
  take2: f32,
  // rate / correction1, 1 / correction2 and ε
  step: f32,
  spread: f32,
  floor: f32,
}

fn guards_let(guard: u32) -> bool {
  if (guard == 0u) { return true; }
  return is_finite(float_at(guard));
}

// m, v = moving averages of g, g²; x −= rate · (m / correction1) / (√(v / correction2) + ε)
@compute @workgroup_size(GROUP)
fn adamStep(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length || !guards_let(p.loss) || !guards_let(p.norm)) { return; }
  let g = float_at(p.gradient + i);
  let m = fma(p.take1, g, p.keep1 * float_at(p.m + i));
  let v = fma(p.take2 * g, g, p.keep2 * float_at(p.v + i));
  put_float(p.m + i, m);
  put_float(p.v + i, v);
  put_float(p.x + i, float_at(p.x + i) - p.step * m / (sqrt(v * p.spread) + p.floor));
}
