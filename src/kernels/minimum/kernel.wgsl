struct Parameters {
  a: u32,
  b: u32,
  dy: u32,
  // y, or da
  out: u32,
  db: u32,
  length: u32,
}

@compute @workgroup_size(GROUP)
fn minimumForward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let a = float_at(p.a + i);
  let b = float_at(p.b + i);
  put_float(p.out + i, select(b, a, is_nan(a) || (a <= b && !is_nan(b))));
}

// dy goes to the smaller one, to a where they are equal, to both as NaN where either is.
@compute @workgroup_size(GROUP)
fn minimumBackward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let a = float_at(p.a + i);
  let b = float_at(p.b + i);
  let neither = is_nan(a) || is_nan(b);
  let dy = select(float_at(p.dy + i), not_a_number(), neither);
  put_float(p.out + i, select(0.0, dy, neither || a <= b));
  put_float(p.db + i, select(0.0, dy, neither || b < a));
}
