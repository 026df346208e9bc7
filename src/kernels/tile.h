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

/** The factors of a column of tiles: `count` terms. */
typedef struct tile_terms {
  const float *const *rows;  // BY_ROWS: term k of row r is rows[r][k]
  const float *terms;        // BY_TERMS: it is terms[k · step + r], and of the next tile
  long step, tile_step;      // terms[tile_step + k · step + r]
  const float *b;            // row k of the right factor is b + k · b_stride; whole vectors are read
  long b_stride;
  i32 count;
  const struct tile_terms *more;  // BY_TERMS: terms to be added after these, or 0
} tile_terms;

/** Where they go: c[r][first + j] = [c[r][first + j] +] [bias[j] +] sum, for j < width ≤ PANEL. */
typedef struct {
  float *const *c;
  long first;
  const float *bias;
  i32 width;
  i32 keep;  // what stands in c is added to
} tile_output;

/** Tiles one below the other, of so many rows in all. */
void compute_tiles(const i32 form, i32 rows, const tile_terms *terms, const tile_output *to);

#endif
