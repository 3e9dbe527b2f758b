/* hot.h: the calls that loops make, written by hand for Go.
 *
 * Each answers with one small struct by value, so that no Go variable has its address taken, and
 * takes keys and values as uint8_t pointers: for const void* cgo would search the object they point
 * into for Go pointers, and refuse a key that is a field of a struct with pointers.
 *
 * detail is NULL, or holds what went wrong: memory to be given to rdb_go_detail_free. */
#ifndef RDB_GO_HOT_H
#define RDB_GO_HOT_H

#include <rdb.h>
#include <stdint.h>

typedef struct {
  rdb_error* detail;
  int64_t size;  /* bytes; of a value that is not there -1 */
  int64_t count; /* records */
  int32_t status;
} rdb_go_answer;

typedef struct {
  rdb_error* detail;
  uintptr_t handle;
  uint8_t* data;
  int64_t size;
  int32_t status;
} rdb_go_pin;

rdb_go_answer rdb_go_get_into(uintptr_t table, uint8_t* key, int64_t key_size, uint8_t* buffer,
                              int64_t capacity);
rdb_go_pin rdb_go_get_pin(uintptr_t table, uint8_t* key, int64_t key_size);
rdb_go_pin rdb_go_value_data(uintptr_t value);
rdb_go_answer rdb_go_contains(uintptr_t table, uint8_t* key, int64_t key_size);
rdb_go_answer rdb_go_put(uintptr_t table, uint8_t* key, int64_t key_size, uint8_t* value,
                         int64_t value_size, uint64_t flags);
rdb_go_answer rdb_go_delete(uintptr_t table, uint8_t* key, int64_t key_size);
rdb_go_answer rdb_go_next_batch(uintptr_t cursor, uint8_t* buffer, int64_t capacity,
                                int64_t max_records);
/* As next_batch, backwards: rdb.h has no such call, so this one makes steps with rdb_cursor_prev.
 */
rdb_go_answer rdb_go_prev_batch(uintptr_t cursor, uint8_t* buffer, int64_t capacity,
                                int64_t max_records);
void rdb_go_detail_free(rdb_error* detail);

/* The address of an rdb_progress_fn that calls the Go function whose cgo.Handle is its context. */
int64_t rdb_go_progress_address(void);

/* The context of an rdb_merge_fn that calls the Go function behind handle, a cgo.Handle; result is
 * what that gave last. The drop function frees it. */
typedef struct {
  uintptr_t handle;
  void* result;
} rdb_go_merge;
rdb_go_merge* rdb_go_merge_create(uintptr_t handle);
void* rdb_go_merge_room(rdb_go_merge* merge, int64_t size); /* replaces result */
int64_t rdb_go_merge_address(void);
int64_t rdb_go_merge_drop_address(void);

/* The address of an rdb_filter_fn that calls the Go function whose cgo.Handle is its context. */
int64_t rdb_go_filter_address(void);
void* rdb_go_memory(int64_t address);

#endif /* RDB_GO_HOT_H */
