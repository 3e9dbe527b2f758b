// Tables: what they accept, in which form they answer, and how long an answer lives.
#include <algorithm>
#include <cstring>
#include <optional>

#include "contents.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

TypeName builtin(const std::string& name) { return {TypeName::kBuiltin, name}; }

void put(Database& database, const std::string& key, const std::string& value) {
  WriteTxn txn = database.begin_write();
  txn.open_table("t", kTextType, kBytesType).put(as_bytes(key), as_bytes(value));
  txn.commit();
}

Value get(const Database& database, const std::string& key) {
  std::optional<Value> value =
      database.begin_read().open_table("t", kTextType, kBytesType).get(as_bytes(key));
  REQUIRE(value.has_value());
  return std::move(*value);
}

}  // namespace

TEST_SUITE("table") {
  TEST_CASE("put modes say whether they wrote") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    using Mode = Table::PutMode;
    CHECK_FALSE(table.put(as_bytes("a"), as_bytes("1"), Mode::update_only));
    CHECK_EQ(table.len(), 0);
    CHECK(table.put(as_bytes("a"), as_bytes("2"), Mode::insert_only));
    CHECK_FALSE(table.put(as_bytes("a"), as_bytes("3"), Mode::insert_only));
    CHECK_EQ(as_text(table.get(as_bytes("a"))->bytes()), "2");
    CHECK(table.put(as_bytes("a"), as_bytes("4"), Mode::update_only));
    CHECK(table.put(as_bytes("a"), as_bytes("5")));
    CHECK_EQ(as_text(table.get(as_bytes("a"))->bytes()), "5");
    CHECK_EQ(table.len(), 1);
    CHECK(table.erase(as_bytes("a")));
    CHECK_FALSE(table.erase(as_bytes("a")));
  }

  TEST_CASE("every change of a table of a read transaction is refused as read-only") {
    Database database = Database::open_memory();
    put(database, "a", "1");
    const ReadTxn txn = database.begin_read();
    Table table = txn.open_table("t", kTextType, kBytesType);
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    CHECK_THROWS_CODE(table.put(as_bytes("a"), as_bytes("2")), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.erase(as_bytes("a")), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.pop_first(key, value), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.pop_last(key, value), ErrorCode::read_only);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    CHECK_THROWS_CODE(cursor.erase(), ErrorCode::read_only);
    CHECK_EQ(as_text(cursor.value()), "1");
  }

  TEST_CASE("keys and values must have their type's width and form") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("numbers", kU64Type, kU64Type);
      CHECK_THROWS_CODE(table.put(as_bytes("short"), as_bytes(le64(1))),
                        ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(table.put(as_bytes(le64(1)), as_bytes("123456789")),
                        ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(table.get(as_bytes("short")), ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(table.contains(as_bytes("")), ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(table.erase(as_bytes("")), ErrorCode::invalid_argument);
      Cursor cursor = table.cursor();
      CHECK_THROWS_CODE(cursor.seek(as_bytes("x")), ErrorCode::invalid_argument);
      const std::string good = le64(1);
      const Bytes keys[] = {as_bytes(good), as_bytes("x")};
      BatchResult batch;
      CHECK_THROWS_CODE(table.get_batch(keys, batch), ErrorCode::invalid_argument);
      CHECK_EQ(table.len(), 0);
    }
    {
      Table table = txn.open_table("text", kTextType, kTextType);
      CHECK_THROWS_CODE(table.put(as_bytes("\xff"), as_bytes("x")), ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(table.put(as_bytes("x"), as_bytes("\xc3")), ErrorCode::invalid_argument);
      CHECK(table.put(as_bytes("\xc3\xa9"), as_bytes("")));
    }
    {
      Table table = txn.open_table("flags", builtin("bool"), builtin("char"));
      const std::string yes("\1", 1);
      CHECK_THROWS_CODE(table.put(as_bytes("\2"), as_bytes(std::string("a\0\0", 3))),
                        ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(table.put(as_bytes(yes), as_bytes(std::string("\x00\xd8\x00", 3))),
                        ErrorCode::invalid_argument);  // a surrogate
      CHECK_THROWS_CODE(table.put(as_bytes(yes), as_bytes(std::string("\x00\x00\x11", 3))),
                        ErrorCode::invalid_argument);  // past U+10FFFF
      CHECK(table.put(as_bytes(yes), as_bytes(std::string("\xff\xff\x10", 3))));
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("integer keys of every width sort by number, signed ones too") {
    Database database = Database::open_memory();
    for (const char* type :
         {"u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128"}) {
      CAPTURE(type);
      const bool is_signed = type[0] == 'i';
      const size_t width = static_cast<size_t>(std::stoi(type + 1)) / 8;
      std::vector<int> numbers = {0, 1, 2, 100, 127};
      if (is_signed) numbers.insert(numbers.end(), {-1, -2, -100, -128});
      if (width > 1) numbers.insert(numbers.end(), {255, 256, 30000});
      const auto encode = [&](int number) {
        std::string key(width, number < 0 ? '\xff' : '\0');
        for (size_t i = 0; i < std::min<size_t>(width, 4); ++i) {
          key[i] = static_cast<char>(number >> (8 * i));
        }
        return key;
      };
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table(type, builtin(type), builtin("()"));
      for (int number : numbers) table.put(as_bytes(encode(number)), {});
      std::sort(numbers.begin(), numbers.end());
      Cursor cursor = table.cursor();
      for (int number : numbers) {
        REQUIRE(cursor.next());
        CHECK_EQ(as_text(cursor.key()), encode(number));
      }
    }
  }

  TEST_CASE("a table with the unit key holds one row") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("one", builtin("()"), kBytesType);
    CHECK(table.put({}, as_bytes("a")));
    CHECK(table.put({}, as_bytes("b")));
    CHECK_EQ(table.len(), 1);
    CHECK_EQ(as_text(table.get({})->bytes()), "b");
  }

  TEST_CASE("get_into copies what fits and tells the size either way") {
    Database database = Database::open_memory();
    put(database, "a", "12345");
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table("t", kTextType, kBytesType);
    std::byte out[5] = {};
    size_t size = 99;
    CHECK_EQ(table.get_into(as_bytes("a"), out, size), true);
    CHECK_EQ(size, 5);
    CHECK_EQ(as_text(out), "12345");
    CHECK_EQ(table.get_into(as_bytes("a"), std::span(out).first(4), size), false);
    CHECK_EQ(size, 5);
    CHECK_FALSE(table.get_into(as_bytes("b"), out, size).has_value());
  }

  TEST_CASE("a batch answers in the order of its keys, repeated and missing ones too") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kU64Type, kU64Type);
    for (uint64_t i = 0; i < 5000; ++i) table.put(as_bytes(le64(2 * i)), as_bytes(le64(i)));
    std::vector<std::string> keys;
    for (uint64_t i = 0; i < 200; ++i) keys.push_back(le64(i * 7919 % 10000));
    keys.push_back(keys[0]);
    std::vector<Bytes> wanted;
    for (const std::string& key : keys) wanted.push_back(as_bytes(key));
    BatchResult batch;
    table.get_batch(wanted, batch);
    REQUIRE_EQ(batch.size(), keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      uint64_t number = 0;
      std::memcpy(&number, keys[i].data(), 8);
      CHECK_EQ(batch.found(i), number % 2 == 0);
      if (batch.found(i)) CHECK_EQ(as_text(batch.value(i)), le64(number / 2));
    }
    table.get_batch({}, batch);
    CHECK_EQ(batch.size(), 0);
  }

  TEST_CASE("pops empty a table from both ends") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kU64Type, kU64Type);
    for (uint64_t i = 0; i < 2000; ++i) table.put(as_bytes(le64(i)), as_bytes(le64(i + 1)));
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    for (uint64_t i = 0; i < 1000; ++i) {
      REQUIRE(table.pop_first(key, value));
      REQUIRE_EQ(as_text(key), le64(i));
      REQUIRE(table.pop_last(key, value));
      REQUIRE_EQ(as_text(key), le64(1999 - i));
      REQUIRE_EQ(as_text(value), le64(2000 - i));
    }
    CHECK_FALSE(table.pop_first(key, value));
    CHECK_FALSE(table.pop_last(key, value));
    CHECK_EQ(table.len(), 0);
  }

  TEST_CASE("values of any size are stored: empty, a page, megabytes") {
    const auto device = std::make_shared<FaultDevice>();
    const size_t sizes[] = {0, 1, 4000, 4096, 4097, 8192, 65536, 1 << 20, (3 << 20) + 1};
    const auto value = [](size_t size) {
      std::string text(size, 'v');
      for (size_t i = 0; i < size; i += 97) text[i] = static_cast<char>(i);
      return text;
    };
    {
      Database database = open_device(device);
      for (size_t size : sizes) put(database, std::to_string(size), value(size));
      database.close();
    }
    const Database database = open_device(device);
    for (size_t size : sizes) {
      CHECK(as_text(get(database, std::to_string(size)).bytes()) == value(size));
    }
    CHECK_VERIFIES(database);
  }

  TEST_CASE("statistics describe the tree") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kU64Type, kBytesType);
    CHECK_EQ(table.stats().tree_height, 0);
    for (uint64_t i = 0; i < 3000; ++i) {
      table.put(as_bytes(le64(i)), as_bytes(std::string(50, 'x')));
    }
    const TableStats stats = table.stats();
    CHECK_EQ(stats.entries, 3000);
    CHECK(stats.tree_height >= 2);
    CHECK(stats.leaf_pages > 30);
    CHECK(stats.branch_pages >= 1);
    CHECK_EQ(stats.stored_leaf_bytes, 3000 * 58);
  }

  TEST_CASE("a value outlives its transaction, later commits and the database") {
    const auto device = std::make_shared<FaultDevice>();
    std::optional<Database> database(open_device(device));
    const std::string small(100, 's');
    const std::string large(200'000, 'l');
    put(*database, "small", small);
    put(*database, "large", large);
    const Value small_value = get(*database, "small");
    const Value large_value = get(*database, "large");
    CHECK(database->stats().pinned_bytes > 200'000);
    for (int i = 0; i < 60; ++i) {
      put(*database, "small", std::string(100, static_cast<char>('a' + i % 26)));
      put(*database, "large", std::string(200'000, static_cast<char>('a' + i % 26)));
      REQUIRE_EQ(as_text(small_value.bytes()), small);
    }
    CHECK(as_text(large_value.bytes()) == large);
    CHECK_VERIFIES(*database);
    SUBCASE("closed") { database->close(); }
    SUBCASE("destroyed") {}
    database.reset();
    CHECK_EQ(as_text(small_value.bytes()), small);
    CHECK(as_text(large_value.bytes()) == large);
    // The file does not know of pins.
    const Database reopened = open_device(device);
    CHECK_VERIFIES(reopened);
  }

  TEST_CASE("a pinned page is not reused until its pin goes, and then it is") {
    Database database = Database::open_memory();
    put(database, "a", std::string(3000, 'a'));
    std::optional<Value> pinned(get(database, "a"));
    for (int i = 0; i < 400; ++i) {
      put(database, "a", std::string(3000, static_cast<char>('b' + i % 20)));
      REQUIRE_EQ(as_text(pinned->bytes()), std::string(3000, 'a'));
    }
    CHECK(database.stats().pinned_bytes > 0);
    const uint64_t pending = database.stats().pending_free_pages;
    pinned.reset();
    CHECK_EQ(database.stats().pinned_bytes, 0);
    put(database, "a", "x");
    put(database, "a", "y");
    CHECK(database.stats().pending_free_pages < pending);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a value read in a write transaction does not change with the table") {
    Database database = Database::open_memory();
    put(database, "a", "before");
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    const Value committed = *table.get(as_bytes("a"));
    table.put(as_bytes("a"), as_bytes("during"));
    const Value own = *table.get(as_bytes("a"));
    table.put(as_bytes("a"), as_bytes("after."));
    table.erase(as_bytes("a"));
    CHECK_EQ(as_text(committed.bytes()), "before");
    CHECK_EQ(as_text(own.bytes()), "during");
  }
}

}  // namespace rdb::test
