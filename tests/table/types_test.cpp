// Tables of composite, chrono and user-defined types: creating, refusing, searching, reading as is.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "btree/key_order.hpp"
#include "contents.hpp"
#include "rdb/item_codec.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

TypeName builtin(const std::string& name) { return {TypeName::kBuiltin, name, {}}; }
TypeName tuple(const std::string& name) { return {TypeName::kTuple, name, {}}; }
TypeName user(const std::string& name) { return {TypeName::kUserDefined, name, {}}; }

std::vector<std::byte> section_name(const std::string& section, const std::string& name) {
  ItemCodec codec(tuple("(&str,&str)"));
  for (const std::string& part : {section, name}) {
    Item item;
    item.kind = ItemKind::text;
    item.bytes = as_bytes(part);
    codec.put(item);
  }
  const Bytes key = codec.finish();
  return {key.begin(), key.end()};
}

std::string refusal(Database& database, const TypeName& key, const TypeName& value,
                    const char* key_hex, const char* value_hex) {
  WriteTxn txn = database.begin_write();
  Table table = txn.open_table("t", key, value);
  try {
    table.put(unhex(key_hex), unhex(value_hex));
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    return error.what();
  }
  return "stored";
}

// The other way round than bytes are.
struct Reverse final : KeyCompare {
  explicit Reverse(std::shared_ptr<int> alive) : alive_(std::move(alive)) {}
  int compare(Bytes a, Bytes b) const noexcept override { return btree::compare_bytes(b, a); }
  std::shared_ptr<int> alive_;
};

TypeName own_key(std::shared_ptr<int> alive, uint32_t width) {
  TypeName type = user("app::Key");
  type.reading.user_width = width;
  type.reading.compare = std::make_shared<Reverse>(std::move(alive));
  return type;
}

}  // namespace

TEST_SUITE("table/types") {
  TEST_CASE("a table of tuples holds its rows by section, then name") {
    Database database = Database::open_memory();
    const TypeName key = tuple("(&str,&str)");
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", key, builtin("u64"));
      for (uint64_t i = 0; i < 3000; ++i) {
        const std::string section(1 + i % 7, static_cast<char>('a' + i % 7));
        table.put(section_name(section, "name " + std::to_string(i)), as_bytes(le64(i)));
      }
      txn.commit();
    }
    CHECK(database.verify(VerifyLevel::full).problems.empty());
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table("t", key, builtin("u64"));
    CHECK(table.info().key_order_known);
    CHECK(table.get(section_name("bb", "name 1")).has_value());
    CHECK_FALSE(table.get(section_name("b", "bname 1")).has_value());
    Cursor cursor = table.cursor();
    // One section: from its first possible name to the first of the section behind it.
    const auto lower = section_name("ccc", "");
    const auto upper = section_name("ccc\x01", "");
    cursor.set_range({Bound::included, Bound::excluded, lower, upper});
    size_t found = 0;
    while (cursor.next()) ++found;
    CHECK_EQ(found, 429);
  }

  TEST_CASE("what is no value of its type is refused, naming member and reason") {
    Database database = Database::open_memory();
    CHECK(
        refusal(database, tuple("(&str,u8)"), builtin("u8"), "05 61 07", "00") ==
        "a key of table \"t\" is not a value of its type: it has a member that runs past its end");
    CHECK(refusal(database, builtin("u8"), tuple("(u8,&str)"), "00", "01 ff") ==
          "a value of table \"t\" is not a value of its type: member 1 is not UTF-8");
    CHECK(refusal(database, user("chrono::NaiveDate"), builtin("u8"), "e7070000 02 1d", "00") ==
          "a key of table \"t\" is not a value of its type: it is no date of the calendar");
    CHECK(refusal(database, builtin("Option<u8>"), builtin("u8"), "00 01", "00") ==
          "a key of table \"t\" is not a value of its type: it is none, but not padded with zeros");
    CHECK(refusal(database, builtin("u8"), builtin("Vec<&str>"), "00", "02 01 61") ==
          "a value of table \"t\" is not a value of its type: it has a length that is cut off");
    CHECK(refusal(database, builtin("u8"), builtin("Vec<&str>"), "00", "01 01 61") == "stored");
  }

  TEST_CASE("lists and floats are no keys, and are values") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    for (const char* name : {"Vec<u8>", "f32", "(u8,f64)", "Option<Vec<u8>>"}) {
      CAPTURE(name);
      CHECK_THROWS_CODE(txn.open_table("k", builtin(name), builtin("u8")),
                        ErrorCode::unknown_key_type);
      CHECK(txn.open_table(name, builtin("u8"), builtin(name)).len() == 0);
    }
  }

  TEST_CASE("two encodings of one date-time are one key, and the stored one stays") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", user("chrono::DateTime<chrono::FixedOffset>"), builtin("u8"));
    const auto east = unhex("e8070000 01 01 000000 00000000 100e0000");
    const auto west = unhex("e8070000 01 01 000000 00000000 f0f1ffff");
    CHECK(table.put(east, unhex("01")));
    CHECK(table.put(west, unhex("02")));
    CHECK_EQ(table.len(), 1);
    CHECK_EQ(hex(table.get(west)->bytes()), "02");
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    CHECK_EQ(hex(cursor.key()), hex(east));
  }

  TEST_CASE("a legacy and a new tuple of one name are different types") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    txn.open_table("t", builtin("(u64,&str)"), builtin("u8"));
    CHECK_THROWS_CODE(txn.open_table("t", tuple("(u64,&str)"), builtin("u8")),
                      ErrorCode::table_type);
  }

  TEST_CASE("nested legacy tuples are read as the caller says, also when opened anew") {
    Database database = Database::open_memory();
    TypeName legacy = builtin("Option<(u64,&str)>");
    legacy.reading.nested_tuples = NestedTuples::legacy;
    const auto key = unhex("01 08000000 0700000000000000 7a7a");
    {
      WriteTxn txn = database.begin_write();
      CHECK(txn.open_table("t", legacy, builtin("u8")).put(key, unhex("01")));
      CHECK_THROWS_CODE(
          txn.open_table("t", builtin("Option<(u64,&str)>"), builtin("u8")).put(unhex("01 07"), {}),
          ErrorCode::invalid_argument);
      CHECK(txn.open_table("t", legacy, builtin("u8")).put(key, unhex("02")));
      txn.commit();
    }
    const ReadTxn txn = database.begin_read();
    CHECK_EQ(hex(txn.open_table("t", legacy, builtin("u8")).get(key)->bytes()), "02");
  }

  TEST_CASE("verification judges no order that the type's name leaves open") {
    Database database = Database::open_memory();
    TypeName legacy = builtin("Option<(&str,&str)>");
    legacy.reading.nested_tuples = NestedTuples::legacy;
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", legacy, builtin("u8"));
      for (const char* key : {"01 01000000 6162", "01 02000000 6161", "01 03000000 61616161"}) {
        table.put(unhex(key), unhex("00"));
      }
      txn.commit();
    }
    CHECK(database.verify(VerifyLevel::full).problems.empty());
  }

  TEST_CASE("tables of unknown types are read in stored order, and nothing is inserted") {
    Database database = Database::open_memory();
    const auto alive = std::make_shared<int>(0);
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", own_key(alive, 2), builtin("u8"));
      CHECK(table.info().key_order_known);
      for (const char* key : {"0102", "0301", "0205"}) table.put(unhex(key), unhex("07"));
      CHECK_THROWS_CODE(table.put(unhex("01"), unhex("07")), ErrorCode::invalid_argument);
      txn.commit();
    }
    CHECK_EQ(alive.use_count(), 1);
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table_raw("t");
    CHECK_FALSE(table.info().key_order_known);
    Cursor cursor = table.cursor();
    std::string keys;
    while (cursor.next()) keys += hex(cursor.key()) + " ";
    CHECK_EQ(keys, "0301 0205 0102 ");
    CHECK_THROWS_CODE(table.put(unhex("0909"), unhex("01")), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(table.get(unhex("0102")), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(txn.open_table("new", user("app::Key"), builtin("u8")),
                      ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(txn.open_table("new", builtin("u8"), user("app::Value")),
                      ErrorCode::unsupported);
  }

  TEST_CASE("with the caller's order a table of his own keys does everything") {
    Database database = Database::open_memory();
    const auto alive = std::make_shared<int>(0);
    {
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", own_key(alive, TypeReading::kVariable), builtin("u64"));
        for (uint64_t i = 0; i < 2000; ++i) {
          table.put(as_bytes("key " + std::to_string(i * 7919 % 2000)), as_bytes(le64(i)));
        }
      }
      // Opened raw in between, the same transaction knows no order.
      CHECK_FALSE(txn.open_table_raw("t").info().key_order_known);
      Table table = txn.open_table("t", own_key(alive, TypeReading::kVariable), builtin("u64"));
      CHECK(table.erase(as_bytes("key 77")));
      CHECK_FALSE(table.erase(as_bytes("key 77")));
      CHECK_EQ(table.len(), 1999);
    }
    CHECK_EQ(alive.use_count(), 1);
  }

  TEST_CASE(
      "an order for a type that has one, and a width that is not the stored one, are refused") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    const auto alive = std::make_shared<int>(0);
    TypeName known = builtin("u64");
    known.reading.compare = std::make_shared<Reverse>(alive);
    CHECK_THROWS_CODE(txn.open_table("t", known, builtin("u8")), ErrorCode::invalid_argument);
    txn.open_table("own", own_key(alive, 2), builtin("u8"));
    CHECK_THROWS_CODE(txn.open_table("own", own_key(alive, 3), builtin("u8")),
                      ErrorCode::type_changed);
    CHECK_THROWS_CODE(txn.open_table("new", own_key(alive, 0), builtin("u8")),
                      ErrorCode::unknown_key_type);
  }
}

}  // namespace rdb::test
