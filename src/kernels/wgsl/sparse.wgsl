// What sparse normalisers share. With z = x less the row's largest number, and half of that if `squared`: the share of a
// number is d for sparsemax and d² for entmax, where d = max(z − τ, 0). As in src/kernels/sparse-softmax/kernel.c, τ is found
// by Newton's method, from where the largest number alone has a share of 1: of Σ d = 1, or √Σ d² = 1, every step ends left
// of the solution, and the product of value and slope falls to a quarter at the least, which from columns² to the last
// digit takes fewer steps than MOST_STEPS.
const MOST_STEPS = 64u;

// Whether a row of the workgroup goes on, for all of its threads to see.
var<workgroup> going: u32;

// d; NaN where x is.
fn excess(x: f32, shift: f32, squared: bool, tau: f32) -> f32 {
  let d = (x - shift) * select(1.0, 0.5, squared) - tau;
  return select(d, 0.0, d < 0.0 && !is_nan(d));
}

fn share_of(d: f32, squared: bool) -> f32 { return select(d, d * d, squared); }

// τ of the `columns` numbers from x on, a team's row; NaN where one is. All threads must call it.
fn threshold_of(x: u32, columns: u32, shift: f32, squared: bool, lane: u32, width: u32) -> f32 {
  var tau = -1.0;
  for (var count = 0u; count < MOST_STEPS; count++) {
    var total = 0.0;
    var slopes = 0.0;
    for (var j = lane % width; j < columns; j += width) {
      let d = excess(float_at(x + j), shift, squared, tau);
      total += share_of(d, squared);
      slopes += select(select(0.0, 1.0, d > 0.0), d, squared);
    }
    total = team_sum(total, lane, width);
    slopes = team_sum(slopes, lane, width);
    // √Σ · (√Σ − 1) keeps its digits as this, where Σ is nearly 1.
    let root = sqrt(total);
    let step = (total - 1.0) * select(1.0, root / (root + 1.0), squared);
    // A total of 0: all are −∞, and stay below any threshold. NaN makes NaN of all.
    var next = tau;
    if (is_nan(total)) {
      next = total;
    } else if (total > 0.0) {
      next = tau + step / slopes;
    }
    let goes_on = next > tau && !is_nan(next);
    tau = next;
    let any_goes_on = group_max(select(0.0, 1.0, goes_on), lane);
    if (lane == 0u) { going = u32(any_goes_on); }
    if (workgroupUniformLoad(&going) == 0u) { break; }
  }
  return tau;
}
