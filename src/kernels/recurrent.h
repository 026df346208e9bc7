/** What the recurrent ops share: which sequences have a step, in which order steps go, and dwh. */
#ifndef HEED_RECURRENT_H
#define HEED_RECURRENT_H

#include "parallel.h"
#include "tile.h"

/** Sequences that are stepped together: a product's list of rows lies on the stack. */
#define SEQUENCES 240

/** Parts are a whole number of tiles high. */
INLINE i32 sequence_units(i32 batch) { return (batch + TILE - 1) / TILE; }

/** The first sequence that belongs to the part; those of part + 1 follow. */
INLINE i32 first_sequence(i32 part, i32 parts, i32 batch) {
  return smaller_of(TILE * first_of_part(part, parts, sequence_units(batch)), batch);
}

/** The step that comes after so many others: reversed, they are counted from the last. */
INLINE i32 step_after(i32 others, i32 steps, i32 reverse) {
  return reverse ? steps - 1 - others : others;
}

INLINE i32 length_of(const i32 *lengths, i32 n, i32 steps) { return lengths ? lengths[n] : steps; }

/** Lists the sequences first … last that have a step t; returns how many. */
i32 active_sequences(const i32 *lengths, i32 first, i32 last, i32 t, i32 steps, i32 *list);

/** y = x, or zeros where x is 0. */
void copy_row(const float *x, float *y, i32 count);

/** x += more. */
void add_row(float *x, const float *more, i32 count);

/** All states (N, T, H) of a recurrence, and what it began with (N, H), or 0. */
typedef struct {
  const float *hs, *h0;
  const i32 *lengths;
  i32 batch, steps, hidden, reverse;
} recurrence;

/**
 * dwh += h'ᵀ · dz, over all steps of all sequences at once, h' being the state before the step: `columns`
 * columns of dz (N, T, dz_stride) and of dwh (H, dwh_stride).
 */
void add_state_products(const recurrence *r, const float *dz, i32 dz_stride, float *dwh,
                        i32 dwh_stride, i32 columns);

#endif
