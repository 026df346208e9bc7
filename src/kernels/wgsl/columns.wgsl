// What sums of rows by column share: a workgroup adds up a part of the rows in TILE columns. Neighbouring threads have
// neighbouring columns, and DEPTH threads every DEPTH-th row of the part; what they found is added up in the order of their
// rows. Who uses it has p.rows, p.columns, p.parts, and `alias Sum`, what is added up.
const TILE = 32u;
const DEPTH = GROUP / TILE;

var<workgroup> sums: array<Sum, GROUP>;

// A thread's column j of a part, and its rows: every DEPTH-th from `first` to before `end`, none where it is not `there`.
struct Strip {
  part: u32,
  j: u32,
  there: bool,
  first: u32,
  end: u32,
}

fn strip_of(group: vec3<u32>, groups: vec3<u32>, lane: u32) -> Strip {
  let tiles = (p.columns + TILE - 1u) / TILE;
  let number = row(group, groups);
  let each = (p.rows + p.parts - 1u) / p.parts;
  var strip: Strip;
  strip.part = number / tiles;
  strip.j = number % tiles * TILE + lane % TILE;
  strip.there = strip.part < p.parts && strip.j < p.columns;
  strip.first = strip.part * each + lane / TILE;
  strip.end = select(0u, min((strip.part + 1u) * each, p.rows), strip.there);
  return strip;
}

// The sum of a column, for the threads of the first TILE. All threads must call it.
fn sum_of_column(total: Sum, lane: u32) -> Sum {
  sums[lane] = total;
  workgroupBarrier();
  var sum = total;
  if (lane < TILE) {
    for (var k = 1u; k < DEPTH; k++) { sum += sums[lane + k * TILE]; }
  }
  return sum;
}
