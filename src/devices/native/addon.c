/**
 * The kernels as a Node addon: every op of shims.h as a JavaScript function of numbers, and the few
 * things about memory, processor and threads that JavaScript cannot see. Compiled for the plain
 * processor family, whatever the kernels beside it need, so that it can always be loaded and asked.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define NAPI_VERSION 8
#include <node_api.h>

#include "level.h"
#include "parallel.h"
#include "shims.h"

/** The best level this processor and its operating system have. */
static const char *best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("bmi2")) {
    return "sse2";
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return "avx512";
  }
  return "avx2";
#else
  return "neon";
#endif
}

/** What a function of `open` carries: which op, and how to compute it. Packed, so nothing is held. */
enum { OP_BITS = 12, CUT_ALL = 1 << OP_BITS, THREADS_SHIFT = OP_BITS + 1 };

static napi_value call_op(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  double arguments[MOST_ARGUMENTS];
  size_t count = MOST_ARGUMENTS;
  void *data;
  if (napi_get_cb_info(env, info, &count, values, NULL, &data) != napi_ok) return NULL;
  const uintptr_t packed = (uintptr_t)data;
  const op_shim *op = &op_shims[packed & (CUT_ALL - 1)];
  const size_t wanted = (size_t)op->arguments;
  for (size_t i = 0; i < wanted; i++) {
    if (i >= count || napi_get_value_double(env, values[i], &arguments[i]) != napi_ok) {
      napi_throw_type_error(env, NULL, "a kernel takes numbers");
      return NULL;
    }
  }
  use_threads((i32)(packed >> THREADS_SHIFT), (packed & CUT_ALL) != 0);
  op->call(arguments);
  return NULL;
}

/** open(threads, cutAll): the ops, on at most so many threads. */
static napi_value open_ops(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2], ops;
  int32_t threads;
  bool cut_all;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok) return NULL;
  if (count < 2 || napi_get_value_int32(env, values[0], &threads) != napi_ok ||
      napi_get_value_bool(env, values[1], &cut_all) != napi_ok || threads < 1) {
    napi_throw_type_error(env, NULL, "open takes a number of threads and a flag");
    return NULL;
  }
  if (napi_create_object(env, &ops) != napi_ok) return NULL;
  for (i32 i = 0; i < op_shim_count; i++) {
    const char *name = op_shims[i].name;
    const uintptr_t packed =
        (uintptr_t)i | (cut_all ? CUT_ALL : 0) | (uintptr_t)threads << THREADS_SHIFT;
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call_op, (void *)packed, &function) !=
            napi_ok ||
        napi_set_named_property(env, ops, name, function) != napi_ok) {
      return NULL;
    }
  }
  return ops;
}

/** addressOf(buffer): where its bytes lie. */
static napi_value address_of(napi_env env, napi_callback_info info) {
  size_t count = 1, length;
  napi_value buffer, address;
  void *bytes;
  if (napi_get_cb_info(env, info, &count, &buffer, NULL, NULL) != napi_ok) return NULL;
  if (count < 1 || napi_get_arraybuffer_info(env, buffer, &bytes, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "addressOf takes an ArrayBuffer");
    return NULL;
  }
#if defined(MADV_HUGEPAGE)
  // Large arrays in large pages, where the system gives them to who asks: fewer misses of the TLB.
  const uintptr_t huge = 2u << 20, first = ((uintptr_t)bytes + huge - 1) & ~(huge - 1);
  const uintptr_t last = ((uintptr_t)bytes + length) & ~(huge - 1);
  if (first < last) madvise((void *)first, last - first, MADV_HUGEPAGE);
#endif
  if (napi_create_double(env, (double)(uintptr_t)bytes, &address) != napi_ok) return NULL;
  return address;
}

/** partsByWorkers(): how many parts of work threads other than their callers have computed. */
static napi_value parts_by_workers_of(napi_env env, napi_callback_info info) {
  napi_value parts;
  (void)info;
  return napi_create_double(env, parts_by_workers(), &parts) == napi_ok ? parts : NULL;
}

/**
 * Keeps this library for as long as the process lives. Node unloads an addon with the last worker that
 * loaded it, and the threads of the pool would be left without their code.
 */
static void stay(void) {
  Dl_info self;
  if (dladdr((const void *)(uintptr_t)best_level, &self) && self.dli_fname) {
    dlopen(self.dli_fname, RTLD_NOW | RTLD_LOCAL);
  }
}

static napi_status export_string(napi_env env, napi_value exports, const char *name,
                                 const char *text) {
  napi_value value;
  const napi_status status = napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return status == napi_ok ? napi_set_named_property(env, exports, name, value) : status;
}

static napi_status export_function(napi_env env, napi_value exports, const char *name,
                                   napi_callback body) {
  napi_value value;
  const napi_status status =
      napi_create_function(env, name, NAPI_AUTO_LENGTH, body, NULL, &value);
  return status == napi_ok ? napi_set_named_property(env, exports, name, value) : status;
}

NAPI_MODULE_INIT() {
  stay();
  if (export_string(env, exports, "level", simd_level) != napi_ok ||
      export_string(env, exports, "best", best_level()) != napi_ok ||
      export_function(env, exports, "open", open_ops) != napi_ok ||
      export_function(env, exports, "addressOf", address_of) != napi_ok ||
      export_function(env, exports, "partsByWorkers", parts_by_workers_of) != napi_ok) {
    return NULL;
  }
  return exports;
}
