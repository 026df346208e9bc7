struct Parameters {
  x: u32,
  b: u32,
  y: u32,
  x_stride: u32,
  y_stride: u32,
  // Of all blocks, and of one.
  total: u32,
  length: u32,
  accumulate: u32,
}

// y[r, i] = x[r, i] + b[i]
@compute @workgroup_size(GROUP)
fn addRepeated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.total) { put_float(p.y + i, float_at(p.x + i) + float_at(p.b + i % p.length)); }
}

// y[i · yStride + j] (+)= x[i · xStride + j]
@compute @workgroup_size(GROUP)
fn copyBlocks(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let number = element(id, groups);
  if (number >= p.total) { return; }
  let i = number / p.length;
  let j = number % p.length;
  let to = p.y + i * p.y_stride + j;
  let from_place = p.x + i * p.x_stride + j;
  if (p.accumulate != 0u) {
    put_float(to, float_at(to) + float_at(from_place));
  } else {
    heap[to] = heap[from_place];
  }
}

// y[i, :] = x[i, :] where a number of d[i, :] is not 0, else 0, by a workgroup a row: b is d, length the size of a row of x,
// x_stride that of one of d. By their bits, as subnormal numbers and NaN are not 0 either.
@compute @workgroup_size(GROUP)
fn maskUnmet(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = row(group, groups);
  if (i >= p.total) { return; }
  var met = 0.0;
  for (var j = lane; j < p.x_stride; j += GROUP) {
    if ((heap[p.b + i * p.x_stride + j] & 0x7fffffffu) != 0u) { met = 1.0; }
  }
  let kept = group_max(met, lane) > 0.0;
  for (var j = lane; j < p.length; j += GROUP) {
    let place = i * p.length + j;
    if (kept) { heap[p.y + place] = heap[p.x + place]; } else { put_float(p.y + place, 0.0); }
  }
}
