/** What the kernels of this library were compiled for. Compiled like them, unlike the addon. */
#include "level.h"

#include "vector.h"

#if defined(__AVX512F__)
const char simd_level[] = "avx512";
#elif defined(__AVX2__)
const char simd_level[] = "avx2";
#elif defined(__x86_64__)
const char simd_level[] = "sse2";
#elif defined(__aarch64__)
const char simd_level[] = "neon";
#else
#error "no SIMD level of heed's"
#endif
