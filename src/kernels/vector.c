/** The tails of vectors, for the kernels that define TAILS_BY_CALL. */
#include "vector.h"

#if defined(__wasm__)

vec load_part_by_call(const float *p, i32 count, float rest);
void store_part_by_call(float *p, vec x, i32 count);

vec load_part_by_call(const float *p, i32 count, float rest) { return load_part(p, count, rest); }

void store_part_by_call(float *p, vec x, i32 count) { store_part(p, x, count); }

#endif
