// What forward steps of LSTMs and GRUs share: the products h · wh, by tiles. Who uses it has `alias Gates`, a vector of the
// gates of one unit; weights_of_gates(k, j), those from number k of h to unit j; and finish(n, j, sums), which makes of
// the sums for unit j of sequence n what a step leaves.

// A workgroup computes COLUMNS units of ROWS sequences, a thread one unit of two, from DEPTH numbers of h at a time.
const ROWS = 32u;
const COLUMNS = 16u;
const DEPTH = 32u;
// Numbers k = q, q + 8, q + 16, q + 24 of h are one vector. One between rows keeps two rows in different banks.
const FOURTH = DEPTH / 4u;
const STRIDE = FOURTH + 1u;

var<workgroup> of_h: array<vec4<f32>, ROWS * STRIDE>;
// The gates of a unit are one vector.
var<workgroup> of_wh: array<Gates, DEPTH * COLUMNS>;

fn states_before(n: u32, k: u32) -> vec4<f32> {
  return four_of(p.h_from + n * p.h_from_row, 1u, k, FOURTH, select(0u, p.hidden, n < p.batch));
}

// All threads of a workgroup must call it.
fn step_forward(group: vec3<u32>, lane: u32) {
  let first_row = group.y * ROWS;
  let first_column = group.x * COLUMNS;
  let row = lane / COLUMNS;
  let column = lane % COLUMNS;
  // Threads beyond the last sequence load with the others, and add up nothing.
  let added = select(0u, FOURTH, first_row + row < p.batch);
  var sums = Gates();
  var more_sums = Gates();
  if (p.h_from != 0u) {
    let n = first_row + lane / FOURTH;
    let k = lane % FOURTH;
    var next_h = states_before(n, k);
    var next_wh = weights_of_gates(row, first_column + column);
    var more_wh = weights_of_gates(DEPTH / 2u + row, first_column + column);
    for (var next = DEPTH; next < p.hidden + DEPTH; next += DEPTH) {
      of_h[lane / FOURTH * STRIDE + k] = next_h;
      of_wh[lane] = next_wh;
      of_wh[GROUP + lane] = more_wh;
      workgroupBarrier();
      // What comes next is on its way while this is added up.
      next_h = states_before(n, next + k);
      next_wh = weights_of_gates(next + row, first_column + column);
      more_wh = weights_of_gates(next + DEPTH / 2u + row, first_column + column);
      for (var q = 0u; q < added; q++) {
        let h = of_h[row * STRIDE + q];
        let more_h = of_h[(row + ROWS / 2u) * STRIDE + q];
        let w0 = of_wh[q * COLUMNS + column];
        let w1 = of_wh[(q + FOURTH) * COLUMNS + column];
        let w2 = of_wh[(q + 2u * FOURTH) * COLUMNS + column];
        let w3 = of_wh[(q + 3u * FOURTH) * COLUMNS + column];
        sums = fma(Gates(h.x), w0, sums);
        more_sums = fma(Gates(more_h.x), w0, more_sums);
        sums = fma(Gates(h.y), w1, sums);
        more_sums = fma(Gates(more_h.y), w1, more_sums);
        sums = fma(Gates(h.z), w2, sums);
        more_sums = fma(Gates(more_h.z), w2, more_sums);
        sums = fma(Gates(h.w), w3, sums);
        more_sums = fma(Gates(more_h.w), w3, more_sums);
      }
      workgroupBarrier();
    }
  }
  finish(first_row + row, first_column + column, sums);
  finish(first_row + row + ROWS / 2u, first_column + column, more_sums);
}
