/* codec_test.c: composite values item by item, and tables of an application's own types. */
#include "check.h"

static rdb_codec* make(const char* name, uint32_t type_class, uint32_t flags) {
  rdb_type type;
  rdb_codec* codec = NULL;
  memset(&type, 0, sizeof type);
  type.name.data = name;
  type.name.size = strlen(name);
  type.type_class = type_class;
  type.flags = flags;
  CHECK_OK(rdb_codec_create(&type, &codec, &err));
  return codec;
}

static rdb_item item_of(uint32_t kind) {
  rdb_item item = RDB_ITEM_INIT;
  item.kind = kind;
  return item;
}

static void write_and_read(void) {
  rdb_codec* codec = make("(&str,Option<i16>,[u8;2])", RDB_TYPE_TUPLE, 0);
  rdb_slice bytes = {NULL, 0};
  rdb_item item = item_of(RDB_ITEM_SOME);

  CASE("a tuple is written member by member");
  CHECK_OK(rdb_codec_put_bytes(codec, RDB_SLICE("ab"), &err));
  CHECK_OK(rdb_codec_put(codec, &item, &err));
  CHECK_OK(rdb_codec_put_signed(codec, -2, &err));
  CHECK_OK(rdb_codec_put_bytes(codec, RDB_SLICE("xy"), &err));
  CHECK_OK(rdb_codec_finish(codec, &bytes, &err));
  CHECK(bytes.size == 8 && memcmp(bytes.data,
                                  "\x02"
                                  "ab"
                                  "\x01\xfe\xff"
                                  "xy",
                                  8) == 0);
  CHECK_OK(rdb_codec_check(codec, bytes, &err));

  CASE("and read the same way, without disturbing what is being written");
  CHECK_OK(rdb_codec_read(codec, bytes, &err));
  CHECK_OK(rdb_codec_next(codec, &item, &err));
  CHECK(item.kind == RDB_ITEM_TUPLE && item.count == 3 && item.struct_size == sizeof item);
  CHECK_OK(rdb_codec_next(codec, &item, &err));
  CHECK(item.kind == RDB_ITEM_TEXT && slice_is(item.bytes, "ab"));
  CHECK_OK(rdb_codec_next(codec, &item, &err));
  CHECK(item.kind == RDB_ITEM_SOME);
  CHECK_OK(rdb_codec_next(codec, &item, &err));
  CHECK(item.kind == RDB_ITEM_SIGNED && (int64_t)item.low == -2 && item.high == UINT64_MAX);
  CHECK_OK(rdb_codec_next(codec, &item, &err));
  CHECK(item.kind == RDB_ITEM_BYTES && slice_is(item.bytes, "xy"));
  item.kind = 77;
  CHECK_STATUS(rdb_codec_next(codec, &item, &err), RDB_END);
  CHECK(item.kind == 77);

  CASE("the next value begins by itself, and begin takes back what was written");
  CHECK_OK(rdb_codec_put_bytes(codec, RDB_SLICE("c"), &err));
  CHECK_OK(rdb_codec_begin(codec, &err));
  CHECK_STATUS(rdb_codec_finish(codec, &bytes, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_codec_put_bytes(codec, RDB_SLICE("d"), &err));
  item = item_of(RDB_ITEM_NONE);
  CHECK_OK(rdb_codec_put(codec, &item, &err));
  CHECK_OK(rdb_codec_put_bytes(codec, RDB_SLICE("zz"), &err));
  CHECK_STATUS(rdb_codec_put_bytes(codec, RDB_SLICE("zz"), &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_codec_finish(codec, &bytes, &err));
  CHECK(bytes.size == 7 && memcmp(bytes.data,
                                  "\x01"
                                  "d"
                                  "\0\0\0"
                                  "zz",
                                  7) == 0);
  CHECK_STATUS(rdb_codec_finish(codec, &bytes, &err), RDB_ERR_MISUSE);

  CASE("an item that does not suit is refused, naming the member");
  CHECK_OK(rdb_codec_put_bytes(codec, RDB_SLICE("d"), &err));
  CHECK_STATUS(rdb_codec_put_unsigned(codec, 1, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(strstr(err.message, "member 1 of") != NULL);
  item.kind = 4711;
  CHECK_STATUS(rdb_codec_put(codec, &item, &err), RDB_ERR_INVALID_ARGUMENT);
  item = item_of(RDB_ITEM_NONE);
  item.struct_size = 3;
  CHECK_STATUS(rdb_codec_put(codec, &item, &err), RDB_ERR_MISUSE);

  CASE("damaged bytes are corrupted, and checked as an argument");
  CHECK_OK(rdb_codec_read(codec,
                          RDB_SLICE("\x05"
                                    "a"),
                          &err));
  CHECK_STATUS(rdb_codec_next(codec, &item, &err), RDB_ERR_MISUSE); /* struct_size */
  item = item_of(0);
  CHECK_OK(rdb_codec_next(codec, &item, &err));
  CHECK_STATUS(rdb_codec_next(codec, &item, &err), RDB_ERR_CORRUPTED);
  CHECK_STATUS(rdb_codec_next(codec, &item, &err), RDB_END);
  CHECK_STATUS(rdb_codec_check(codec,
                               RDB_SLICE("\x05"
                                         "a"),
                               &err),
               RDB_ERR_INVALID_ARGUMENT);
  rdb_codec_free(codec);
}

static void describe_and_compare(void) {
  rdb_codec* codec = make("(u64,&str)", RDB_TYPE_TUPLE, 0);
  rdb_type_info info = RDB_TYPE_INFO_INIT;
  int32_t order = 77;
  rdb_type type = RDB_TYPE_INIT("app::Thing");

  CASE("a type tells its width, and whether it is a key");
  CHECK_OK(rdb_codec_describe(codec, &info, &err));
  CHECK(info.width == RDB_WIDTH_VARIABLE && info.ordered == 1 && info.ambiguous == 0);
  CHECK_OK(rdb_codec_compare(codec, RDB_SLICE("\x02\0\0\0\0\0\0\0a"),
                             RDB_SLICE("\x01\1\0\0\0\0\0\0"), &order, &err));
  CHECK(order == -1);
  rdb_codec_free(codec);
  codec = make("Vec<u8>", RDB_TYPE_BUILTIN, 0);
  CHECK_OK(rdb_codec_describe(codec, &info, &err));
  CHECK(info.ordered == 0);
  order = 77;
  CHECK_STATUS(rdb_codec_compare(codec, RDB_SLICE(""), RDB_SLICE(""), &order, &err),
               RDB_ERR_UNKNOWN_KEY_TYPE);
  CHECK(order == 77);
  rdb_codec_free(codec);

  CASE("the flags choose how nested tuples are encoded");
  codec = make("Option<(u8,&str)>", RDB_TYPE_BUILTIN, 0);
  CHECK_OK(rdb_codec_describe(codec, &info, &err));
  CHECK(info.ambiguous == 1);
  CHECK_OK(rdb_codec_check(codec, RDB_SLICE("\1\7z"), &err));
  rdb_codec_free(codec);
  codec = make("Option<(u8,&str)>", RDB_TYPE_BUILTIN, RDB_TYPE_NESTED_LEGACY);
  CHECK_STATUS(rdb_codec_check(codec, RDB_SLICE("\1\7z"), &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_codec_check(codec, RDB_SLICE("\1\1\0\0\0\7z"), &err));
  rdb_codec_free(codec);
  type.flags = RDB_TYPE_NESTED_LEGACY | RDB_TYPE_NESTED_MODERN;
  codec = WRONG(rdb_codec, &err);
  CHECK_STATUS(rdb_codec_create(&type, &codec, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(codec == NULL);

  CASE("what the library does not know has no codec");
  type.flags = 0;
  CHECK_STATUS(rdb_codec_create(&type, &codec, &err), RDB_ERR_UNSUPPORTED);
  CHECK_STATUS(rdb_codec_create(NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_codec_put_bytes(NULL, RDB_SLICE(""), &err), RDB_ERR_MISUSE);
  rdb_codec_free(NULL);
}

/* ---- types of the application's own ---- */

static int drops;

static int32_t by_last_byte(void* ctx, rdb_slice a, rdb_slice b) {
  const unsigned char* x = a.data;
  const unsigned char* y = b.data;
  CHECK(ctx == &drops);
  return (int32_t)x[a.size - 1] - (int32_t)y[b.size - 1];
}

static void drop(void* ctx) {
  CHECK(ctx == &drops);
  ++drops;
}

static void own_types(void) {
  rdb_db* db = NULL;
  rdb_txn* txn = NULL;
  rdb_table* table = NULL;
  rdb_cursor* cursor = NULL;
  rdb_slice key, value;
  const rdb_type key_type = {RDB_SLICE("app::Key"), RDB_TYPE_USER_DEFINED, 0};
  const rdb_type number = RDB_TYPE_INIT("u8");
  rdb_user_type user;
  CHECK_OK(rdb_user_type_init(&user, sizeof user, &err));
  user.width = 2;
  user.compare = by_last_byte;
  user.ctx = &drops;
  user.drop = drop;
  CHECK_OK(rdb_open_memory(NULL, &db, &err));
  CHECK_OK(rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err));

  CASE("a table of the application's own keys has its order");
  CHECK_OK(rdb_table_open_user(txn, RDB_SLICE("t"), &key_type, &user, &number, NULL, &table, &err));
  CHECK_OK(rdb_put(table, RDB_SLICE("a9"), RDB_SLICE("1"), 0, &err));
  CHECK_OK(rdb_put(table, RDB_SLICE("z1"), RDB_SLICE("2"), 0, &err));
  CHECK_OK(rdb_put(table, RDB_SLICE("b1"), RDB_SLICE("3"), 0, &err)); /* equal to z1 */
  CHECK_OK(rdb_cursor_open(table, &cursor, &err));
  CHECK_OK(rdb_cursor_first(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "z1"));
  CHECK_OK(rdb_cursor_next(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "a9"));

  CASE("the context is given back once, when nothing needs it any more");
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK(drops == 0);
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK(drops == 1);

  CASE("or by a call that fails");
  CHECK_OK(rdb_txn_begin(db, RDB_TXN_READ, NULL, &txn, &err));
  table = WRONG(rdb_table, &err);
  CHECK_STATUS(
      rdb_table_open_user(txn, RDB_SLICE("none"), &key_type, &user, &number, NULL, &table, &err),
      RDB_ERR_TABLE_MISSING);
  CHECK(table == NULL && drops == 2);
  user.width = 3;
  CHECK_STATUS(
      rdb_table_open_user(txn, RDB_SLICE("t"), &key_type, &user, &number, NULL, &table, &err),
      RDB_ERR_TYPE_CHANGED);
  CHECK(drops == 3);
  user.width = 2;
  CHECK_STATUS(rdb_table_open_user(txn, RDB_SLICE("t"), NULL, &user, &number, NULL, &table, &err),
               RDB_ERR_MISUSE);
  CHECK(drops == 4);
  user.reserved = 1;
  CHECK_STATUS(
      rdb_table_open_user(txn, RDB_SLICE("t"), &key_type, &user, &number, NULL, &table, &err),
      RDB_ERR_STRUCT_TOO_NEW);
  CHECK(drops == 5);
  user.reserved = 0;
  CHECK_OK(rdb_txn_abort(txn, &err));

  CASE("a multimap has an order for keys and one for values, and needs both");
  const rdb_type value_type = {RDB_SLICE("app::Value"), RDB_TYPE_USER_DEFINED, 0};
  rdb_user_type width = RDB_USER_TYPE_INIT;
  width.width = 2;
  drops = 0;
  CHECK_OK(rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err));
  CHECK_STATUS(rdb_multimap_open_user(txn, RDB_SLICE("m"), &key_type, &user, &value_type, &width,
                                      &table, &err),
               RDB_ERR_UNKNOWN_KEY_TYPE);
  CHECK(table == NULL && drops == 1);
  CHECK_OK(rdb_multimap_open_user(txn, RDB_SLICE("m"), &key_type, &user, &value_type, &user, &table,
                                  &err));
  CHECK_OK(rdb_put(table, RDB_SLICE("a9"), RDB_SLICE("x2"), 0, &err));
  CHECK_OK(rdb_put(table, RDB_SLICE("b9"), RDB_SLICE("y1"), 0, &err)); /* the same key */
  CHECK_STATUS(rdb_put(table, RDB_SLICE("a9"), RDB_SLICE("z1"), 0, &err), RDB_EXISTS);
  CHECK_OK(rdb_put(table, RDB_SLICE("z1"), RDB_SLICE("x3"), 0, &err));
  CHECK_OK(rdb_cursor_open(table, &cursor, &err));
  const char* const pairs[] = {"z1x3", "a9y1", "a9x2"};
  for (size_t i = 0; i < 3; ++i) {
    CHECK_OK(rdb_cursor_next(cursor, &key, &value, &err));
    CHECK(memcmp(key.data, pairs[i], 2) == 0 && memcmp(value.data, pairs[i] + 2, 2) == 0);
  }
  CHECK_STATUS(rdb_cursor_next(cursor, &key, &value, &err), RDB_END);
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK(drops == 1);
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK(drops == 3);
  CHECK_OK(rdb_close(db, &err));
}

int main(void) {
  write_and_read();
  describe_and_compare();
  own_types();
  return check_result();
}
