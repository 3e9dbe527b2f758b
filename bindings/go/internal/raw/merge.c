/* merge.c: from rdb_merge_fn and rdb_filter_fn to the Go functions whose cgo.Handle is in the
 * context. */
#include <stdlib.h>

#include "_cgo_export.h"
#include "hot.h"

static rdb_status merge(void* ctx, rdb_slice key, const rdb_slice* existing, rdb_slice operand,
                        rdb_slice* result) {
  rdb_go_merge* merge = ctx;
  const rdb_slice none = {NULL, 0};
  const rdb_slice old = existing == NULL ? none : *existing;
  return rdbGoMerge(merge, (uint8_t*)(uintptr_t)key.data, (int64_t)key.size,
                    (uint8_t*)(uintptr_t)old.data, existing == NULL ? -1 : (int64_t)old.size,
                    (uint8_t*)(uintptr_t)operand.data, (int64_t)operand.size, result);
}

static void drop(void* ctx) {
  rdb_go_merge* merge = ctx;
  if (merge == NULL) return;
  free(merge->result);
  free(merge);
}

rdb_go_merge* rdb_go_merge_create(uintptr_t handle) {
  rdb_go_merge* merge = calloc(1, sizeof *merge);
  if (merge != NULL) merge->handle = handle;
  return merge;
}

void* rdb_go_merge_room(rdb_go_merge* merge, int64_t size) {
  free(merge->result);
  merge->result = malloc(size == 0 ? 1 : (size_t)size);
  return merge->result;
}

int64_t rdb_go_merge_address(void) { return (int64_t)(intptr_t)merge; }
int64_t rdb_go_merge_drop_address(void) { return (int64_t)(intptr_t)drop; }

static rdb_status filter(void* ctx, rdb_slice key, rdb_slice value) {
  return rdbGoFilter((uintptr_t)ctx, (uint8_t*)(uintptr_t)key.data, (int64_t)key.size,
                     (uint8_t*)(uintptr_t)value.data, (int64_t)value.size);
}

int64_t rdb_go_filter_address(void) { return (int64_t)(intptr_t)filter; }

void* rdb_go_memory(int64_t address) { return (void*)(intptr_t)address; }
