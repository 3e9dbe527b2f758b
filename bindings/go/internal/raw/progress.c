/* progress.c: from rdb_progress_fn to the Go function whose cgo.Handle is the context. */
#include "_cgo_export.h"
#include "hot.h"

static rdb_status progress(void* ctx, uint64_t done, uint64_t total) {
  return rdbGoProgress((uintptr_t)ctx, done, total);
}

int64_t rdb_go_progress_address(void) { return (int64_t)(intptr_t)progress; }
