/* table_test.c: opening with types, listing, describing, renaming, deleting, figures. */
#include "check.h"

static void types(void) {
  rdb_db* db = memory_db();
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table *table, *again = WRONG(rdb_table, &err);
  const rdb_type u64 = RDB_TYPE_INIT("u64");
  const rdb_type text = RDB_TYPE_INIT("&str");
  rdb_type bad = RDB_TYPE_INIT("u64");
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  const uint64_t key = 5;
  const rdb_slice key_slice = {&key, sizeof key};

  CASE("a table carries its types, and NULL means byte strings");
  REQUIRE_OK(rdb_table_open(txn, RDB_SLICE("numbers"), &u64, &text, &table, &err));
  CHECK_OK(rdb_put(table, key_slice, RDB_SLICE("five"), 0, &err));
  CHECK_OK(rdb_table_describe(table, &info, &err));
  CHECK(slice_is(info.name, "numbers") && slice_is(info.key_type.name, "u64") &&
        slice_is(info.value_type.name, "&str"));
  CHECK(info.key_type.type_class == RDB_TYPE_BUILTIN && info.kind == RDB_TABLE_NORMAL);
  CHECK(info.key_width == 8 && info.value_width == RDB_WIDTH_VARIABLE);
  CHECK(info.entries == 1 && info.key_order_known == 1);
  CHECK_STATUS(rdb_table_describe(table, NULL, &err), RDB_ERR_MISUSE);

  CASE("a key of the wrong width is refused");
  CHECK_STATUS(rdb_put(table, RDB_SLICE("abc"), RDB_SLICE("x"), 0, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("abc"), &err), RDB_ERR_INVALID_ARGUMENT);

  CASE("a table is open once in a write transaction");
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("numbers"), &u64, &text, &again, &err),
               RDB_ERR_TABLE_OPEN);
  CHECK(again == NULL);
  CHECK_STATUS(rdb_table_open_raw(txn, RDB_SLICE("numbers"), &again, &err), RDB_ERR_TABLE_OPEN);
  CHECK_OK(rdb_table_close(table, &err));

  CASE("other types than the stored ones are refused; raw takes what is there");
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("numbers"), NULL, NULL, &again, &err),
               RDB_ERR_TABLE_TYPE);
  REQUIRE_OK(rdb_table_open_raw(txn, RDB_SLICE("numbers"), &table, &err));
  CHECK_OK(rdb_contains(table, key_slice, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_STATUS(rdb_table_open_raw(txn, RDB_SLICE("nothing"), &again, &err), RDB_ERR_TABLE_MISSING);

  CASE("types out of their domain are refused");
  bad.type_class = 4;
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("x"), &bad, NULL, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);
  bad.type_class = 0;
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("x"), NULL, &bad, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);
  bad.type_class = 1;
  bad.flags = 4;
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("x"), &bad, NULL, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);
  bad.flags = 0;
  bad.name = RDB_SLICE("\xff");
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("x"), &bad, NULL, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);

  CASE("names are UTF-8, not empty, and not the library's own");
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("a\xc3"), NULL, NULL, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("\xed\xa0\x80"), NULL, NULL, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_table_open(txn, (rdb_slice){NULL, 4}, NULL, NULL, &again, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE(""), NULL, NULL, &again, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("__rdb:x"), NULL, NULL, &again, &err),
               RDB_ERR_RESERVED_NAME);
  REQUIRE_OK(rdb_table_open(txn, RDB_SLICE("gr\xc3\xbc\xc3\x9f"), NULL, NULL, &table, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("x"), NULL, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_table_open_raw(txn, RDB_SLICE("x"), NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_txn_commit(txn, &err));

  CASE("a reader never creates");
  txn = begin(db, RDB_TXN_READ);
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("nothing"), NULL, NULL, &again, &err),
               RDB_ERR_TABLE_MISSING);
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void unknown_order(void) {
  rdb_db* db = memory_db();
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* table;
  rdb_type user = RDB_TYPE_INIT("my::Key");
  rdb_status status;
  user.type_class = RDB_TYPE_USER_DEFINED;
  CASE("keys of an unknown order are no crash, and no search");
  status = rdb_table_open(txn, RDB_SLICE("mine"), &user, NULL, &table, &err);
  if (status == RDB_OK) {
    CHECK_STATUS(rdb_contains(table, RDB_SLICE("k"), &err), RDB_ERR_UNKNOWN_KEY_TYPE);
    CHECK_STATUS(rdb_put(table, RDB_SLICE("k"), RDB_SLICE("v"), 0, &err), RDB_ERR_UNKNOWN_KEY_TYPE);
    CHECK_OK(rdb_table_close(table, &err));
  } else {
    CHECK(status == RDB_ERR_UNKNOWN_KEY_TYPE);
  }
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void listing(void) {
  rdb_db* db = memory_db();
  rdb_txn* txn;
  rdb_listing *all, *one = WRONG(rdb_listing, &err);
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  fill(db, "beta", 3);
  fill(db, "alpha", 2);
  txn = begin(db, RDB_TXN_READ);

  CASE("tables are listed by name, and the listing outlives its transaction");
  REQUIRE_OK(rdb_table_list(txn, &all, &err));
  CHECK_STATUS(rdb_table_find(txn, RDB_SLICE("gamma"), &one, &err), RDB_NOT_FOUND);
  CHECK(one == NULL);
  REQUIRE_OK(rdb_table_find(txn, RDB_SLICE("beta"), &one, &err));
  CHECK_STATUS(rdb_table_find(txn, RDB_SLICE("beta"), NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_table_list(txn, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
  CHECK(rdb_listing_count(all) == 2 && rdb_listing_count(one) == 1);
  CHECK_OK(rdb_listing_at(all, 0, &info, &err));
  CHECK(slice_is(info.name, "alpha") && info.entries == 2);
  CHECK_OK(rdb_listing_at(all, 1, &info, &err));
  CHECK(slice_is(info.name, "beta") && info.entries == 3);
  CHECK(slice_is(info.key_type.name, "&[u8]"));
  CHECK_STATUS(rdb_listing_at(all, 2, &info, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_listing_at(all, 0, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_listing_at(one, 0, &info, &err));
  CHECK(slice_is(info.name, "beta"));
  CHECK(rdb_listing_count(NULL) == 0);
  rdb_listing_free(all);
  rdb_listing_free(one);
  rdb_listing_free(NULL);
}

static void rename_and_delete(void) {
  rdb_db* db = memory_db();
  rdb_txn* txn;
  rdb_table* table;
  uint64_t length = 0;
  fill(db, "a", 3);
  fill(db, "b", 1);
  txn = begin(db, RDB_TXN_WRITE);
  CASE("renaming keeps the records");
  CHECK_STATUS(rdb_table_rename(txn, RDB_SLICE("a"), RDB_SLICE("b"), &err), RDB_ERR_TABLE_EXISTS);
  CHECK_STATUS(rdb_table_rename(txn, RDB_SLICE("x"), RDB_SLICE("y"), &err), RDB_ERR_TABLE_MISSING);
  table = open_table(txn, "a");
  CHECK_STATUS(rdb_table_rename(txn, RDB_SLICE("a"), RDB_SLICE("c"), &err), RDB_ERR_TABLE_OPEN);
  CHECK_STATUS(rdb_table_delete(txn, RDB_SLICE("a"), &err), RDB_ERR_TABLE_OPEN);
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_table_rename(txn, RDB_SLICE("a"), RDB_SLICE("c"), &err));
  table = open_table(txn, "c");
  CHECK_OK(rdb_table_len(table, &length, &err));
  CHECK(length == 3);
  CHECK_STATUS(rdb_table_len(table, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_table_close(table, &err));
  CASE("a deleted table is gone, and deleting it again finds nothing");
  CHECK_OK(rdb_table_delete(txn, RDB_SLICE("c"), &err));
  CHECK_STATUS(rdb_table_delete(txn, RDB_SLICE("c"), &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_table_delete(txn, RDB_SLICE("\xff"), &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void figures(void) {
  rdb_db* db = memory_db();
  rdb_txn* txn;
  rdb_table* table;
  rdb_cancel* cancel;
  rdb_table_stats_info stats = RDB_TABLE_STATS_INFO_INIT;
  fill(db, "t", 900);
  txn = begin(db, RDB_TXN_READ);
  table = open_table(txn, "t");
  CASE("figures count the table");
  CHECK_OK(rdb_table_stats(table, NULL, &stats, &err));
  CHECK(stats.entries == 900 && stats.stored_leaf_bytes == 900 * 8);
  CHECK(stats.tree_height >= 2 && stats.leaf_pages >= 2 && stats.branch_pages >= 1);
  CHECK_STATUS(rdb_table_stats(table, NULL, NULL, &err), RDB_ERR_MISUSE);
  CASE("counting can be cancelled");
  REQUIRE_OK(rdb_cancel_create(&cancel, &err));
  CHECK_OK(rdb_table_stats(table, cancel, &stats, &err));
  rdb_cancel_trigger(cancel);
  CHECK_STATUS(rdb_table_stats(table, cancel, &stats, &err), RDB_ERR_CANCELLED);
  rdb_cancel_free(cancel);
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void closing_under_cursors(void) {
  rdb_db* db = memory_db();
  rdb_txn* txn;
  rdb_table *table, *again = NULL;
  rdb_cursor* cursor;
  rdb_slice key;
  fill(db, "t", 3);
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CASE("a table stays open until the last of its cursors is closed");
  CHECK_OK(rdb_cursor_last(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k002"));
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("t"), NULL, NULL, &again, &err), RDB_ERR_TABLE_OPEN);
  CHECK_OK(rdb_cursor_close(cursor, &err));
  again = open_table(txn, "t");
  CHECK_OK(rdb_table_close(again, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

int main(void) {
  types();
  unknown_order();
  listing();
  rename_and_delete();
  figures();
  closing_under_cursors();
  return check_result();
}
