/**
 * The ops as a table: what scripts/native-shims.mjs writes, the addon exports and the sanitizers'
 * program calls.
 */
#ifndef HEED_SHIMS_H
#define HEED_SHIMS_H

#include "vector.h"

/** One op. */
typedef struct {
  const char *name;
  /**
   * A letter per argument: f const float *, F float *, i const i32 *, I i32 *, n i32, u u32, s float,
   * d double.
   */
  const char *signature;
  i32 arguments;
  /** Calls it with its arguments as doubles; addresses are whole numbers. */
  void (*call)(const double *arguments);
} op_shim;

extern const op_shim op_shims[];
extern const i32 op_shim_count;

/** Arguments of no op exceed this. */
#define MOST_ARGUMENTS 48

#endif
