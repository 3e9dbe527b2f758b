/* merge_test.c: merges, with the library's operators and with functions of the program's. */
#include <stdint.h>

#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;

static const rdb_merge_operator append = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_BYTES_APPEND);

typedef struct script {
  rdb_status answer;
  const char* result; /* NULL: the operand */
  int calls, drops, stop_at;
  rdb_slice seen_existing;
  int seen_absent;
  void (*during)(void);
} script;

static rdb_status on_merge(void* ctx, rdb_slice key, const rdb_slice* existing, rdb_slice operand,
                           rdb_slice* result) {
  script* s = ctx;
  (void)key;
  ++s->calls;
  CHECK(result->data == NULL && result->size == 0);
  s->seen_absent = existing == NULL;
  if (s->during != NULL) s->during();
  if (s->stop_at != 0 && s->calls == s->stop_at) return RDB_STOPPED;
  if (s->answer != RDB_OK) return s->answer;
  *result = s->result == NULL ? operand : slice_of(s->result);
  return RDB_OK;
}

static void on_drop(void* ctx) { ++((script*)ctx)->drops; }

static rdb_merge_operator function_of(script* s) {
  rdb_merge_operator op = {RDB_MERGE_FUNCTION, 0, on_merge, s, on_drop};
  return op;
}

static int value_is(const char* key, const char* text) {
  char buffer[64];
  size_t size = 0;
  const rdb_status status = rdb_get_into(table, slice_of(key), buffer, sizeof buffer, &size, &err);
  if (text == NULL) return status == RDB_NOT_FOUND;
  return status == RDB_OK && size == strlen(text) && memcmp(buffer, text, size) == 0;
}

static void operators(void) {
  CASE("an operator of the library's joins stored value and operand");
  CHECK_OK(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("1"), &append, &err));
  CHECK_OK(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("23"), &append, &err));
  CHECK(value_is("a", "123"));
  CASE("an operator must be one, and complete");
  {
    rdb_merge_operator op = RDB_MERGE_OPERATOR_INIT(8);
    script s = {0};
    CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("1"), &op, &err),
                 RDB_ERR_INVALID_ARGUMENT);
    op.kind = RDB_MERGE_FUNCTION;
    CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("1"), &op, &err),
                 RDB_ERR_INVALID_ARGUMENT);
    op = function_of(&s);
    op.kind = RDB_MERGE_NUMERIC_ADD;
    CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("1"), &op, &err),
                 RDB_ERR_INVALID_ARGUMENT);
    CHECK(s.calls == 0 && s.drops == 1);
    op = append;
    op.reserved = 1;
    CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("1"), &op, &err),
                 RDB_ERR_STRUCT_TOO_NEW);
    CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("1"), NULL, &err), RDB_ERR_MISUSE);
    CHECK_STATUS(rdb_merge(NULL, RDB_SLICE("a"), RDB_SLICE("1"), &append, &err), RDB_ERR_MISUSE);
  }
  CHECK(value_is("a", "123"));
}

static void functions(void) {
  script s = {0};
  rdb_merge_operator op = function_of(&s);
  CASE("a function makes the value, deletes the key, or leaves it absent");
  CHECK_OK(rdb_merge(table, RDB_SLICE("f"), RDB_SLICE("x"), &op, &err));
  CHECK(s.seen_absent && value_is("f", "x"));
  s.result = "made";
  CHECK_OK(rdb_merge(table, RDB_SLICE("f"), RDB_SLICE("y"), &op, &err));
  CHECK(!s.seen_absent && value_is("f", "made"));
  s.answer = RDB_NOT_FOUND;
  CHECK_OK(rdb_merge(table, RDB_SLICE("f"), RDB_SLICE("y"), &op, &err));
  CHECK(value_is("f", NULL));
  CHECK_OK(rdb_merge(table, RDB_SLICE("f"), RDB_SLICE("y"), &op, &err));
  CHECK(value_is("f", NULL));
  CHECK(s.calls == 4 && s.drops == 4);

  CASE("a function's error is the call's, and nothing changes");
  s.answer = RDB_ERR_OUT_OF_SPACE;
  CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("y"), &op, &err), RDB_ERR_OUT_OF_SPACE);
  s.answer = RDB_STOPPED;
  CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("y"), &op, &err), RDB_STOPPED);
  s.answer = RDB_END;
  CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("y"), &op, &err), RDB_ERR_CALLBACK);
  CHECK(value_is("a", "123"));
  CHECK(s.drops == 7);
}

static void reenter(void) {
  uint64_t count = 0;
  rdb_cursor* cursor = WRONG(rdb_cursor, &err);
  char buffer[8];
  size_t size;
  CHECK_STATUS(rdb_table_len(table, &count, NULL), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("a"), buffer, 8, &size, NULL), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_put(table, RDB_SLICE("a"), RDB_SLICE("!"), 0, NULL), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("!"), &append, NULL), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_open(table, &cursor, NULL), RDB_ERR_MISUSE);
  CHECK(cursor == NULL);
  CHECK_STATUS(rdb_table_delete(txn, RDB_SLICE("t"), NULL), RDB_ERR_MISUSE);
}

static void close_table(void) { CHECK_OK(rdb_table_close(table, NULL)); }

static void end_transaction(void) {
  CHECK_STATUS(rdb_txn_commit(txn, NULL), RDB_ERR_MISUSE);
  txn = NULL;
}

static void misuse(void) {
  script s = {0};
  rdb_merge_operator op = function_of(&s);
  rdb_txn* reader;
  rdb_table* read_table;

  CASE("a function that calls into its table is refused, and the merge goes on");
  s.during = reenter;
  CHECK_OK(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("4"), &op, &err));
  CHECK(value_is("a", "4"));

  CASE("a function that closes its table does not pull it away");
  s.during = close_table;
  CHECK_OK(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("5"), &op, &err));
  table = open_table(txn, "t");
  CHECK(value_is("a", "5"));

  CASE("a function that ends its transaction: the commit is refused, the merge finds it over");
  s.during = end_transaction;
  CHECK_STATUS(rdb_merge(table, RDB_SLICE("a"), RDB_SLICE("6"), &op, &err), RDB_ERR_CLOSED);
  CHECK_OK(rdb_table_close(table, &err));
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  CHECK(value_is("a", NULL)); /* everything was taken back */

  CASE("a reader merges nothing");
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  reader = begin(db, RDB_TXN_READ);
  REQUIRE_OK(rdb_table_open(reader, RDB_SLICE("t"), NULL, NULL, &read_table, &err));
  s.during = NULL;
  s.calls = 0;
  CHECK_STATUS(rdb_merge(read_table, RDB_SLICE("a"), RDB_SLICE("6"), &op, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_merge_batch(read_table, NULL, NULL, 0, &append, NULL, &err), RDB_ERR_MISUSE);
  CHECK(s.calls == 0);
  CHECK_OK(rdb_table_close(read_table, &err));
  CHECK_OK(rdb_txn_abort(reader, &err));
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
}

static void batches(void) {
  const rdb_slice keys[4] = {RDB_SLICE("b"), RDB_SLICE("a"), RDB_SLICE("b"), RDB_SLICE("c")};
  const rdb_slice operands[4] = {RDB_SLICE("1"), RDB_SLICE("2"), RDB_SLICE("3"), RDB_SLICE("4")};
  rdb_slice broken[4];
  uint64_t merged = 77;
  script s = {0};
  rdb_merge_operator op = function_of(&s);
  static const unsigned char packed[] = {1, 0, 0, 0, 1, 0, 0, 0, 'a', 'x', 0,   0,
                                         1, 0, 0, 0, 2, 0, 0, 0, 'b', 'y', 'z', 0};
  rdb_slice packed_slice;

  CASE("a batch merges its records in turn");
  CHECK_OK(rdb_merge_batch(table, keys, operands, 4, &append, &merged, &err));
  CHECK(merged == 4 && value_is("a", "2") && value_is("b", "13") && value_is("c", "4"));
  packed_slice.data = packed;
  packed_slice.size = sizeof packed;
  CHECK_OK(rdb_merge_batch_packed(table, packed_slice, &append, &merged, &err));
  CHECK(merged == 2 && value_is("a", "2x") && value_is("b", "13yz"));
  CHECK_OK(rdb_merge_batch(table, NULL, NULL, 0, &append, &merged, &err));
  CHECK(merged == 0);

  CASE("an error names its record; those before it are merged, those behind it are not");
  memcpy(broken, operands, sizeof broken);
  broken[2].data = NULL;
  merged = 77;
  CHECK_STATUS(rdb_merge_batch(table, keys, broken, 4, &append, &merged, &err), RDB_ERR_MISUSE);
  CHECK(err.position == 2 && merged == 77);
  CHECK(value_is("b", "13yz1") && value_is("a", "2x2") && value_is("c", "4"));
  packed_slice.size -= 4;
  CHECK_STATUS(rdb_merge_batch_packed(table, packed_slice, &append, &merged, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK(err.position == 1 && value_is("a", "2x2x"));

  CASE("a function that stops ends the batch quietly, and counts what was done");
  s.stop_at = 3;
  CHECK_STATUS(rdb_merge_batch(table, keys, operands, 4, &op, &merged, &err), RDB_STOPPED);
  CHECK(merged == 2 && s.calls == 3 && s.drops == 1);
  CHECK(value_is("b", "1") && value_is("a", "2") && value_is("c", "4"));
  s.stop_at = 0;
  s.answer = RDB_ERR_IO;
  CHECK_STATUS(rdb_merge_batch(table, keys, operands, 4, &op, &merged, &err), RDB_ERR_IO);
  CHECK(err.position == 0 && s.drops == 2);
}

static void widths(void) {
  const rdb_type u64 = RDB_TYPE_INIT("u64");
  rdb_table* numbers;
  script s = {0};
  rdb_merge_operator op = function_of(&s);
  CASE("a result of the wrong width is refused, with both widths in the message");
  REQUIRE_OK(rdb_table_open(txn, RDB_SLICE("n"), NULL, &u64, &numbers, &err));
  s.result = "123";
  CHECK_STATUS(rdb_merge(numbers, RDB_SLICE("a"), RDB_SLICE("x"), &op, &err), RDB_ERR_MERGE_WIDTH);
  CHECK(strstr(err.message, "3 bytes") != NULL && strstr(err.message, "has 8") != NULL);
  CHECK(err.position == RDB_NO_POSITION);
  CHECK_STATUS(rdb_contains(numbers, RDB_SLICE("a"), &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_table_close(numbers, &err));
}

int main(void) {
  db = memory_db();
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  operators();
  functions();
  misuse();
  batches();
  widths();
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK_OK(rdb_close(db, &err));
  return check_result();
}
