// What the kernels of attention share; src/kernels/attend/contract.ts says what they compute.
//
// A workgroup computes with tiles of TILE queries × TILE keys (or columns), of which a thread has 4 × 4: with
// y = lane / 16 and x = lane mod 16, rows y, y + 16, … and columns x, x + 16, … They stay in registers. What is
// multiplied goes through two strips of DEPTH terms, as in matmul: the four numbers of a thread's rows, or columns, are one
// vector there, as `Stored` keeps it (stored.wgsl, stored-float16.wgsl).
//
// What a query may not meet reaches nothing: such pairs get 0, which does for all that it is multiplied with but NaN and
// infinities. A workgroup that sees one looks at every pair from there on.
struct Parameters {
  query: u32,
  keys: u32,
  values: u32,
  vector: u32,
  lengths: u32,
  mask: u32,
  bias: u32,
  slopes: u32,
  batch: u32,
  heads: u32,
  key_heads: u32,
  queries: u32,
  steps: u32,
  capacity: u32,
  size: u32,
  value_size: u32,
  // Rows from one sequence, head and query (key) to the next, in arrays of queries (keys).
  query_n: u32,
  query_h: u32,
  query_q: u32,
  key_n: u32,
  key_g: u32,
  key_t: u32,
  additive: u32,
  scale: f32,
  softcap: f32,
  normalizer: u32,
  shift: i32,
  to_end: u32,
  left: i32,
  right: i32,
  // Elements from one to the next along each axis; 0 along those that it lacks.
  mask_n: u32,
  mask_h: u32,
  mask_q: u32,
  mask_t: u32,
  bias_n: u32,
  bias_h: u32,
  bias_q: u32,
  bias_t: u32,
  seed: u32,
  stream: u32,
  // Dropout keeps words from `least` on: drops is 0 without any, 2 where it keeps none.
  drops: u32,
  least: u32,
  factor: f32,
  // Of the forward pass, and what comes back to it.
  context: u32,
  maxima: u32,
  sums: u32,
  weights: u32,
  log_sum_exp: u32,
  d_context: u32,
  d_weights: u32,
  dots: u32,
  d_query: u32,
  d_keys: u32,
  d_values: u32,
  d_vectors: u32,
  d_bias: u32,
  accumulate: u32,
  // How far attentionScores goes, and what it says of keys that are not allowed.
  stage: u32,
  denied: f32,
  // Workgroups; tiles of rows, and of columns, that they are cut into.
  units: u32,
  tiles: u32,
  chunks: u32,
}

const TILE = 64u;
const DEPTH = 16u;
const STAGE_RAW = 0u;
const STAGE_MASKED = 2u;
const SOFTMAX = 0u;
const SPARSEMAX = 1u;

alias Tile = array<vec4<f32>, 4>;

// A vector between terms keeps those of one row in different banks.
var<workgroup> of_a: array<array<Stored, TILE / 4 + 1>, DEPTH>;
var<workgroup> of_b: array<array<Stored, TILE / 4 + 1>, DEPTH>;
// What is not multiplied: parts of sums and maxima, of a thread in each of its rows.
var<workgroup> parts: array<array<f32, TILE + 1>, DEPTH>;
// Whether a number was met that is not finite. Never taken back.
var<workgroup> strange: atomic<u32>;
var<workgroup> known_length: u32;

// One head of one sequence.
struct View {
  // The first row of queries, and of keys.
  query: u32,
  key: u32,
  // The first row in arrays of (N, H, Tq).
  row: u32,
  // Keys from here on do not exist.
  length: u32,
  // Query q stands beside key q + place.
  place: i32,
  // Where they stand. No number of the heap but the length is in here, or barriers could not depend on it.
  mask: u32,
  bias: u32,
  slope: u32,
}

// Head `head` of all sequences' heads. All threads must call it.
fn view_of(head: u32, lane: u32) -> View {
  let n = head / p.heads;
  let h = head % p.heads;
  var v: View;
  v.query = n * p.query_n + h * p.query_h;
  v.key = n * p.key_n + h / (p.heads / p.key_heads) * p.key_g;
  v.row = head * p.queries;
  v.length = p.steps;
  // Said, although WGSL says so too: tests leave that out, since in software it takes half of the time.
  if (lane == 0u) { atomicStore(&strange, 0u); }
  workgroupBarrier();
  if (p.lengths != 0u) {
    if (lane == 0u) { known_length = heap[p.lengths + n]; }
    // What is read so is known to be the same for all threads, as barriers in loops want it.
    v.length = workgroupUniformLoad(&known_length);
  }
  v.place = p.shift + select(0, i32(v.length), p.to_end != 0u);
  v.mask = p.mask + n * p.mask_n + h * p.mask_h;
  v.bias = p.bias + n * p.bias_n + h * p.bias_h;
  v.slope = p.slopes + h;
  return v;
}

fn query_row(v: View, q: u32) -> u32 { return v.query + q * p.query_q; }
fn key_row(v: View, t: u32) -> u32 { return v.key + t * p.key_t; }

// The keys that any of the queries q … q + rows may meet by their places, from the beginning of a tile on: first and end.
fn keys_met(v: View, q: u32, rows: u32) -> vec2<u32> {
  let length = i32(v.length);
  let place = i32(q) + v.place;
  let first = select(0, clamp(place - p.left, 0, length), p.left >= 0);
  let end = select(length, clamp(place + i32(rows) + p.right, 0, length), p.right >= 0);
  return vec2<u32>(u32(first) / TILE * TILE, u32(end));
}

// The queries that any of the keys t … t + keys may meet, likewise.
fn queries_met(v: View, t: u32, keys: u32) -> vec2<u32> {
  let queries = i32(p.queries);
  let place = i32(t) - v.place;
  let first = select(0, clamp(place - p.right, 0, queries), p.right >= 0);
  let end = select(queries, clamp(place + i32(keys) + p.left, 0, queries), p.left >= 0);
  return vec2<u32>(u32(first) / TILE * TILE, u32(end));
}

fn is_allowed(v: View, q: u32, t: u32) -> bool {
  if (q >= p.queries || t >= v.length) { return false; }
  let away = i32(q) + v.place - i32(t);
  if (p.left >= 0 && away > p.left) { return false; }
  if (p.right >= 0 && -away > p.right) { return false; }
  if (p.mask != 0u && heap[v.mask + q * p.mask_q + t * p.mask_t] == 0u) { return false; }
  return p.bias == 0u || !is_minus_infinity(float_at(v.bias + q * p.bias_q + t * p.bias_t));
}

fn capped(raw: f32) -> f32 {
  if (p.softcap > 0.0) { return p.softcap * hyperbolic_tangent(raw / p.softcap); }
  return raw;
}

// The score of a pair that is allowed.
fn score_of(v: View, raw: f32, q: u32, t: u32) -> f32 {
  var score = capped(raw);
  if (p.bias != 0u) { score += float_at(v.bias + q * p.bias_q + t * p.bias_t); }
  if (p.slopes != 0u) { score -= float_at(v.slope) * f32(abs(i32(q) + v.place - i32(t))); }
  return score;
}

// Whether dropout keeps the weight of key t in a row.
fn is_kept(row: u32, t: u32) -> bool {
  if (p.drops == 0u) { return true; }
  let words = threefry(vec2<u32>(t / 2u, row), vec2<u32>(p.seed, p.stream));
  return select(words.x, words.y, t % 2u == 1u) >= p.least && p.drops == 1u;
}

// That weight, or its gradient, after dropout: 0 even of NaN.
fn dropped(row: u32, t: u32, x: f32) -> f32 { return select(0.0, x * p.factor, is_kept(row, t)); }

// A tile of dot products: `rows` rows of `size` numbers from a on, `a_row` words apart, with `columns` of b.
fn products(
  a: u32, a_row: u32, rows: u32, b: u32, b_row: u32, columns: u32, size: u32, lane: u32,
) -> Tile {
  let y = lane / 16u;
  let x = lane % 16u;
  var sums = Tile();
  for (var first = 0u; first < size; first += DEPTH) {
    let there = first + x < size;
    of_a[x][y] = stored(four_of(a + first + x, a_row, y, 16u, select(0u, rows, there)));
    of_b[x][y] = stored(four_of(b + first + x, b_row, y, 16u, select(0u, columns, there)));
    workgroupBarrier();
    if (x < columns) { multiply(&sums, rows, DEPTH, lane); }
    workgroupBarrier();
  }
  return sums;
}

// sums += the product of the first `depth` rows of the strips, of which only `rows` rows of the tile are wanted.
fn multiply(sums: ptr<function, Tile>, rows: u32, depth: u32, lane: u32) {
  let y = lane / 16u;
  let x = lane % 16u;
  if (y >= rows) { return; }
  var tile = *sums;
  for (var k = 0u; k < depth; k++) {
    let a = numbers(of_a[k][y]);
    let b = numbers(of_b[k][x]);
    tile[0] = fma(vec4<f32>(a.x), b, tile[0]);
    // Of few queries, nothing else is there.
    if (rows > 16u) {
      tile[1] = fma(vec4<f32>(a.y), b, tile[1]);
      tile[2] = fma(vec4<f32>(a.z), b, tile[2]);
      tile[3] = fma(vec4<f32>(a.w), b, tile[3]);
    }
  }
  *sums = tile;
}

// A tile of Σ_d vector[d] · tanh(query[d] + key[d]): 16 threads add up each, of 16 keys at a time, so that a single query
// keeps all of them busy.
fn additive_products(a: u32, a_row: u32, rows: u32, b: u32, b_row: u32, columns: u32, lane: u32) -> Tile {
  let y = lane / 16u;
  let x = lane % 16u;
  var sums = Tile();
  for (var i = 0u; i < rows; i++) {
    for (var j = 0u; j < columns; j += 16u) {
      var sum = 0.0;
      if (j + y < columns) {
        let key = b + (j + y) * b_row;
        for (var d = x; d < p.size; d += 16u) {
          let tanh = hyperbolic_tangent(float_at(a + i * a_row + d) + float_at(key + d));
          sum += factor_of(d) * tanh;
        }
      }
      // By turns, so that one barrier between writing and reading is enough.
      let turn = (i + j / 16u) % 2u * 16u;
      parts[x][turn + y] = sum;
      workgroupBarrier();
      if (i % 16u == y) {
        var total = 0.0;
        for (var k = 0u; k < 16u; k++) { total += parts[k][turn + x]; }
        sums[i / 16u][j / 16u] = total;
      }
    }
    // A row of an even number of steps would begin where it ended.
    workgroupBarrier();
  }
  return sums;
}

// v of the additive score.
fn factor_of(d: u32) -> f32 {
  if (p.vector == 0u) { return 1.0; }
  return float_at(p.vector + d);
}

// A tile of raw scores.
fn raw_scores(v: View, q: u32, rows: u32, t: u32, keys: u32, lane: u32) -> Tile {
  let a = p.query + query_row(v, q) * p.size;
  let b = p.keys + key_row(v, t) * p.size;
  let a_row = p.query_q * p.size;
  let b_row = p.key_t * p.size;
  var raw: Tile;
  if (p.additive != 0u) {
    raw = additive_products(a, a_row, rows, b, b_row, keys, lane);
  } else {
    raw = products(a, a_row, rows, b, b_row, keys, p.size, lane);
  }
  for (var i = 0u; i < 4u; i++) { raw[i] *= p.scale; }
  return raw;
}

// A tile of scores; bit 4 i + j of `met` is 1 for pairs that are allowed.
struct Scores {
  x: Tile,
  met: u32,
}

fn scores_of(v: View, q: u32, rows: u32, t: u32, keys: u32, lane: u32) -> Scores {
  var scores = Scores(raw_scores(v, q, rows, t, keys, lane), 0u);
  for (var i = 0u; i < 4u; i++) {
    let line = q + lane / 16u + 16u * i;
    for (var j = 0u; j < 4u; j++) {
      let key = t + lane % 16u + 16u * j;
      if (!is_allowed(v, line, key)) { continue; }
      scores.met |= 1u << (4u * i + j);
      scores.x[i][j] = score_of(v, scores.x[i][j], line, key);
    }
  }
  return scores;
}

fn is_met(met: u32, i: u32, j: u32) -> bool { return ((met >> (4u * i + j)) & 1u) == 1u; }

// Column strip j of a tile becomes of_a: its row k has column 16 j + k of the tile.
fn put_columns(tile: Tile, j: u32, lane: u32) {
  of_a[lane % 16u][lane / 16u] = stored(vec4<f32>(tile[0][j], tile[1][j], tile[2][j], tile[3][j]));
}

// Row strip i of a tile becomes of_a: its row k has row 16 i + k of the tile.
fn put_rows(tile: Tile, i: u32, lane: u32) {
  of_a[lane / 16u][lane % 16u] = stored(tile[i]);
}

// of_b = `count` rows of `columns` numbers from `place` on, `stride` words apart.
fn take_rows(place: u32, stride: u32, count: u32, columns: u32, lane: u32) {
  let k = lane / 16u;
  let four = four_of(place + k * stride, 1u, lane % 16u, 16u, select(0u, columns, k < count));
  for (var j = 0u; j < 4u; j++) {
    if (!is_finite(four[j])) { atomicOr(&strange, 1u); }
  }
  of_b[k][lane % 16u] = stored(four);
}

// sums += the product of the strips, for rows that are queries from q on and terms that are keys from t on; or, if
// `by_key`, for rows that are keys and terms that are queries. All threads must call it.
fn add_products(
  sums: ptr<function, Tile>, v: View, q: u32, t: u32, by_key: bool, rows: u32, depth: u32, lane: u32,
) {
  workgroupBarrier();
  if (atomicLoad(&strange) == 0u) {
    multiply(sums, rows, depth, lane);
  } else {
    multiply_allowed(sums, v, q, t, by_key, depth, lane);
  }
  workgroupBarrier();
}

fn multiply_allowed(
  sums: ptr<function, Tile>, v: View, q: u32, t: u32, by_key: bool, depth: u32, lane: u32,
) {
  let y = lane / 16u;
  let x = lane % 16u;
  var tile = *sums;
  for (var k = 0u; k < depth; k++) {
    let a = numbers(of_a[k][y]);
    let b = numbers(of_b[k][x]);
    for (var i = 0u; i < 4u; i++) {
      let line = y + 16u * i;
      if (is_allowed(v, q + select(line, k, by_key), t + select(k, line, by_key))) {
        tile[i] = fma(vec4<f32>(a[i]), b, tile[i]);
      }
    }
  }
  *sums = tile;
}

// Sums over the 16 threads of a row, of a number for each of a thread's rows. All threads must call it.
fn row_sums(part: vec4<f32>, lane: u32) -> vec4<f32> {
  let y = lane / 16u;
  workgroupBarrier();
  for (var i = 0u; i < 4u; i++) { parts[lane % 16u][y + 16u * i] = part[i]; }
  workgroupBarrier();
  var total = vec4<f32>();
  for (var k = 0u; k < 16u; k++) {
    total += vec4<f32>(parts[k][y], parts[k][y + 16u], parts[k][y + 32u], parts[k][y + 48u]);
  }
  workgroupBarrier();
  return total;
}

// The largest likewise; NaN must not be among them.
fn row_maxima(part: vec4<f32>, lane: u32) -> vec4<f32> {
  let y = lane / 16u;
  workgroupBarrier();
  for (var i = 0u; i < 4u; i++) { parts[lane % 16u][y + 16u * i] = part[i]; }
  workgroupBarrier();
  var most = part;
  for (var k = 0u; k < 16u; k++) {
    let other = vec4<f32>(parts[k][y], parts[k][y + 16u], parts[k][y + 32u], parts[k][y + 48u]);
    most = select(most, other, other > most);
  }
  workgroupBarrier();
  return most;
}
