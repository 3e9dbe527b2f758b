/* tags.c: a multimap: several values a key, both in order. */
#include "example.h"

static rdb_table* open_tags(rdb_txn* txn) {
  const rdb_type words = RDB_TYPE_INIT("&str");
  rdb_table* table;
  ok(rdb_multimap_open(txn, text("tags"), &words, &words, &table, &err));
  return table;
}

static void print_counts(const rdb_table* tags) {
  uint64_t keys, pairs;
  ok(rdb_multimap_key_count(tags, &keys, &err));
  ok(rdb_table_len(tags, &pairs, &err));
  printf("tags %d, pairs %d\n", (int)keys, (int)pairs);
}

static void print_slice(rdb_slice word) { printf("%.*s", (int)word.size, (const char*)word.data); }

/* From tag to tag, and over the books of each. */
static void print_all(rdb_table* tags) {
  rdb_cursor* cursor;
  rdb_slice tag, book;
  ok(rdb_cursor_open(tags, &cursor, &err));
  while (ok(rdb_cursor_next_key(cursor, &tag, &book, &err)) == RDB_OK) {
    print_slice(tag);
    printf(": ");
    print_slice(book);
    while (ok(rdb_cursor_next_value(cursor, &book, &err)) == RDB_OK) {
      printf(", ");
      print_slice(book);
    }
    printf("\n");
  }
  ok(rdb_cursor_close(cursor, &err));
}

/* All books of a tag in one call. */
static void print_books(const rdb_table* tags, const char* tag) {
  rdb_result* result;
  rdb_slice book;
  size_t i;
  ok(rdb_result_create(&result, &err));
  ok(rdb_multimap_get(tags, text(tag), result, &err));
  for (i = 0; i < rdb_result_count(result); ++i) {
    ok(rdb_result_at(result, i, &book, &err));
    printf(" ");
    print_slice(book);
  }
  printf("\n");
  rdb_result_free(result);
}

int main(void) {
  static const char* const pairs[5][2] = {{"sf", "dune"},
                                          {"desert", "dune"},
                                          {"england", "emma"},
                                          {"sf", "solaris"},
                                          {"ocean", "solaris"}};
  rdb_db* db = open_database("tags.rdb");
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* tags = open_tags(txn);
  rdb_status added;
  int i;

  for (i = 0; i < 5; ++i) put(tags, pairs[i][0], pairs[i][1]);
  print_counts(tags);
  added = ok(rdb_put(tags, text("sf"), text("dune"), 0, &err));
  printf("sf and dune again: %s\n", added == RDB_EXISTS ? "nothing new" : "new");
  print_all(tags);

  ok(rdb_multimap_delete(tags, text("sf"), text("dune"), &err));
  printf("sf without dune:");
  print_books(tags, "sf");
  ok(rdb_delete(tags, text("sf"), &err));
  printf("without sf: ");
  print_counts(tags);

  ok(rdb_table_close(tags, &err));
  ok(rdb_txn_commit(txn, &err));
  ok(rdb_close(db, &err));
  return 0;
}
