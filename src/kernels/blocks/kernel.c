/** addRepeated, copyBlocks, maskUnmet: runs of numbers that lie at equal distances. */
#define TAILS_BY_CALL
#include "parallel.h"

/** What one number costs: three of them move through memory. */
#define COST 24

/** y[i · y_stride + j] = x[i · x_stride + j] [+ b[i · b_stride + j]], i < blocks, j < length */
typedef struct {
  const float *x, *b;
  float *y;
  i32 x_stride, b_stride, y_stride, blocks, length, parts;
} blocks_job;

/** Some of the blocks' numbers, all blocks side by side: a part may begin and end inside of one. */
static void blocks_part(const void *of, i32 part) {
  const blocks_job *c = of;
  const i32 all = c->blocks * c->length, last = first_number(part + 1, c->parts, all);
  for (i32 first = first_number(part, c->parts, all); first < last;) {
    const i32 i = first / c->length, j = first % c->length;
    const i32 count = smaller_of(c->length - j, last - first);
    const float *x = c->x + (long)i * c->x_stride + j;
    const float *b = c->b ? c->b + (long)i * c->b_stride + j : 0;
    float *y = c->y + (long)i * c->y_stride + j;
    for (i32 l = 0; l < count; l += LANES) {
      const i32 left = count - l;
      vec value = load_left(x + l, left, 0);
      if (b) value += load_left(b + l, left, 0);
      store_left(y + l, value, left);
    }
    first += count;
  }
}

static void over_blocks(blocks_job job) {
  job.parts = parts_of_numbers(job.blocks * job.length, COST);
  compute_parts(blocks_part, &job, job.parts);
}

EXPORT(addRepeated)
void addRepeated(const float *x, const float *b, float *y, i32 repeats, i32 length) {
  over_blocks((blocks_job){.x = x, .b = b, .y = y, .x_stride = length, .y_stride = length,
                           .blocks = repeats, .length = length});
}

EXPORT(copyBlocks)
void copyBlocks(const float *x, i32 xOffset, i32 xStride, float *y, i32 yOffset, i32 yStride,
                i32 blocks, i32 length, i32 accumulate) {
  over_blocks((blocks_job){.x = x + xOffset, .b = accumulate ? y + yOffset : 0, .y = y + yOffset,
                           .x_stride = xStride, .b_stride = yStride, .y_stride = yStride,
                           .blocks = blocks, .length = length});
}

/** Row by row, on one thread: devices whose numbers the host sees are seldom asked for it. */
EXPORT(maskUnmet)
void maskUnmet(const float *x, const float *d, float *y, i32 rows, i32 size, i32 columns) {
  for (; rows > 0; rows--) {
    i32 met = 0;
    for (i32 j = 0; j < columns; j++) met |= *d++ != 0;
    for (i32 j = 0; j < size; j++, x++) *y++ = met ? *x : 0;
  }
}
