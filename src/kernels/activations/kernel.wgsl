struct Parameters {
  // x, or of a backward pass y, where that is enough
  x: u32,
  dy: u32,
  out: u32,
  length: u32,
}

@compute @workgroup_size(GROUP)
fn tanhForward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.out + i, hyperbolic_tangent(float_at(p.x + i))); }
}

// As a product, which keeps the digits of 1 − y² where y is nearly 1.
@compute @workgroup_size(GROUP)
fn tanhBackward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let y = float_at(p.x + i);
  put_float(p.out + i, float_at(p.dy + i) * ((1.0 - y) * (1.0 + y)));
}

@compute @workgroup_size(GROUP)
fn sigmoidForward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.out + i, logistic(float_at(p.x + i))); }
}

@compute @workgroup_size(GROUP)
fn sigmoidBackward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let y = float_at(p.x + i);
  put_float(p.out + i, float_at(p.dy + i) * (y * (1.0 - y)));
}

// NaN is not below 0.
fn positive_part(x: f32) -> f32 { return select(x, 0.0, x < 0.0 && !is_nan(x)); }

@compute @workgroup_size(GROUP)
fn reluForward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i < p.length) { put_float(p.out + i, positive_part(float_at(p.x + i))); }
}

@compute @workgroup_size(GROUP)
fn reluBackward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let y = float_at(p.x + i);
  let otherwise = select(0.0, y, is_nan(y));
  put_float(p.out + i, select(otherwise, float_at(p.dy + i), y > 0.0 && !is_nan(y)));
}

// Φ by its tail, as kernel.c: Φ(−z) = tail · density with density = e^(−z²/2), z = min(|x|, 14).
struct NormalTail {
  z: f32,
  density: f32,
  tail: f32,
}

fn normal_tail(x: f32) -> NormalTail {
  // From 14 on, the density is 0 in float32. NaN has any tail.
  let z = select(14.0, abs(x), abs(x) < 14.0);
  // A division is off by up to 2.5 units in the last place, which a step of Newton's method makes good.
  let d = z + 2.875;
  var t = 1.0 / d;
  t = fma(t, fma(-d, t, 1.0), t);
  // (z + 2.875) · ½ erfcx(z / √2) in t.
  var q = fma(-387.0718938, t, 675.3423641);
  q = fma(q, t, -426.4023138);
  q = fma(q, t, 96.76798467);
  q = fma(q, t, -5.748199602);
  q = fma(q, t, 7.389305349);
  q = fma(q, t, 2.821649902);
  q = fma(q, t, 1.149389736);
  q = fma(q, t, 0.3989097588);
  // The exponential makes the rounding of z² a relative error of as much: so the rounding is made good, by the
  // square of the upper half of the digits, which is exact, and the rest.
  let square = z * z;
  let upper = bitcast<f32>(bitcast<u32>(z) & 0xfffff000u);
  let lost = (upper * upper - square) + (z - upper) * (z + upper);
  return NormalTail(z, exp_of_negative(-0.5 * square) * (1.0 - 0.5 * lost), q * t);
}

// x · Φ(x): what Φ lacks to 1 is taken off x, what there is of it is taken off 0.
@compute @workgroup_size(GROUP)
fn geluForward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let x = float_at(p.x + i);
  let n = normal_tail(x);
  put_float(p.out + i, positive_part(x) - n.z * n.tail * n.density);
}

// Φ(x) + x · φ(x), which at −x is 1 minus that.
@compute @workgroup_size(GROUP)
fn geluBackward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = element(id, groups);
  if (i >= p.length) { return; }
  let x = float_at(p.x + i);
  let n = normal_tail(x);
  let below = (n.tail - n.z * 0.3989422804) * n.density;
  let slope = select(1.0 - below, below, x < 0.0);
  put_float(p.out + i, float_at(p.dy + i) * select(slope, x, is_nan(x)));
}
