/**
 * Work cut into parts for the threads of a device.
 *
 * Work is cut by output, never by reduction: a part writes what no other part reads or writes, and how
 * an element is computed does not depend on how the work was cut. Any number of threads gives the same
 * bits.
 */
#ifndef HEED_PARALLEL_H
#define HEED_PARALLEL_H

#include "vector.h"

/** Computes one part of a job. Parts run in any order, at the same time, on any thread. */
typedef void part_of_job(const void *job, i32 part);

/**
 * Computes parts 0 … parts − 1 and returns when all are done; part 0 is computed right here. A part may
 * itself call this: its parts then run one after the other where it runs.
 */
void compute_parts(part_of_job *compute, const void *job, i32 parts);

/**
 * Into how many parts to cut `units` of equal work that take `flops` in all: a few per thread, so that
 * they come out even; 1 where handing work over would cost more than it saves. May depend on the
 * number of threads, so no element's value may depend on it.
 */
i32 parts_for(i32 units, double flops);

/**
 * As `parts_for`, but one part per thread: for work whose every part has a cost of its own, such as
 * packing what all parts share.
 */
i32 parts_of_threads(i32 units, double flops);

/** The first of `units` units that belongs to the part; those of part + 1 follow. */
INLINE i32 first_of_part(i32 part, i32 parts, i32 units) {
  return (i32)((long long)units * part / parts);
}

/** Numbers that lie side by side are cut in units of this many. */
#define NUMBERS 4096

/**
 * Into how many parts to cut `count` numbers, each of which costs about as much as so many flops: moving
 * them through memory counts too.
 */
INLINE i32 parts_of_numbers(i32 count, double flops_each) {
  return parts_of_threads((i32)(((long long)count + NUMBERS - 1) / NUMBERS), flops_each * count);
}

/** The first of `count` numbers that belongs to the part; those of part + 1 follow. */
INLINE i32 first_number(i32 part, i32 parts, i32 count) {
  const long long units = ((long long)count + NUMBERS - 1) / NUMBERS;
  const long long first = units * part / parts * NUMBERS;
  return first < count ? (i32)first : count;
}

/**
 * For devices: how many threads the calling thread's jobs may run on from now on, itself included. With
 * `cut_all`, which is for tests, work is cut however little it is.
 */
void use_threads(i32 threads, i32 cut_all);

/** For tests: how many parts were computed by other threads than the one that called compute_parts. */
double parts_by_workers(void);

#endif
