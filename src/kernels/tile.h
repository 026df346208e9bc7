/**
 * The tile of a matrix product that stays in registers: up to TILE rows by VECS vectors of columns.
 *
 * Every element is the sum of its terms in their order, from 0 on, whichever tile it falls into.
 */
#ifndef HEED_TILE_H
#define HEED_TILE_H

#include "vector.h"

/** The sums, one row's vectors and one broadcast fit the registers, of which there are 32 or 16. */
#if LANES == 16 || defined(__aarch64__)
#define TILE 6
#define VECS 4
#elif LANES == 8
#define TILE 6
#define VECS 2
#else
#define TILE 4
#define VECS 2
#endif
#define PANEL (VECS * LANES)

/** How the left factor lies in memory: every row's terms side by side, or every term's rows. */
enum { BY_ROWS, BY_TERMS };

/** The factors of a tile: `count` terms. */
typedef struct tile_terms {
  const float *const *rows;  // BY_ROWS: term k of row r is rows[r][k]
  const float *terms;        // BY_TERMS: it is terms[k · step + r]
  long step;
  const float *b;  // row k of the right factor is b + k · b_stride; a whole number of vectors is read
  long b_stride;
  i32 count;
  const struct tile_terms *more;  // BY_TERMS: terms to be added after these, or 0
} tile_terms;

/** Where a tile goes: c[r][j] = [c[r][j] +] [bias[j] +] sum, for j < width ≤ PANEL. */
typedef struct {
  float *const *c;
  const float *bias;
  i32 width;
  i32 keep;  // what stands in c is added to
} tile_output;

void compute_tile(const i32 form, i32 rows, const tile_terms *terms, const tile_output *to);

#endif
