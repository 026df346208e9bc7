#define TAILS_BY_CALL
#include "recurrent.h"
#include "product.h"

i32 active_sequences(const i32 *lengths, i32 first, i32 last, i32 t, i32 steps, i32 *list) {
  i32 count = 0;
  for (i32 n = first; n < last; n++) {
    if (t < length_of(lengths, n, steps)) list[count++] = n;
  }
  return count;
}

void copy_row(const float *x, float *y, i32 count) {
  for (i32 j = 0; j < count; j += LANES) {
    store_left(y + j, x ? load_left(x + j, count - j, 0) : splat(0), count - j);
  }
}

void add_row(float *x, const float *more, i32 count) {
  for (i32 j = 0; j < count; j += LANES) {
    i32 left = count - j;
    store_left(x + j, load_left(x + j, left, 0) + load_left(more + j, left, 0), left);
  }
}

/** p->c += Σ a[k]ᵀ · b[k] over the listed rows k. */
static void add_outer_products(product *p, const i32 *list, i32 count) {
  p->inner = count;
  p->inner_index = list;
  if (count > 0) compute_product(p);
}

void add_state_products(const recurrence *r, const float *dz, i32 dz_stride, float *dwh,
                        i32 dwh_stride, i32 columns) {
  const i32 hidden = r->hidden, steps = r->steps;
  // Where the states lie that each had a next one, and what that was made of. Reversed, what h0 led to
  // is the last step.
  product p = {
      .a = r->hs + (r->reverse ? hidden : 0),
      .a_stride = hidden,
      .transpose_a = 1,
      .b = dz + (r->reverse ? 0 : dz_stride),
      .b_stride = dz_stride,
      .c = dwh,
      .c_stride = dwh_stride,
      .rows = hidden,
      .columns = columns,
      .accumulate = 1,
  };
  i32 list[INNER_BLOCK];
  i32 count = 0;
  for (i32 n = 0; n < r->batch; n++) {
    // Steps that are not the first: of a sequence that ends before the last, reversed, all are.
    i32 length = length_of(r->lengths, n, steps);
    i32 later = smaller_of(r->reverse ? length : length - 1, steps - 1);
    for (i32 t = 0; t < later; t++) {
      list[count++] = n * steps + t;
      if (count < INNER_BLOCK) continue;
      add_outer_products(&p, list, count);
      count = 0;
    }
  }
  add_outer_products(&p, list, count);
  if (!r->h0 || steps == 0) return;
  const i32 start = step_after(0, steps, r->reverse);
  p.a = r->h0;
  p.b = dz + (long)start * dz_stride;
  p.b_stride = steps * dz_stride;
  for (i32 from = 0; from < r->batch; from += INNER_BLOCK) {
    count = 0;
    for (i32 n = from; n < smaller_of(r->batch, from + INNER_BLOCK); n++) {
      if (start < length_of(r->lengths, n, steps)) list[count++] = n;
    }
    add_outer_products(&p, list, count);
  }
}
