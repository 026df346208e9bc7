struct Parameters {
  a: u32,
  b: u32,
  y: u32,
  length: u32,
  factor: f32,
  steps: u32,
  size: u32,
}

@compute @workgroup_size(GROUP)
fn fill(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.y + i, p.factor); }
}

@compute @workgroup_size(GROUP)
fn copy(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { heap[p.y + i] = heap[p.a + i]; }
}

@compute @workgroup_size(GROUP)
fn add(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.y + i, float_at(p.a + i) + float_at(p.b + i)); }
}

@compute @workgroup_size(GROUP)
fn multiply(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.y + i, float_at(p.a + i) * float_at(p.b + i)); }
}

@compute @workgroup_size(GROUP)
fn scale(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.y + i, p.factor * float_at(p.a + i)); }
}

// b has the lengths.
@compute @workgroup_size(GROUP)
fn maskSteps(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let step = i / p.size;
  let kept = i32(step % p.steps) < int_at(p.b + step / p.steps);
  if (kept) { heap[p.y + i] = heap[p.a + i]; } else { put_float(p.y + i, 0.0); }
}
