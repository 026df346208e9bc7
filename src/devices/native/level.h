#ifndef HEED_LEVEL_H
#define HEED_LEVEL_H

/** The SIMD level that the kernels of this library use. */
extern const char simd_level[];

#endif
