// As reduce-plain.wgsl, first within subgroups. `enable subgroups;` stands in front of all.
var<workgroup> partial: array<f32, GROUP>;

fn group_sum(value: f32, lane: u32) -> f32 {
  let size = subgroupAdd(1u);
  let sum = subgroupAdd(value);
  workgroupBarrier();
  if (subgroupElect()) { partial[lane / size] = sum; }
  workgroupBarrier();
  var total = partial[0];
  for (var i = 1u; i < GROUP / size; i++) { total += partial[i]; }
  return total;
}

fn group_max(value: f32, lane: u32) -> f32 {
  let size = subgroupAdd(1u);
  let most = subgroupMax(select(value, -infinity(), is_nan(value)));
  workgroupBarrier();
  if (subgroupElect()) { partial[lane / size] = most; }
  workgroupBarrier();
  var total = partial[0];
  for (var i = 1u; i < GROUP / size; i++) { total = select(total, partial[i], partial[i] > total); }
  return total;
}
