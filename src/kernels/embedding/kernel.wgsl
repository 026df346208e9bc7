struct Parameters {
  // dTable in the backward pass.
  table: u32,
  ids: u32,
  // dy in the backward pass.
  y: u32,
  count: u32,
  size: u32,
}

@compute @workgroup_size(GROUP)
fn embeddingForward(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = element(id, groups);
  if (i >= p.count * p.size) { return; }
  heap[p.y + i] = heap[p.table + heap[p.ids + i / p.size] * p.size + i % p.size];
}

// Ids that are looked at together.
const LOOK = 1024u;

var<workgroup> met: atomic<u32>;
var<workgroup> is_later: u32;
// Which of the ids that are looked at are the workgroup's own, a bit each; and the places of those, in order.
var<workgroup> hits: array<atomic<u32>, LOOK / 32u>;
var<workgroup> places: array<u32, LOOK>;

fn rows_met(first: u32, column: u32) -> vec4<f32> {
  return vec4<f32>(
    float_at(p.y + places[first] * p.size + column),
    float_at(p.y + places[first + 1u] * p.size + column),
    float_at(p.y + places[first + 2u] * p.size + column),
    float_at(p.y + places[first + 3u] * p.size + column),
  );
}

fn add_four(total: f32, x: vec4<f32>) -> f32 { return (((total + x.x) + x.y) + x.z) + x.w; }

// A workgroup per i and GROUP columns. If no earlier i has the same id, it adds up all that have it, in their order: so
// each number of dTable is one thread's, and no sum depends on who comes first.
@compute @workgroup_size(GROUP)
fn embeddingBackward(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = row(group, groups);
  if (first >= p.count) { return; }
  let id = heap[p.ids + first];
  // Said, although WGSL says so too: see attend.wgsl.
  if (lane == 0u) { atomicStore(&met, 0u); }
  workgroupBarrier();
  // From the front: what occurs often is found soon.
  for (var start = 0u; start < first; start += LOOK) {
    for (var i = start + lane; i < min(start + LOOK, first); i += GROUP) {
      if (heap[p.ids + i] == id) { atomicOr(&met, 1u); }
    }
    workgroupBarrier();
    if (lane == 0u) { is_later = atomicLoad(&met); }
    if (workgroupUniformLoad(&is_later) != 0u) { return; }
  }
  let column = group.z * GROUP + lane;
  let place = p.table + id * p.size + column;
  var total = 0.0;
  if (column < p.size) { total = float_at(place); }
  for (var start = first; start < p.count; start += LOOK) {
    if (lane < LOOK / 32u) { atomicStore(&hits[lane], 0u); }
    workgroupBarrier();
    for (var n = lane; n < LOOK; n += GROUP) {
      if (start + n < p.count && heap[p.ids + start + n] == id) { atomicOr(&hits[n / 32u], 1u << (n % 32u)); }
    }
    workgroupBarrier();
    var found = 0u;
    for (var word = 0u; word < LOOK / 32u; word++) {
      let bits = atomicLoad(&hits[word]);
      // Bit n % 32 of every eighth word is this thread's.
      if (word % (GROUP / 32u) == lane / 32u && ((bits >> (lane % 32u)) & 1u) == 1u) {
        places[found + countOneBits(bits & ((1u << (lane % 32u)) - 1u))] = start + word * 32u + lane % 32u;
      }
      found += countOneBits(bits);
    }
    workgroupBarrier();
    if (column < p.size) {
      var i = 0u;
      // Sixteen are on their way at once: a symbol that fills up batches is met by thousands.
      for (; i + 16u <= found; i += 16u) {
        let a = rows_met(i, column);
        let b = rows_met(i + 4u, column);
        let c = rows_met(i + 8u, column);
        let d = rows_met(i + 12u, column);
        total = add_four(add_four(add_four(add_four(total, a), b), c), d);
      }
      for (; i < found; i++) { total += float_at(p.y + places[i] * p.size + column); }
    }
  }
  if (column < p.size) { put_float(place, total); }
}
