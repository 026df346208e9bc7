#include "product.h"

#include "parallel.h"

/** Blocks of packed rows lie a little apart, so that they do not fall on one set of the cache. */
#define BLOCK_STRIDE (INNER_BLOCK * TILE + 16)
/** From this many rows on, packing b pays; sooner where its rows lie far apart and vectors are narrow. */
#define PACK_FROM 24
#define PACK_FAR_FROM (LANES == 4 ? 12 : PACK_FROM)
#define FAR 512
/** Up to this many rows, b is streamed row by row instead. */
#define STREAM_UP_TO 3
#define STREAM_COLUMNS 1024

typedef float packed_rows[(ROW_CHUNK / TILE) * BLOCK_STRIDE];

INLINE long index_of(const i32 *index, i32 i) { return index ? index[i] : i; }

/** Rows first … first + rows of aᵀ, terms from … from + count, TILE by TILE and term by term. */
static void pack_rows(const product *p, i32 first, i32 rows, i32 from, i32 count, float *packed) {
  for (i32 k = 0; k < count; k++) {
    const float *row = p->a + index_of(p->inner_index, from + k) * p->a_stride + first;
    float *to = packed + k * TILE;
    i32 i = 0;
    for (; i + TILE <= rows; i += TILE, to += BLOCK_STRIDE) {
#pragma GCC unroll 8
      for (i32 r = 0; r < TILE; r++) to[r] = row[i + r];
    }
    for (i32 r = 0; i + r < rows; r++) to[r] = row[i + r];
  }
}

void pack_transposed(const float *b, long b_stride, i32 columns, i32 count, float *panel) {
  i32 j = 0;
  for (; j + 4 <= smaller_of(columns, PANEL); j += 4) {
    const float *b0 = b + j * b_stride, *b1 = b0 + b_stride, *b2 = b1 + b_stride, *b3 = b2 + b_stride;
    float *to = panel + j;
    i32 k = 0;
    for (; k + LANES <= count; k += LANES) {
      vec x[4] = {load(b0 + k), load(b1 + k), load(b2 + k), load(b3 + k)};
      transpose_fours(&x[0], &x[1], &x[2], &x[3]);
#pragma GCC unroll 4
      for (i32 run = 0; run < LANES / 4; run++) {
#pragma GCC unroll 4
        for (i32 i = 0; i < 4; i++) {
          *(vec4_at *)(to + (k + 4 * run + i) * PANEL) = run_of_four(x[i], run);
        }
      }
    }
    for (; k < count; k++) {
      *(vec4_at *)(to + k * PANEL) = (vec4){b0[k], b1[k], b2[k], b3[k]};
    }
  }
  for (; j < PANEL; j++) {
    for (i32 k = 0; k < count; k++) panel[k * PANEL + j] = j < columns ? b[j * b_stride + k] : 0;
  }
}

/** `width` ≤ PANEL columns of b, term by term (term k is row index[k]): whole vectors, zeros behind. */
static const float *copy_panel(const float *b, long b_stride, const i32 *index, i32 from, i32 width,
                               i32 terms, float *panel) {
  for (i32 k = 0; k < terms; k++) {
    const float *row = b + index_of(index, from + k) * b_stride;
    float *to = panel + k * PANEL;
#pragma GCC unroll 4
    for (i32 v = 0; v < VECS; v++) {
      const i32 left = width - v * LANES;
      if (left <= 0) break;
      store(to + v * LANES, load_left(row + v * LANES, left, 0));
    }
  }
  return panel;
}

/** Rows first … first + rows of a block, at most BLOCK_ROWS. */
static void rows_of_block(const block_product *p, i32 first, i32 rows, float *tail) {
  const float *a[BLOCK_ROWS];
  float *c[BLOCK_ROWS];
  for (i32 i = 0; i < rows; i++) {
    a[i] = p->form == BY_ROWS ? p->a + (first + i) * p->a_stride : 0;
    c[i] = p->c + (first + i) * p->c_stride;
  }
  tile_terms more = {.step = p->a_stride, .tile_step = TILE};
  tile_terms in = {.rows = a, .step = p->a_stride, .tile_step = TILE};
  if (p->form == BY_TERMS) in.terms = p->a + first;
  if (p->more_a) {
    more.terms = p->more_a + first;
    in.more = &more;
  }
  more.b_stride = in.b_stride = p->b_stride;
  more.count = in.count = p->terms;
  tile_output to = {.c = c, .keep = p->keep};
  const float *b = p->b, *more_b = p->more_b;
  for (i32 j = 0; j < p->columns; j += PANEL, b += p->panel_stride) {
    to.first = j;
    to.width = smaller_of(p->columns - j, PANEL);
    in.b = b;
    more.b = more_b;
    if (more_b) more_b += p->panel_stride;
    // Only the last panel may have to be copied, so nothing need be set back.
    if (tail && to.width % LANES != 0) {
      in.b = copy_panel(in.b, p->b_stride, 0, 0, to.width, p->terms, tail);
      if (more.b) {
        float *room = tail + p->terms * PANEL;
        more.b = copy_panel(more.b, p->b_stride, 0, 0, to.width, p->terms, room);
      }
      more.b_stride = in.b_stride = PANEL;
    }
    compute_tiles(p->form, rows, &in, &to);
  }
}

/** A block of one term: every row of c is met once, and no sum need be held. */
static void outer_block(const block_product *p) {
  const float *b = p->b, *more_b = p->more_a ? p->more_b : 0;
  const i32 columns = p->columns, keep = p->keep;
  for (i32 i = 0; i < p->rows; i++) {
    float *c = p->c + i * p->c_stride;
    const vec left = splat(p->a[i]), more = splat(more_b ? p->more_a[i] : 0);
    for (i32 j = 0; j < columns; j += LANES) {
      vec sum = left * load_left(b + j, columns - j, 0);
      if (more_b) sum = multiply_add(more, load_left(more_b + j, columns - j, 0), sum);
      if (keep) sum = load_left(c + j, columns - j, 0) + sum;
      store_left(c + j, sum, columns - j);
    }
  }
}

void compute_block(const block_product *p, float *tail) {
  // Few rows, or few terms, do not fill tiles.
  if (tail && p->form == BY_ROWS && p->rows <= STREAM_UP_TO) {
    const product streamed = {
        .a = p->a,
        .a_stride = (i32)p->a_stride,
        .b = p->b,
        .b_stride = (i32)p->b_stride,
        .c = p->c,
        .c_stride = (i32)p->c_stride,
        .rows = p->rows,
        .columns = p->columns,
        .inner = p->terms,
        .accumulate = p->keep,
    };
    compute_product(&streamed);
    return;
  }
  if (tail && p->form == BY_TERMS && p->terms == 1) {
    outer_block(p);
    return;
  }
  for (i32 first = 0; first < p->rows; first += BLOCK_ROWS) {
    rows_of_block(p, first, smaller_of(p->rows - first, BLOCK_ROWS), tail);
  }
}

/** One row of c where rows are few: b is read row by row, in the order in which it lies. */
static void stream_row(const product *p, i32 i) {
  const float *a = p->a + index_of(p->row_index, i) * p->a_stride;
  float *c = p->c + index_of(p->row_index, i) * p->c_stride;
  for (i32 first = 0; first < p->columns; first += STREAM_COLUMNS) {
    i32 width = smaller_of(p->columns - first, STREAM_COLUMNS);
    i32 from = 0;
    do {
      float totals[STREAM_COLUMNS];
      i32 end = smaller_of(p->inner, from + INNER_BLOCK);
      for (i32 j = 0; j < width; j += LANES) store(totals + j, splat(0));
      i32 k = from;
      for (; k + 4 <= end; k += 4) {
        const float *b0 = p->b + (long)k * p->b_stride + first;
        const float *b1 = b0 + p->b_stride, *b2 = b1 + p->b_stride, *b3 = b2 + p->b_stride;
        vec a0 = splat(a[k]), a1 = splat(a[k + 1]), a2 = splat(a[k + 2]), a3 = splat(a[k + 3]);
        i32 j = 0;
        for (; j + LANES <= width; j += LANES) {
          vec total = multiply_add(a0, load(b0 + j), load(totals + j));
          total = multiply_add(a1, load(b1 + j), total);
          total = multiply_add(a2, load(b2 + j), total);
          store(totals + j, multiply_add(a3, load(b3 + j), total));
        }
        if (j < width) {
          vec total = multiply_add(a0, load_part(b0 + j, width - j, 0), load(totals + j));
          total = multiply_add(a1, load_part(b1 + j, width - j, 0), total);
          total = multiply_add(a2, load_part(b2 + j, width - j, 0), total);
          store(totals + j, multiply_add(a3, load_part(b3 + j, width - j, 0), total));
        }
      }
      for (; k < end; k++) {
        const float *b0 = p->b + (long)k * p->b_stride + first;
        vec a0 = splat(a[k]);
        for (i32 j = 0; j < width; j += LANES) {
          store(totals + j, multiply_add(a0, load_left(b0 + j, width - j, 0), load(totals + j)));
        }
      }
      i32 keep = p->accumulate || from > 0;
      const float *bias = from == 0 && p->bias ? p->bias + first : 0;
      for (i32 j = 0; j < width; j += LANES) {
        vec total = load(totals + j);
        if (keep) total = load_left(c + first + j, width - j, 0) + total;
        if (bias) total = load_left(bias + j, width - j, 0) + total;
        store_left(c + first + j, total, width - j);
      }
      from = end;
    } while (from < p->inner);
  }
}

/** Rows first … first + rows, terms from … from + count: all columns. */
static void compute_chunk(const product *p, i32 first, i32 rows, i32 from, i32 count,
                          const float *packed) {
  float panel[INNER_BLOCK * PANEL];
  const float *a[ROW_CHUNK];
  float *c[ROW_CHUNK];
  const i32 pack_from = p->b_stride < FAR ? PACK_FROM : PACK_FAR_FROM;
  const i32 direct = !p->transpose_b && !p->inner_index && rows < pack_from;
  i32 keep = p->accumulate || from > 0;
  for (i32 i = 0; i < rows; i++) {
    a[i] = p->a + index_of(p->row_index, first + i) * p->a_stride + from;
    c[i] = p->c + index_of(p->row_index, first + i) * p->c_stride;
  }
  for (i32 j = 0; j < p->columns; j += PANEL) {
    i32 width = smaller_of(p->columns - j, PANEL);
    tile_terms in = {.rows = a,
                     .terms = packed,
                     .step = TILE,
                     .tile_step = BLOCK_STRIDE,
                     .b = panel,
                     .b_stride = PANEL,
                     .count = count};
    if (direct && width % LANES == 0) {
      in.b = p->b + (long)from * p->b_stride + j;
      in.b_stride = p->b_stride;
    } else if (p->transpose_b) {
      const float *b = p->b + (long)j * p->b_stride + from;
      pack_transposed(b, p->b_stride, p->columns - j, count, panel);
    } else {
      copy_panel(p->b + j, p->b_stride, p->inner_index, from, width, count, panel);
    }
    const float *bias = from == 0 && p->bias ? p->bias + j : 0;
    const tile_output to = {.c = c, .first = j, .bias = bias, .width = width, .keep = keep};
    compute_tiles(packed ? BY_TERMS : BY_ROWS, rows, &in, &to);
  }
}

void compute_product(const product *p) {
  if (p->rows <= STREAM_UP_TO && !p->transpose_a && !p->transpose_b) {
    for (i32 i = 0; i < p->rows; i++) stream_row(p, i);
    return;
  }
  packed_rows packed;
  for (i32 first = 0; first < p->rows; first += ROW_CHUNK) {
    i32 rows = smaller_of(p->rows - first, ROW_CHUNK);
    i32 from = 0;
    do {
      i32 count = smaller_of(p->inner - from, INNER_BLOCK);
      if (p->transpose_a) pack_rows(p, first, rows, from, count, packed);
      compute_chunk(p, first, rows, from, count, p->transpose_a ? packed : 0);
      from += count;
    } while (from < p->inner);
  }
}

/** Rows or columns that a part has at least: fewer would pack more than they multiply. */
#define ROW_UNIT 48
#define COLUMN_UNIT (PANEL < 32 ? 32 : PANEL)

typedef struct {
  const product *whole;
  i32 by_columns, units, parts;
} product_parts;

static void product_part(const void *of, i32 part) {
  const product_parts *job = of;
  product p = *job->whole;
  const i32 size = job->by_columns ? COLUMN_UNIT : ROW_UNIT;
  const i32 all = job->by_columns ? p.columns : p.rows;
  const i32 first = size * first_of_part(part, job->parts, job->units);
  const i32 last = smaller_of(size * first_of_part(part + 1, job->parts, job->units), all);
  if (job->by_columns) {
    p.columns = last - first;
    p.b += p.transpose_b ? (long)first * p.b_stride : first;
    if (p.bias) p.bias += first;
    p.c += first;
  } else {
    p.rows = last - first;
    p.a += p.transpose_a ? first : (long)first * p.a_stride;
    p.c += (long)first * p.c_stride;
  }
  compute_product(&p);
}

void compute_product_in_parts(const product *p) {
  // Each part packs what it shares with the others: the smaller of the two factors, then.
  product_parts job = {.whole = p, .by_columns = p->columns > p->rows};
  job.units = job.by_columns ? (p->columns + COLUMN_UNIT - 1) / COLUMN_UNIT
                             : (p->rows + ROW_UNIT - 1) / ROW_UNIT;
  job.parts = parts_for(job.units, 2.0 * p->rows * p->columns * p->inner);
  compute_parts(product_part, &job, job.parts);
}
