/*
 * What one core can multiply and add at most, float32 operations per second, in vectors of WIDTH bytes.
 * Fused where the compiler's target has that and -ffp-contract=fast says so, else one after the other.
 * Speaks as contenders/serve.ts does: a line in, a line out.
 */
#include <stdio.h>
#include <time.h>

typedef float vector __attribute__((vector_size(WIDTH)));
enum { ACCUMULATORS = 12, LANES = WIDTH / 4, ROUNDS = 200000, MOST = 100000 };

static volatile float factor = 1, addend = 0x1p-20f;
static volatile float sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double rate(void) {
  vector a = {0}, b = {0}, acc[ACCUMULATORS];
  a += factor;
  b += addend;
  /* Apart from each other, or the compiler sees that one chain would do for all. */
  for (int k = 0; k < ACCUMULATORS; k++) acc[k] = b * factor;
  double start = now();
  for (int i = 0; i < ROUNDS; i++)
    for (int k = 0; k < ACCUMULATORS; k++) acc[k] = acc[k] * a + b;
  double seconds = now() - start;
  for (int k = 1; k < ACCUMULATORS; k++) acc[0] += acc[k];
  sink = acc[0][0];
  return 2.0 * LANES * ACCUMULATORS * ROUNDS / seconds * 1e-9;
}

/* The median rate of a tenth of a second. */
static double measure(void) {
  static double rates[MOST];
  int count = 0;
  double end = now() + 0.1;
  while (count == 0 || (now() < end && count < MOST)) {
    double r = rate();
    int i = count++;
    for (; i > 0 && rates[i - 1] > r; i--) rates[i] = rates[i - 1];
    rates[i] = r;
  }
  return rates[count / 2];
}

int main(void) {
  char line[4096];
  printf("{\"name\":\"ceiling\"}\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    printf("{\"rate\":%f}\n", measure());
    fflush(stdout);
  }
  return 0;
}
