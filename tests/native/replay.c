/**
 * Calls the native kernels with the arguments of every test case, for sanitizers to watch:
 *
 *     replay CASES ANSWERS THREADS
 *
 * case-file.ts writes CASES and reads ANSWERS. Every array has memory of exactly its size, so that a
 * read or write outside of it is seen. Every case is called twice: on one thread with aligned arrays,
 * and on THREADS threads, cut into as many parts as it can be, with arrays that begin at any word; the
 * answers must be the same to the last bit.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "level.h"
#include "parallel.h"
#include "shims.h"

#if !defined(__has_feature)
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define ADDRESSES_ARE_WATCHED 1
#else
#define ADDRESSES_ARE_WATCHED 0
#endif

// Of the sanitizers' runtimes, whose headers not every compiler comes with.
void __sanitizer_set_death_callback(void (*callback)(void));
void __asan_poison_memory_region(void const volatile *from, size_t size);

#define NO_ANSWER 0x7fc00000u  // a quiet NaN
#define MOST_ARRAYS 32
#define NAME_BYTES 512
#define MOST_ATTEMPTS 3

/** What an array of a case is: of ROOM, what it holds afterwards is nothing. As case-file.ts has it. */
enum { WRITTEN, GIVEN, ROOM };

/** An array of a case: words as they stand in the file, or none for one that is only written. */
typedef struct {
  const uint8_t *given;
  uint32_t length, kind;
} given_array;

typedef struct {
  char name[NAME_BYTES];
  const op_shim *op;
  given_array arrays[MOST_ARRAYS];
  uint32_t array_count;
  /** Where the signature has a pointer, the number of an array from 1 on, or 0 for null. */
  double arguments[MOST_ARGUMENTS];
} kernel_case;

typedef struct {
  uint8_t *memory;
  uint32_t *words;
} placed_array;

static const char *running = "nothing";

static void name_the_case(void) { fprintf(stderr, "the case: %s\n", running); }

static void fail(const char *problem) {
  fprintf(stderr, "%s; the case: %s\n", problem, running);
  exit(2);
}

static void take(void *to, size_t size, const uint8_t **from) {
  memcpy(to, *from, size);
  *from += size;
}

static uint32_t take_number(const uint8_t **from) {
  uint32_t number;
  take(&number, sizeof number, from);
  return number;
}

static void take_text(char *text, const uint8_t **from) {
  const uint32_t length = take_number(from);
  if (length >= NAME_BYTES) fail("a name is too long");
  take(text, length, from);
  text[length] = 0;
}

static const op_shim *find_op(const char *name) {
  for (i32 i = 0; i < op_shim_count; i++) {
    if (strcmp(op_shims[i].name, name) == 0) return &op_shims[i];
  }
  fail("there is no such op");
  return 0;
}

static kernel_case take_case(const uint8_t **from) {
  kernel_case taken;
  char op[NAME_BYTES];
  take_text(taken.name, from);
  running = taken.name;
  take_text(op, from);
  taken.op = find_op(op);
  taken.array_count = take_number(from);
  if (taken.array_count > MOST_ARRAYS) fail("there are too many arrays");
  for (uint32_t i = 0; i < taken.array_count; i++) {
    const uint32_t kind = take_number(from), length = take_number(from);
    taken.arrays[i] = (given_array){kind == GIVEN ? *from : 0, length, kind};
    if (kind == GIVEN) *from += 4 * (size_t)length;
  }
  if (take_number(from) != (uint32_t)taken.op->arguments) fail("the op takes other arguments");
  take(taken.arguments, sizeof(double) * (size_t)taken.op->arguments, from);
  return taken;
}

/** Memory that ends where the array does; what lies before it is not to be touched either. */
static placed_array place(given_array array, uint32_t words_before) {
  const size_t before = 4 * (size_t)words_before, size = 4 * (size_t)array.length;
  uint8_t *memory = malloc(before + size);
  if (memory == 0) fail("memory ended");
  uint32_t *words = (uint32_t *)(void *)(memory + before);
  for (uint32_t i = 0; i < array.length; i++) words[i] = NO_ANSWER;
  if (array.given != 0) memcpy(words, array.given, size);
#if ADDRESSES_ARE_WATCHED
  __asan_poison_memory_region(memory, before & ~(size_t)7);
#endif
  return (placed_array){memory, words};
}

static void call(const kernel_case *c, placed_array *arrays, uint32_t unaligned) {
  double arguments[MOST_ARGUMENTS];
  for (uint32_t i = 0; i < c->array_count; i++) {
    arrays[i] = place(c->arrays[i], unaligned ? 1 + i % 3 : 0);
  }
  for (i32 i = 0; i < c->op->arguments; i++) {
    const double given = c->arguments[i];
    const int is_array = strchr("fFiI", c->op->signature[i]) != 0 && given != 0;
    if (is_array && given > c->array_count) fail("there is no such array");
    arguments[i] = is_array ? (double)(uintptr_t)arrays[(uint32_t)given - 1].words : given;
  }
  c->op->call(arguments);
}

/** Calls a case both ways; returns whether the answers are the same. */
static int replay(const kernel_case *c, i32 threads, FILE *answers) {
  placed_array once[MOST_ARRAYS], again[MOST_ARRAYS];
  use_threads(1, 0);
  call(c, once, 0);
  use_threads(threads, 1);
  // Small cases are done before a sleeping worker wakes; then again, while it is awake.
  const double before = parts_by_workers();
  call(c, again, 1);
  for (i32 i = 1; i < MOST_ATTEMPTS && parts_by_workers() == before; i++) {
    for (uint32_t array = 0; array < c->array_count; array++) free(again[array].memory);
    call(c, again, 1);
  }
  int same = 1;
  for (uint32_t i = 0; i < c->array_count; i++) {
    const size_t length = c->arrays[i].length;
    const int counts = length > 0 && c->arrays[i].kind != ROOM;
    if (counts && memcmp(once[i].words, again[i].words, 4 * length) != 0) same = 0;
    if (fwrite(once[i].words, 4, length, answers) != length) fail("the answers were not written");
    free(once[i].memory);
    free(again[i].memory);
  }
  if (!same) fprintf(stderr, "%s: threads or alignment change the answer\n", c->name);
  return same;
}

static uint8_t *read_all(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == 0 || fseek(file, 0, SEEK_END) != 0) fail("the cases were not read");
  const long size = ftell(file);
  rewind(file);
  uint8_t *bytes = malloc((size_t)size + 1);
  if (bytes == 0 || fread(bytes, 1, (size_t)size, file) != (size_t)size) fail("the cases were not read");
  fclose(file);
  return bytes;
}

int main(int count, char **words) {
  if (count != 4) fail("usage: replay CASES ANSWERS THREADS");
  __sanitizer_set_death_callback(name_the_case);
  uint8_t *file = read_all(words[1]);
  FILE *answers = fopen(words[2], "wb");
  if (answers == 0) fail("the answers cannot be written");
  const uint8_t *from = file;
  const uint32_t cases = take_number(&from);
  int same = 1;
  for (uint32_t i = 0; i < cases; i++) {
    const kernel_case c = take_case(&from);
    running = c.name;
    same &= replay(&c, atoi(words[3]), answers);
  }
  if (fclose(answers) != 0) fail("the answers were not written");
  free(file);
  printf("%s: %u cases, %.0f parts by workers\n", simd_level, cases, parts_by_workers());
  return same ? 0 : 3;
}
