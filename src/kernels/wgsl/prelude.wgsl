// What every WGSL kernel begins with. All tensors lie in one buffer, the heap, as words: `p`, the parameters of a call,
// say where, in words, and 0 stands for an array that is absent. Words are no floats here since a GPU may take
// small whole numbers for subnormal floats, and flush them to 0.
@group(0) @binding(0) var<storage, read_write> heap: array<u32>;
@group(0) @binding(1) var<uniform> p: Parameters;

// Threads of a workgroup, of one thread an element or of one workgroup a row.
const GROUP = 256u;

fn float_at(place: u32) -> f32 { return bitcast<f32>(heap[place]); }
fn put_float(place: u32, x: f32) { heap[place] = bitcast<u32>(x); }
fn int_at(place: u32) -> i32 { return bitcast<i32>(heap[place]); }
fn put_int(place: u32, x: i32) { heap[place] = bitcast<u32>(x); }

// Numbers line, line + step, line + 2 step and line + 3 step of `lines` along one axis of a matrix, `distance` words apart; 0
// behind the last. So neighbouring threads read neighbouring words where that axis is dense, and what they keep in
// workgroup memory is four numbers a read.
fn four_of(place: u32, distance: u32, line: u32, step: u32, lines: u32) -> vec4<f32> {
  var four = vec4<f32>();
  if (line < lines) { four.x = float_at(place + line * distance); }
  if (line + step < lines) { four.y = float_at(place + (line + step) * distance); }
  if (line + 2u * step < lines) { four.z = float_at(place + (line + 2u * step) * distance); }
  if (line + 3u * step < lines) { four.w = float_at(place + (line + 3u * step) * distance); }
  return four;
}

// The number of a thread and of a workgroup, whose grid goes on along y where x has no more room.
fn element(id: vec3<u32>, groups: vec3<u32>) -> u32 { return id.x + id.y * groups.x * GROUP; }
fn row(group: vec3<u32>, groups: vec3<u32>) -> u32 { return group.x + group.y * groups.x; }

// WGSL has no literals for these, and compilers may assume that no float is one: bits do not lie.
fn from_bits(bits: u32) -> f32 { var word = bits; return bitcast<f32>(word); }
fn infinity() -> f32 { return from_bits(0x7f800000u); }
fn not_a_number() -> f32 { return from_bits(0x7fc00000u); }
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
fn is_minus_infinity(x: f32) -> bool { return bitcast<u32>(x) == 0xff800000u; }

// eˣ = 2ⁿ · (1 + rest) for −126 ln 2 ≤ x ≤ 127 ln 2, with |rest| < 0.42: (2ⁿ, rest). WGSL's own exp may be off by
// 3 + 2 |x| units in the last place (Cephes, expf).
fn exp_in_parts(x: f32) -> vec2<f32> {
  let n = round(x * 1.44269504088896341);
  let r = fma(n, 2.12194440e-4, fma(n, -0.693359375, x));
  var q = fma(1.9875691500e-4, r, 1.3981999507e-3);
  q = fma(q, r, 8.3334519073e-3);
  q = fma(q, r, 4.1665795894e-2);
  q = fma(q, r, 1.6666665459e-1);
  q = fma(q, r, 5.0000001201e-1);
  return vec2<f32>(bitcast<f32>(u32(i32(n) + 127) << 23u), fma(q, r * r, r));
}

// eˣ for x ≤ 0; 0 below −87.3, where it would be subnormal. NaN comes through.
fn exp_of_negative(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x < -87.3) { return 0.0; }
  let parts = exp_in_parts(x);
  return fma(parts.x, parts.y, parts.x);
}

// 1 / (1 + e⁻ˣ)
fn logistic(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let parts = exp_in_parts(clamp(-x, -87.3, 87.3));
  let y = 1.0 / fma(parts.x, 1.0 + parts.y, 1.0);
  // Behind −87.3, it is 0 to float32's last normal number.
  return select(y, 0.0, x < -87.3);
}

// tanh x = (e²ˣ − 1) / (e²ˣ + 1), of whose e²ˣ the 1 is taken off before it is added: small x keep their digits.
fn hyperbolic_tangent(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let limited = clamp(x, -10.0, 10.0);
  let parts = exp_in_parts(limited + limited);
  let less = fma(parts.x, parts.y, parts.x - 1.0);
  return less / (less + 2.0);
}

// 1 − tanh² x = 4e / (1 + e)² with e = e^−2|x|: no digits are lost where tanh is nearly 1.
fn slope_of_tangent(x: f32) -> f32 {
  let e = exp_of_negative(-2.0 * abs(x));
  let sum = 1.0 + e;
  return 4.0 * e / (sum * sum);
}

// ln x for x ≥ 0, to a unit in the last place (Cephes, logf). WGSL's own is off by 5e-7 near 1.
fn logarithm(x: f32) -> f32 {
  if (!(x > 0.0) || !is_finite(x)) {
    if (x == 0.0) { return -infinity(); }
    return select(x, not_a_number(), x < 0.0);
  }
  // Subnormal numbers are moved up; where they are flushed, they were 0.
  let small = x < 1.17549435e-38;
  let scaled = select(x, x * 8388608.0, small);
  let bits = bitcast<u32>(scaled);
  var exponent = f32(i32(bits >> 23u) - 126) - select(0.0, 23.0, small);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678) { exponent -= 1.0; m = m + m; }
  m -= 1.0;
  let square = m * m;
  var y = fma(7.0376836292e-2, m, -1.1514610310e-1);
  y = fma(y, m, 1.1676998740e-1);
  y = fma(y, m, -1.2420140846e-1);
  y = fma(y, m, 1.4249322787e-1);
  y = fma(y, m, -1.6668057665e-1);
  y = fma(y, m, 2.0000714765e-1);
  y = fma(y, m, -2.4999993993e-1);
  y = fma(y, m, 3.3333331174e-1);
  y = y * m * square;
  y = fma(exponent, -2.12194440e-4, y);
  y = fma(-0.5, square, y);
  return fma(exponent, 0.693359375, m + y);
}

// Where rows have few columns, several share a workgroup: each has a team of `width` threads, a power of two up to
// GROUP, the same for all. These are its row, its sums and its maxima, as row, group_sum and group_max.
fn team_row(group: vec3<u32>, groups: vec3<u32>, lane: u32, width: u32) -> u32 {
  return row(group, groups) * (GROUP / width) + lane / width;
}

fn team_sum(value: f32, lane: u32, width: u32) -> f32 {
  if (width == GROUP) { return group_sum(value, lane); }
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var reach = width / 2u; reach > 0u; reach /= 2u) {
    if (lane % width < reach) { partial[lane] += partial[lane + reach]; }
    workgroupBarrier();
  }
  return partial[lane - lane % width];
}

fn team_max(value: f32, lane: u32, width: u32) -> f32 {
  if (width == GROUP) { return group_max(value, lane); }
  workgroupBarrier();
  partial[lane] = select(value, -infinity(), is_nan(value));
  workgroupBarrier();
  for (var reach = width / 2u; reach > 0u; reach /= 2u) {
    if (lane % width < reach) {
      partial[lane] = select(partial[lane], partial[lane + reach], partial[lane + reach] > partial[lane]);
    }
    workgroupBarrier();
  }
  return partial[lane - lane % width];
}

// The largest of the `columns` numbers from x on, a team's row; NaN is never the largest, and without any it is −∞.
fn largest_of(x: u32, columns: u32, lane: u32, width: u32) -> f32 {
  var most = -infinity();
  for (var j = lane % width; j < columns; j += width) {
    let value = float_at(x + j);
    most = select(most, value, value > most && !is_nan(value));
  }
  return team_max(most, lane, width);
}

// What is taken off a row's scores: their maximum, or 0 where all are −∞, whose exponentials so are 0.
fn shift_of(most: f32) -> f32 { return select(most, 0.0, is_minus_infinity(most)); }

// The two random words of a counter under a key: threefry-2x32-20 (src/core/threefry.ts).
fn threefry(counter: vec2<u32>, key: vec2<u32>) -> vec2<u32> {
  let third = 0x1bd11bdau ^ key.x ^ key.y;
  let even = vec4<u32>(13u, 15u, 26u, 6u);
  let odd = vec4<u32>(17u, 29u, 16u, 24u);
  var x = counter + key;
  x = threefry_rounds(x, even) + vec2<u32>(key.y, third + 1u);
  x = threefry_rounds(x, odd) + vec2<u32>(third, key.x + 2u);
  x = threefry_rounds(x, even) + vec2<u32>(key.x, key.y + 3u);
  x = threefry_rounds(x, odd) + vec2<u32>(key.y, third + 4u);
  return threefry_rounds(x, even) + vec2<u32>(third, key.x + 5u);
}

fn threefry_rounds(x: vec2<u32>, by: vec4<u32>) -> vec2<u32> {
  return threefry_round(threefry_round(threefry_round(threefry_round(x, by.x), by.y), by.z), by.w);
}

fn threefry_round(x: vec2<u32>, by: u32) -> vec2<u32> {
  let sum = x.x + x.y;
  return vec2<u32>(sum, ((x.y << by) | (x.y >> (32u - by))) ^ sum);
}
