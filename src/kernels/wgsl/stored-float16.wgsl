// How attention keeps in workgroup memory what it multiplies, where float16 was asked for: in half of the room, of
// numbers with 11 binary digits. Every adapter can pack them; none computes with them.
alias Stored = vec2<u32>;
fn stored(x: vec4<f32>) -> Stored { return vec2<u32>(packed(x.xy), packed(x.zw)); }
fn numbers(x: Stored) -> vec4<f32> { return vec4<f32>(unpack2x16float(x.x), unpack2x16float(x.y)); }

// What is finite stays so: numbers beyond ±65504 become that. WGSL leaves open what packing makes of infinities and NaN.
fn packed(x: vec2<f32>) -> u32 {
  let bits = bitcast<vec2<u32>>(x);
  let size = bits & vec2<u32>(0x7fffffffu);
  let is_strange = size >= vec2<u32>(0x7f800000u);
  let half = pack2x16float(select(clamp(x, vec2<f32>(-65504.0), vec2<f32>(65504.0)), vec2<f32>(), is_strange));
  if (!any(is_strange)) { return half; }
  let sign = (bits >> vec2<u32>(16u)) & vec2<u32>(0x8000u);
  let strange = sign | select(vec2<u32>(0x7c00u), vec2<u32>(0x7e00u), size > vec2<u32>(0x7f800000u));
  let each = select(vec2<u32>(half & 0xffffu, half >> 16u), strange, is_strange);
  return each.x | (each.y << 16u);
}
