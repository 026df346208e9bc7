/** threefry-2x32-20 (src/core/threefry.ts), LANES counters at a time. */
#ifndef HEED_THREEFRY_H
#define HEED_THREEFRY_H

#include "vector.h"

static const u32 ROTATIONS[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};

/** The two words of the counters (first + lane, second), in element order: 2 · LANES words. */
INLINE void draw(u32 seed, u32 stream, u32 first, u32 second, u32 *words) {
  const u32 key[3] = {seed, stream, 0x1bd11bda ^ seed ^ stream};
  uvec x0, x1;
  for (i32 l = 0; l < LANES; l++) x0[l] = first + (u32)l;
  x0 += seed;
  x1 = (uvec){} + (second + stream);
#pragma GCC unroll 5
  for (u32 block = 0; block < 5; block++) {
#pragma GCC unroll 4
    for (i32 r = 0; r < 4; r++) {
      u32 rotation = ROTATIONS[block % 2][r];
      x0 += x1;
      x1 = ((x1 << rotation) | (x1 >> (32 - rotation))) ^ x0;
    }
    x0 += key[(block + 1) % 3];
    x1 += key[(block + 2) % 3] + block + 1;
  }
  for (i32 l = 0; l < LANES; l++) {
    words[2 * l] = x0[l];
    words[2 * l + 1] = x1[l];
  }
}

#endif
