/** sum, cut by reduction: every part adds to the same number. */
#include <time.h>

#include "parallel.h"

typedef struct {
  const float *x;
  float *y;
  i32 length, parts;
} sum_job;

static void add_part(const void *of_job, i32 part) {
  const sum_job *job = of_job;
  nanosleep(&(struct timespec){0, 1000000}, 0);  // so that workers come in time
  const i32 end = first_of_part(part + 1, job->parts, job->length);
  for (i32 i = first_of_part(part, job->parts, job->length); i < end; i++) *job->y += job->x[i];
}

void sum(const float *x, float *y, i32 length) {
  y[0] = 0;
  sum_job job = {x, y, length, parts_for(length, length)};
  compute_parts(add_part, &job, job.parts);
}
