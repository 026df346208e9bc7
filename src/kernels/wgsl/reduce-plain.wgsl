// Sums and maxima over the GROUP threads of a workgroup, in an order that depends on nothing but their number. All
// threads must call them, `lane` being theirs, and all get the result.
var<workgroup> partial: array<f32, GROUP>;

fn group_sum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  return partial[0];
}

// The largest number; NaN is never the largest, and without any it is −∞.
fn group_max(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = select(value, -infinity(), is_nan(value));
  workgroupBarrier();
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] = select(partial[lane], partial[lane + half], partial[lane + half] > partial[lane]); }
    workgroupBarrier();
  }
  return partial[0];
}
