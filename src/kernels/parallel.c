/**
 * The thread pool: one algorithm for native threads and for WebAssembly's workers.
 *
 * One word, the ticket, says all that must be true at once: which job is on (its epoch), how many
 * threads may still join it (seats), and how many of its parts nobody has claimed. A thread claims a
 * part by exchanging the ticket for one with a part less. If that succeeds, the job was unfinished at
 * that moment, and what the thread read of it before was this job's: a worker that comes late finds
 * another epoch or nothing left, its exchange fails, and it touches nothing.
 *
 * The caller works too, so a job is done even if no worker ever comes.
 */
#include "parallel.h"

#include "waiting.h"

typedef unsigned long long u64;

enum { PARTS_BITS = 24, SEATS_BITS = 8, EPOCH_SHIFT = PARTS_BITS + SEATS_BITS };
#define MOST_PARTS ((1 << PARTS_BITS) - 1)
#define MOST_SEATS ((1 << SEATS_BITS) - 1)
#define ONE_SEAT ((u64)1 << PARTS_BITS)

/** Parts per thread: more come out more even, fewer cost less. */
#define PARTS_PER_THREAD 4

/** About the flops of 50 µs on one core: less is not worth handing over. */
#if defined(__AVX512F__)
#define LEAST_FLOPS 5e6
#elif defined(__FMA__)
#define LEAST_FLOPS 3e6
#elif defined(__aarch64__) || defined(__wasm_relaxed_simd__)
#define LEAST_FLOPS 1.5e6
#else
#define LEAST_FLOPS 8e5
#endif

/** What the job at hand is. Read by threads that may be late, hence by atomic loads. */
static struct {
  part_of_job *compute;
  const void *job;
  i32 parts;
} current;

static _Alignas(64) u64 ticket;
/** Somebody's job is on: whoever else has one, or is inside of it, does its parts alone. */
static i32 busy;
static u32 epoch;

/** What the calling thread may use; in WebAssembly one caller is all there is. */
static PER_THREAD i32 allowed = 1;
static PER_THREAD i32 cutting_all = 0;

EXPORT_TO_DEVICE(use_threads) void use_threads(i32 threads, i32 cut_all) {
  allowed = threads < 1 ? 1 : smaller_of(threads, MOST_SEATS);
  cutting_all = cut_all;
}

INLINE i32 worth_cutting(i32 units, double flops) {
  return allowed > 1 && units > 1 && (cutting_all || flops >= LEAST_FLOPS);
}

i32 parts_for(i32 units, double flops) {
  return worth_cutting(units, flops) ? smaller_of(units, PARTS_PER_THREAD * allowed) : 1;
}

i32 parts_of_threads(i32 units, double flops) {
  return worth_cutting(units, flops) ? smaller_of(units, allowed) : 1;
}

double parts_by_workers(void) { return (u32)load_word(HELPED); }

INLINE u32 parts_of(u64 t) { return (u32)t & MOST_PARTS; }
INLINE u32 seats_of(u64 t) { return (u32)t >> PARTS_BITS; }
INLINE u32 epoch_of(u64 t) { return (u32)(t >> EPOCH_SHIFT); }

/** Claims a part of the job of `t`, which becomes the present ticket where that fails. */
INLINE i32 claim(u64 *t, u64 seats) {
  return __atomic_compare_exchange_n(&ticket, t, *t - seats * ONE_SEAT - 1, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE);
}

/**
 * A worker: computes parts whenever there are some. Returns once another crew is at work, whose jobs may be
 * such that only they know how to do them: who claims a part has looked at the crew after that part's job
 * was published, which was after the crew came.
 */
EXPORT_TO_DEVICE(work) void work(i32 crew) {
  u32 joined = 0;  // the last epoch in which this thread took a seat; no job has epoch 0
  spinning spin = start_spinning();
  u64 t = __atomic_load_n(&ticket, __ATOMIC_ACQUIRE);
  while (load_word(CREW) == crew) {
    const i32 member = epoch_of(t) == joined;
    if (parts_of(t) == 0 || !(member || seats_of(t) > 0)) {
      if (spin_on(&spin)) {
        relax();
      } else {
        const i32 rung = load_word(BELL);
        add_to_word(SLEEPERS, 1);
        // Whoever published a job before seeing this sleeper is seen here.
        if (__atomic_load_n(&ticket, __ATOMIC_SEQ_CST) == t && load_word(CREW) == crew) {
          sleep_while(BELL, rung);
        }
        add_to_word(SLEEPERS, -1);
        spin = start_spinning();
      }
      t = __atomic_load_n(&ticket, __ATOMIC_ACQUIRE);
      continue;
    }
    part_of_job *compute = __atomic_load_n(&current.compute, __ATOMIC_RELAXED);
    const void *job = __atomic_load_n(&current.job, __ATOMIC_RELAXED);
    const i32 parts = __atomic_load_n(&current.parts, __ATOMIC_RELAXED);
    if (!claim(&t, !member)) continue;
    joined = epoch_of(t);
    compute(job, parts - (i32)parts_of(t));
    add_to_word(HELPED, 1);
    if (add_to_word(PENDING, -1) == 0 && load_word(CALLER_WAITS)) {
      add_to_word(FINISHED, 1);
      wake(FINISHED, 1);
    }
    spin = start_spinning();
    t = __atomic_load_n(&ticket, __ATOMIC_ACQUIRE);
  }
}

/** Computes parts until none is left; returns how many. */
static i32 take_part(part_of_job *compute, const void *job, i32 parts) {
  compute(job, 0);
  i32 done = 1;
  u64 t = __atomic_load_n(&ticket, __ATOMIC_ACQUIRE);
  while (parts_of(t) > 0) {
    if (!claim(&t, 0)) continue;
    compute(job, parts - (i32)parts_of(t));
    done++;
    t = __atomic_load_n(&ticket, __ATOMIC_ACQUIRE);
  }
  return done;
}

void compute_parts(part_of_job *compute, const void *job, i32 parts) {
  const i32 helpers = smaller_of(allowed, parts) - 1;
  if (helpers < 1 || parts > MOST_PARTS || __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
    for (i32 part = 0; part < parts; part++) compute(job, part);
    return;
  }
  hire(allowed - 1);
  __atomic_store_n(&current.compute, compute, __ATOMIC_RELAXED);
  __atomic_store_n(&current.job, job, __ATOMIC_RELAXED);
  __atomic_store_n(&current.parts, parts, __ATOMIC_RELAXED);
  store_word(PENDING, parts);
  if (++epoch == 0) epoch = 1;
  const u64 published =
      (u64)epoch << EPOCH_SHIFT | (u64)helpers << PARTS_BITS | (u64)(parts - 1);
  __atomic_store_n(&ticket, published, __ATOMIC_SEQ_CST);
  if (load_word(SLEEPERS) > 0) {
    add_to_word(BELL, 1);
    wake(BELL, helpers);
  }
  const i32 done = take_part(compute, job, parts);
  if (add_to_word(PENDING, -done) != 0) wait_for_workers();
  // A worker was lost with a part in hand: the device says so, and nobody may use the pool again.
  if (load_word(PENDING) != 0) return;
  __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}
