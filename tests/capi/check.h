/* check.h: what the C tests of the interface share: cases, checks, scratch files.
 *
 * A test is a program: cases run one after the other, a failed check is printed and counted, and
 * main returns check_result(). */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rdb.h"

static int check_failures;
static const char* check_case = "";
static rdb_error err; /* what CHECK_STATUS shows when a status is not the one expected */

/* The sentence that the checks behind it prove. */
#define CASE(sentence) (check_case = (sentence), (void)0)

#define CHECK(condition)                                                                          \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      fprintf(stderr, "%s:%d: %s\n    failed: %s\n", __FILE__, __LINE__, check_case, #condition); \
      ++check_failures;                                                                           \
    }                                                                                             \
  } while (0)

/* The call is evaluated once and should hand err to the library. */
#define CHECK_STATUS(call, expected)                                                        \
  do {                                                                                      \
    const rdb_status check_wanted = (expected);                                             \
    rdb_status check_got;                                                                   \
    memset(&err, 0, sizeof err);                                                            \
    check_got = (call);                                                                     \
    if (check_got != check_wanted) {                                                        \
      fprintf(stderr, "%s:%d: %s\n    %s\n    gave %s, not %s: %s\n", __FILE__, __LINE__,   \
              check_case, #call, rdb_status_name(check_got), rdb_status_name(check_wanted), \
              err.message);                                                                 \
      ++check_failures;                                                                     \
    }                                                                                       \
  } while (0)
#define CHECK_OK(call) CHECK_STATUS(call, RDB_OK)

/* Without what follows nothing makes sense. */
#define REQUIRE_OK(call)                         \
  do {                                           \
    const int check_before = check_failures;     \
    CHECK_OK(call);                              \
    if (check_failures != check_before) exit(1); \
  } while (0)

static inline int check_result(void) {
  if (check_failures != 0) fprintf(stderr, "%d checks failed\n", check_failures);
  return check_failures != 0;
}

static inline rdb_slice slice_of(const char* text) {
  rdb_slice slice;
  slice.data = text;
  slice.size = strlen(text);
  return slice;
}

static inline int slice_is(rdb_slice slice, const char* text) {
  return slice.size == strlen(text) &&
         (slice.size == 0 || memcmp(slice.data, text, slice.size) == 0);
}

/* A handle passed as one of another type. */
#define WRONG(type, handle) ((type*)(void*)(handle))

/* A folder of its own for the test, removed with the files named through scratch_path(). */
static char scratch_folder[256];
static char scratch_files[32][320];
static int scratch_count;

static void scratch_remove(void) {
  int i;
  for (i = 0; i < scratch_count; ++i) unlink(scratch_files[i]);
  rmdir(scratch_folder);
}

static inline const char* scratch_path(const char* name) {
  if (scratch_folder[0] == 0) {
    const char* base = getenv("TMPDIR");
    snprintf(scratch_folder, sizeof scratch_folder, "%s/rdb-capi-XXXXXX", base ? base : "/tmp");
    if (mkdtemp(scratch_folder) == NULL) {
      perror("mkdtemp");
      exit(1);
    }
    atexit(scratch_remove);
  }
  if (scratch_count == 32) abort();
  snprintf(scratch_files[scratch_count], sizeof scratch_files[0], "%s/%s", scratch_folder, name);
  return scratch_files[scratch_count++];
}

/* Writes size bytes of data as the whole file. */
static inline void write_file(const char* path, const void* data, size_t size) {
  FILE* file = fopen(path, "wb");
  if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

/* What most tests begin with. */
static inline rdb_db* memory_db(void) {
  rdb_db* db;
  REQUIRE_OK(rdb_open_memory(NULL, &db, &err));
  return db;
}
static inline rdb_txn* begin(rdb_db* db, uint32_t kind) {
  rdb_txn* txn;
  REQUIRE_OK(rdb_txn_begin(db, kind, NULL, &txn, &err));
  return txn;
}
static inline rdb_table* open_table(rdb_txn* txn, const char* name) {
  rdb_table* table;
  REQUIRE_OK(rdb_table_open(txn, slice_of(name), NULL, NULL, &table, &err));
  return table;
}
/* Commits one table with the records "k000".."kNNN" -> "v000".."vNNN". */
static inline void fill(rdb_db* db, const char* name, int count) {
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* table = open_table(txn, name);
  int i;
  for (i = 0; i < count; ++i) {
    char key[16], value[16];
    snprintf(key, sizeof key, "k%03d", i);
    snprintf(value, sizeof value, "v%03d", i);
    CHECK_OK(rdb_put(table, slice_of(key), slice_of(value), 0, &err));
  }
  CHECK_OK(rdb_table_close(table, &err));
  REQUIRE_OK(rdb_txn_commit(txn, &err));
}

#endif /* CHECK_H */
