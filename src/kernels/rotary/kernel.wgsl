struct Parameters {
  x: u32,
  cosines: u32,
  sines: u32,
  positions: u32,
  y: u32,
  vectors: u32,
  steps: u32,
  inner: u32,
  size: u32,
  pairs: u32,
  offset: u32,
  interleaved: u32,
  inverse: u32,
}

// Pairs (a, b) become (a · cos − b · sin, b · cos + a · sin). A vector takes a thread for each of its pairs, and one for
// each of the numbers that stay.
@compute @workgroup_size(GROUP)
fn rotate(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let number = element(id, groups);
  let each = p.size - p.pairs;
  let vector = number / each;
  if (vector >= p.vectors) { return; }
  let i = number % each;
  let start = vector * p.size;
  if (i >= p.pairs) {
    let place = start + p.pairs + i;
    heap[p.y + place] = heap[p.x + place];
    return;
  }
  let step = vector / p.inner % p.steps;
  var position = p.offset + step;
  if (p.positions != 0u) { position = u32(int_at(p.positions + step)); }
  let cosine = float_at(p.cosines + position * p.pairs + i);
  var sine = float_at(p.sines + position * p.pairs + i);
  if (p.inverse != 0u) { sine = -sine; }
  let side_by_side = p.interleaved != 0u;
  let first = start + select(i, 2u * i, side_by_side);
  let second = first + select(p.pairs, 1u, side_by_side);
  let a = float_at(p.x + first);
  let b = float_at(p.x + second);
  put_float(p.y + first, a * cosine - b * sine);
  put_float(p.y + second, b * cosine + a * sine);
}
