/**
 * What the pool in parallel.c needs of threads: shared words, waiting on them, and helpers. Whoever
 * waits spins for a moment first, because waking a thread takes longer than most gaps between jobs.
 *
 * In WebAssembly, src/devices/wasm/worker-pool.ts does what a kernel cannot: it starts workers, and
 * it waits for them, since it has a clock and may notice that one was lost.
 */
#ifndef HEED_WAITING_H
#define HEED_WAITING_H

#include "vector.h"

/** The words that threads share; worker-pool.ts knows their places. */
enum {
  PENDING,       // parts of the job that are not computed yet
  CALLER_WAITS,  // whether to ring FINISHED when they are
  FINISHED,      // counts up to wake the caller
  BELL,          // counts up to wake workers
  SLEEPERS,      // workers that need waking
  CREW,          // which workers are to work; others are to return
  FAILED,        // in WebAssembly: a worker was lost with a part in hand
  HELPED,        // parts that workers have computed
  WORDS
};

static _Alignas(64) i32 words[WORDS];

INLINE i32 load_word(i32 word) { return __atomic_load_n(&words[word], __ATOMIC_SEQ_CST); }

INLINE void store_word(i32 word, i32 value) {
  __atomic_store_n(&words[word], value, __ATOMIC_SEQ_CST);
}

/** Adds, and returns the sum. */
INLINE i32 add_to_word(i32 word, i32 value) {
  return __atomic_add_fetch(&words[word], value, __ATOMIC_SEQ_CST);
}

#if defined(__wasm__)

#define PER_THREAD
#define EXPORT_TO_DEVICE(name) EXPORT(name)
#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))

/** Begins a job: at the first, starts up to so many workers. */
IMPORT(hire) void hire(i32 workers);
/** Returns when PENDING is 0 or FAILED is set. */
IMPORT(waitForWorkers) void wait_in_javascript(void);

EXPORT_TO_DEVICE(pool_words) i32 *pool_words(void) { return words; }

/** There is no clock: rounds of a loop that takes a nanosecond or two. */
typedef struct {
  i32 left;
} spinning;

INLINE spinning start_spinning(void) { return (spinning){20000}; }

INLINE i32 spin_on(spinning *spin) { return --spin->left > 0; }

INLINE void relax(void) {}

INLINE void sleep_while(i32 word, i32 value) {
  __builtin_wasm_memory_atomic_wait32(&words[word], value, -1);
}

INLINE void wake(i32 word, i32 count) {
  __builtin_wasm_memory_atomic_notify(&words[word], (u32)count);
}

#else

#include <pthread.h>
#include <signal.h>
#include <time.h>

#define PER_THREAD _Thread_local
#define EXPORT_TO_DEVICE(name)

#define SPIN_NANOSECONDS 30000
#define LOOKS_PER_CLOCK 16
#define STACK_BYTES (4 << 20)

typedef struct {
  long long until;
  i32 looks;
} spinning;

INLINE long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

INLINE spinning start_spinning(void) { return (spinning){0, 0}; }

INLINE i32 spin_on(spinning *spin) {
  if (spin->looks++ % LOOKS_PER_CLOCK != 0) return 1;
  const long long now = nanoseconds();
  if (spin->until == 0) spin->until = now + SPIN_NANOSECONDS;
  return now < spin->until;
}

INLINE void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bells[WORDS] = {
    [FINISHED] = PTHREAD_COND_INITIALIZER,
    [BELL] = PTHREAD_COND_INITIALIZER,
};

/** Sleeps until the word has another value and somebody calls `wake`. */
static void sleep_while(i32 word, i32 value) {
  pthread_mutex_lock(&sleep_lock);
  while (load_word(word) == value) pthread_cond_wait(&bells[word], &sleep_lock);
  pthread_mutex_unlock(&sleep_lock);
}

static void wake(i32 word, i32 count) {
  pthread_mutex_lock(&sleep_lock);
  for (i32 i = 0; i < count; i++) pthread_cond_signal(&bells[word]);
  pthread_mutex_unlock(&sleep_lock);
}

void work(i32 crew);

static void *run_worker(void *nothing) {
  work(0);
  return nothing;
}

static i32 workers, no_more_workers;

/** Sees to it that there are so many workers, if the system lets us. Only ever called by one thread. */
static void hire(i32 wanted) {
  if (workers >= wanted || no_more_workers) return;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // Signals are for the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (workers < wanted && !no_more_workers) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, run_worker, 0) == 0) {
      workers++;
    } else {
      no_more_workers = 1;
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, 0);
  pthread_attr_destroy(&attributes);
}

#endif

/** Returns when PENDING is 0; in WebAssembly also when FAILED is set. */
static void wait_for_workers(void) {
  for (spinning spin = start_spinning(); spin_on(&spin); relax()) {
    if (load_word(PENDING) == 0) return;
  }
#if defined(__wasm__)
  wait_in_javascript();
#else
  store_word(CALLER_WAITS, 1);
  for (;;) {
    const i32 rung = load_word(FINISHED);
    if (load_word(PENDING) == 0) break;
    sleep_while(FINISHED, rung);
  }
  store_word(CALLER_WAITS, 0);
#endif
}

#endif
