/* bulk_test.c: changes that look first, and changes of many records at once. */
#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;

typedef struct script {
  int calls, drops;
  rdb_status answer;
  void (*during)(void);
} script;

static rdb_status judge(void* ctx, rdb_slice key, rdb_slice value) {
  script* s = ctx;
  (void)key, (void)value;
  ++s->calls;
  if (s->during != NULL) s->during();
  return s->calls == 3 ? s->answer : RDB_NOT_FOUND;
}

static void drop(void* ctx) { ++((script*)ctx)->drops; }

static uint64_t count(void) {
  uint64_t n = 0;
  CHECK_OK(rdb_table_len(table, &n, &err));
  return n;
}

static void refill(int records) {
  int i;
  CHECK_OK(rdb_drain(table, NULL, NULL, &err));
  for (i = 0; i < records; ++i) {
    char key[16];
    snprintf(key, sizeof key, "k%03d", i);
    CHECK_OK(rdb_put(table, slice_of(key), RDB_SLICE("v"), 0, &err));
  }
}

static void nulls(void) {
  rdb_value* old = WRONG(rdb_value, &err);
  rdb_extract* extract = WRONG(rdb_extract, &err);
  rdb_reservation* reservation = WRONG(rdb_reservation, &err);
  rdb_filter none = {NULL, NULL, NULL};
  const rdb_range odd = {{NULL, 0}, {NULL, 0}, 7, 0};
  void* buffer;
  CASE("NULL and nonsense are refused, and outputs are set to NULL first");
  CHECK_STATUS(rdb_exchange(NULL, RDB_SLICE("a"), RDB_SLICE("b"), 0, &old, &err), RDB_ERR_MISUSE);
  CHECK(old == NULL);
  CHECK_STATUS(rdb_exchange(table, RDB_SLICE("a"), RDB_SLICE("b"), 0, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_take(table, RDB_SLICE("a"), NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_reserve(table, RDB_SLICE("a"), 1, 9, &reservation, &buffer, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK(reservation == NULL);
  CHECK_STATUS(rdb_reserve(table, RDB_SLICE("a"), 1, 0, &reservation, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_reserve(table, RDB_SLICE("a"), (size_t)1 << 40, 0, &reservation, &buffer, &err),
               RDB_ERR_TOO_LARGE);
  CHECK_STATUS(rdb_reservation_store(NULL, &err), RDB_ERR_MISUSE);
  rdb_reservation_free(NULL);
  CHECK_STATUS(rdb_drain(table, &odd, NULL, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_retain(table, NULL, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_retain(table, NULL, &none, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_extract_open(table, &odd, &extract, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(extract == NULL);
  CHECK_STATUS(rdb_extract_next(NULL, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_extract_take(WRONG(rdb_extract, table), &err), RDB_ERR_BAD_HANDLE);
  CHECK_OK(rdb_extract_close(NULL, NULL, &err));
  CHECK_STATUS(rdb_table_copy(table, NULL, RDB_SLICE("x"), NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_table_copy(NULL, txn, RDB_SLICE("x"), NULL, NULL, &err), RDB_ERR_MISUSE);
}

static void end_by_commit(void) { CHECK_STATUS(rdb_txn_commit(txn, NULL), RDB_ERR_MISUSE); }

static void filters(void) {
  uint64_t removed = 77;
  script s = {0, 0, RDB_OK, NULL};
  const rdb_filter filter = {judge, &s, drop};
  CASE("a filter keeps, removes, stops and fails");
  refill(10);
  CHECK_OK(rdb_retain(table, NULL, &filter, &removed, &err));
  CHECK(removed == 9 && count() == 1 && s.calls == 10 && s.drops == 1);
  refill(10);
  s.calls = 0;
  s.answer = RDB_STOPPED;
  CHECK_OK(rdb_retain(table, NULL, &filter, &removed, &err));
  CHECK(removed == 2 && count() == 8);
  s.calls = 0;
  s.answer = RDB_ERR_OUT_OF_SPACE;
  CHECK_STATUS(rdb_retain(table, NULL, &filter, &removed, &err), RDB_ERR_OUT_OF_SPACE);
  s.calls = 0;
  s.answer = RDB_MORE;
  CHECK_STATUS(rdb_retain(table, NULL, &filter, &removed, &err), RDB_ERR_CALLBACK);
  CHECK(removed == 2 && count() == 8 && s.drops == 4);
}

static void extractions(void) {
  rdb_extract* extract;
  rdb_value* old;
  rdb_slice key, value;
  uint64_t removed = 77;
  char buffer[4];
  size_t size;
  int i;
  CASE("the table belongs to an extraction until that is closed");
  refill(200);
  REQUIRE_OK(rdb_extract_open(table, NULL, &extract, &err));
  CHECK_STATUS(rdb_extract_get(extract, &key, &value, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_extract_take(extract, &err), RDB_NOT_FOUND);
  for (i = 0; i < 150; ++i) {
    CHECK_OK(rdb_extract_next(extract, &key, &value, &err));
    if (i % 3 == 0) CHECK_OK(rdb_extract_take(extract, &err));
  }
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("k001"), buffer, 4, &size, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_take(table, RDB_SLICE("k001"), &old, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_drain(table, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_extract_close(extract, &removed, &err));
  CHECK(removed == 50 && count() == 150);
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("k000"), &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_contains(table, RDB_SLICE("k199"), &err));

  CASE("a commit settles it, and it is closed afterwards all the same");
  REQUIRE_OK(rdb_extract_open(table, NULL, &extract, &err));
  CHECK_OK(rdb_extract_prev(extract, &key, NULL, &err));
  CHECK(slice_is(key, "k199"));
  CHECK_OK(rdb_extract_take(extract, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK_STATUS(rdb_extract_next(extract, NULL, NULL, &err), RDB_ERR_CLOSED);
  CHECK_OK(rdb_extract_close(extract, &removed, &err));
  CHECK(removed == 0);
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  CHECK(count() == 149);

  CASE("an abort forgets it");
  REQUIRE_OK(rdb_extract_open(table, NULL, &extract, &err));
  CHECK_OK(rdb_extract_next(extract, NULL, NULL, &err));
  CHECK_OK(rdb_extract_take(extract, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_STATUS(rdb_extract_close(extract, &removed, &err), RDB_ERR_CLOSED);
  CHECK_OK(rdb_table_close(table, &err));
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  CHECK(count() == 149);
}

static void compressed_reservations(void) {
  static const char* const codecs[] = {"lz4", "zstd"};
  for (size_t i = 0; i < 2; ++i) {
    for (size_t size = 0; size <= 9000; size = size * 3 + 1) {
      rdb_options options = RDB_OPTIONS_INIT;
      rdb_db* compressed = NULL;
      rdb_txn* writer = NULL;
      rdb_table* made = NULL;
      rdb_reservation* reservation = NULL;
      void* buffer = NULL;
      static unsigned char back[10000];
      size_t got = 0;
      CASE("spec 02 D5: a value made in reserved memory is whole in compressed files");
      CHECK_OK(rdb_options_set(&options, RDB_SLICE("compression"), slice_of(codecs[i]), &err));
      CHECK_OK(rdb_open_memory(&options, &compressed, &err));
      CHECK_OK(rdb_txn_begin(compressed, RDB_TXN_WRITE, NULL, &writer, &err));
      CHECK_OK(rdb_table_open(writer, RDB_SLICE("t"), NULL, NULL, &made, &err));
      CHECK_OK(rdb_reserve(made, RDB_SLICE("k"), size, 0, &reservation, &buffer, &err));
      for (size_t at = 0; at < size; ++at) ((unsigned char*)buffer)[at] = (unsigned char)(at / 50);
      CHECK_OK(rdb_reservation_store(reservation, &err));
      CHECK_OK(rdb_get_into(made, RDB_SLICE("k"), back, sizeof back, &got, &err));
      CHECK(got == size);
      for (size_t at = 0; at < size; ++at) CHECK(back[at] == (unsigned char)(at / 50));
      CHECK_OK(rdb_table_close(made, &err));
      CHECK_OK(rdb_txn_commit(writer, &err));
      CHECK_OK(rdb_close(compressed, &err));
    }
  }
}

static void reservations(void) {
  rdb_reservation* reservation;
  void* buffer;
  char copy[8];
  size_t size;
  CASE("a reservation outlives its table, and is refused behind its transaction");
  REQUIRE_OK(rdb_reserve(table, RDB_SLICE("r"), 3, 0, &reservation, &buffer, &err));
  memcpy(buffer, "abc", 3);
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_reservation_store(reservation, &err));
  table = open_table(txn, "t");
  CHECK_OK(rdb_get_into(table, RDB_SLICE("r"), copy, sizeof copy, &size, &err));
  CHECK(size == 3 && memcmp(copy, "abc", 3) == 0);
  REQUIRE_OK(rdb_reserve(table, RDB_SLICE("r"), 3, 0, &reservation, &buffer, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_STATUS(rdb_reservation_store(reservation, &err), RDB_ERR_CLOSED);
  CHECK_OK(rdb_table_close(table, &err));
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
}

static void committing_filter(void) {
  script s = {0, 0, RDB_OK, end_by_commit};
  const rdb_filter filter = {judge, &s, NULL};
  CASE("a filter that commits its transaction is refused, and ends it");
  refill(1);
  CHECK_STATUS(rdb_retain(table, NULL, &filter, NULL, &err), RDB_ERR_CLOSED);
  CHECK_OK(rdb_table_close(table, &err));
}

int main(void) {
  db = memory_db();
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  nulls();
  filters();
  extractions();
  reservations();
  compressed_reservations();
  committing_filter();
  CHECK_OK(rdb_close(db, &err));
  return check_result();
}
