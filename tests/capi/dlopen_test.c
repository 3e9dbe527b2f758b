/* dlopen_test.c: a program that knows the header and a path, and nothing else of the library: one
 * dlsym, then put, get, commit and reopen; then loading and unloading a hundred times.
 *
 * usage: dlopen_test <path of the shared library> */
#include <dlfcn.h>

#include "check.h"

static const rdb_api_v1* load(const char* path, void** library) {
  const rdb_api_v1* (*get_api)(uint32_t);
  *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (*library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  *(void**)&get_api = dlsym(*library, "rdb_api");
  if (get_api == NULL) exit(1);
  CHECK(get_api(0) == NULL);
  CHECK(get_api(RDB_ABI_MAJOR + 1) == NULL);
  return get_api(RDB_ABI_MAJOR);
}

/* rdb_status_name, which CHECK_STATUS uses, is the loaded library's. */
static const rdb_api_v1* api;
const char* rdb_status_name(rdb_status status) { return api->rdb_status_name(status); }

static void work(const char* file, int round) {
  rdb_db* db;
  rdb_txn* txn;
  rdb_table* table;
  char key[16];
  char got[8];
  size_t size = 0;
  snprintf(key, sizeof key, "k%d", round);
  REQUIRE_OK(api->rdb_open(slice_of(file), NULL, &db, &err));
  REQUIRE_OK(api->rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err));
  REQUIRE_OK(api->rdb_table_open(txn, RDB_SLICE("t"), NULL, NULL, &table, &err));
  CHECK_OK(api->rdb_put(table, slice_of(key), RDB_SLICE("value"), 0, &err));
  CHECK_OK(api->rdb_table_close(table, &err));
  CHECK_OK(api->rdb_txn_commit(txn, &err));
  CHECK_OK(api->rdb_close(db, &err));

  REQUIRE_OK(api->rdb_open(slice_of(file), NULL, &db, &err));
  REQUIRE_OK(api->rdb_txn_begin(db, RDB_TXN_READ, NULL, &txn, &err));
  REQUIRE_OK(api->rdb_table_open(txn, RDB_SLICE("t"), NULL, NULL, &table, &err));
  CHECK_OK(api->rdb_get_into(table, slice_of(key), got, sizeof got, &size, &err));
  CHECK(size == 5 && memcmp(got, "value", 5) == 0);
  CHECK_STATUS(api->rdb_contains(table, RDB_SLICE("none"), &err), RDB_NOT_FOUND);
  CHECK_OK(api->rdb_table_close(table, &err));
  CHECK_OK(api->rdb_txn_abort(txn, &err));
  CHECK_OK(api->rdb_close(db, &err));
}

int main(int argc, char** argv) {
  const char* file = scratch_path("dlopen.rdb");
  void* library;
  int round;
  if (argc != 2) return 2;
  api = load(argv[1], &library);
  if (api == NULL) return 1;
  CASE("the table names its size and version, and has every function of the header");
  CHECK(api->struct_size == sizeof(rdb_api_v1) && api->abi_version == RDB_ABI_VERSION);
  CHECK(api->rdb_abi_version() == RDB_ABI_VERSION);
  CHECK(strcmp(api->rdb_version(), RDB_VERSION) == 0);
  CHECK(api->rdb_cancel_free != NULL);

  CASE("the library can be loaded, used and unloaded a hundred times");
  for (round = 0; round < 100; ++round) {
    if (round % 10 == 0) work(file, round);
    api = NULL;
    CHECK(dlclose(library) == 0);
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL); /* really gone */
    api = load(argv[1], &library);
  }
  work(file, round);
  return check_result();
}
