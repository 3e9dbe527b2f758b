// Cursors: places between entries, ranges, changes under a cursor, erasing through it.
#include <algorithm>
#include <array>

#include "contents.hpp"
#include "image_edit.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

std::string key(int i) {
  const std::string digits = std::to_string(i);
  return "k" + std::string(5 - digits.size(), '0') + digits;
}

void fill(WriteTxn& txn, int rows, size_t value_bytes = 4) {
  Table table = txn.open_table("t", kTextType, kBytesType);
  for (int i = 0; i < rows; ++i) {
    table.put(as_bytes(key(i)),
              as_bytes(std::string(value_bytes, static_cast<char>('a' + i % 26))));
  }
}

Database filled(int rows, size_t value_bytes = 4) {
  Database database = Database::open_memory();
  WriteTxn txn = database.begin_write();
  fill(txn, rows, value_bytes);
  txn.commit();
  return database;
}

Table open(const ReadTxn& txn) { return txn.open_table("t", kTextType, kBytesType); }
Table open(WriteTxn& txn) { return txn.open_table("t", kTextType, kBytesType); }

std::string at(const Cursor& cursor) { return std::string(as_text(cursor.key())); }

std::vector<std::string> keys_of(const Table& table) {
  std::vector<std::string> keys;
  Cursor cursor = table.cursor();
  while (cursor.next()) keys.push_back(at(cursor));
  return keys;
}

// A file whose table "t" has a key type this release does not know; rows entries of 8-byte keys.
std::shared_ptr<FaultDevice> device_with_unknown_keys(int rows) {
  const auto device = std::make_shared<FaultDevice>();
  {
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", {TypeName::kBuiltin, "[u8;6]"}, kBytesType);
      for (int i = 0; i < rows; ++i) {
        table.put(as_bytes(key(i)), as_bytes(std::string(30, static_cast<char>('a' + i % 26))));
      }
    }
    txn.commit();
    database.close();
  }
  Image image = device->live_image();
  edit_catalog(image, [](std::span<std::byte> page) { replace_text(page, "[u8;6]", "Opaque"); });
  return FaultDevice::from_image(image);
}

void erase_all_but(int keep_each, bool forward) {
  constexpr int kRows = 700;
  const auto device = device_with_unknown_keys(kRows);
  std::vector<std::string> kept;
  {
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table_raw("t");
      Cursor cursor = table.cursor();
      int seen = 0;
      for (; forward ? cursor.next() : cursor.prev(); ++seen) {
        const int row = forward ? seen : kRows - 1 - seen;
        REQUIRE_EQ(at(cursor), key(row));
        if (keep_each > 1 && row % keep_each == 0) {
          kept.push_back(key(row));
        } else {
          cursor.erase();
        }
      }
      CHECK_EQ(seen, kRows);
      CHECK_EQ(table.len(), kept.size());
    }
    txn.commit();
    CHECK_VERIFIES(database);
    database.close();
  }
  std::sort(kept.begin(), kept.end());
  const Database database = open_device(device);
  CHECK(keys_of(database.begin_read().open_table_raw("t")) == kept);
}

}  // namespace

TEST_SUITE("table/cursor") {
  TEST_CASE("a fresh cursor goes to the first entry by next() and to the last by prev()") {
    const Database database = filled(1000);
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    Cursor cursor = table.cursor();
    CHECK_FALSE(cursor.valid());
    CHECK_THROWS_CODE(cursor.key(), ErrorCode::misuse);
    SUBCASE("next") {
      CHECK(cursor.next());
      CHECK_EQ(at(cursor), key(0));
    }
    SUBCASE("prev") {
      CHECK(cursor.prev());
      CHECK_EQ(at(cursor), key(999));
    }
    SUBCASE("the same within a range") {
      const std::string low = key(10);
      const std::string high = key(20);
      cursor.set_range({Bound::included, Bound::excluded, as_bytes(low), as_bytes(high)});
      CHECK(cursor.prev());
      CHECK_EQ(at(cursor), key(19));
    }
  }

  TEST_CASE("behind an end the way back leads to the entry beside it, the way on stays there") {
    const Database database = filled(3);
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.last());
    CHECK_FALSE(cursor.next());
    CHECK_FALSE(cursor.valid());
    CHECK_FALSE(cursor.next());
    CHECK(cursor.prev());
    CHECK_EQ(at(cursor), key(2));
    REQUIRE(cursor.first());
    CHECK_FALSE(cursor.prev());
    CHECK_FALSE(cursor.prev());
    CHECK(cursor.next());
    CHECK_EQ(at(cursor), key(0));
  }

  TEST_CASE("an empty table has no entry in any direction") {
    Database database = filled(0);
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    Cursor cursor = table.cursor();
    CHECK_FALSE(cursor.next());
    CHECK_FALSE(cursor.prev());
    CHECK_FALSE(cursor.first());
    CHECK_FALSE(cursor.last());
    CHECK_FALSE(cursor.seek(as_bytes("x")));
    CHECK_FALSE(cursor.seek_le(as_bytes("x")));
    CHECK_FALSE(cursor.seek_exact(as_bytes("x")));
  }

  TEST_CASE("seek, seek_exact and seek_le land where they say") {
    Database database = Database::open_memory();
    WriteTxn writer = database.begin_write();
    {
      Table table = open(writer);
      for (int i = 0; i < 1000; ++i) table.put(as_bytes(key(2 * i)), as_bytes("v"));
    }
    writer.commit();
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    Cursor cursor = table.cursor();
    for (int i = 1; i < 1998; ++i) {
      const std::string target = key(i);
      REQUIRE(cursor.seek(as_bytes(target)));
      REQUIRE_EQ(at(cursor), key(i + i % 2));
      REQUIRE(cursor.seek_le(as_bytes(target)));
      REQUIRE_EQ(at(cursor), key(i - i % 2));
      REQUIRE_EQ(cursor.seek_exact(as_bytes(target)), i % 2 == 0);
    }
    CHECK_FALSE(cursor.seek(as_bytes(key(1999))));
    CHECK(cursor.prev());
    CHECK_EQ(at(cursor), key(1998));
    CHECK_FALSE(cursor.seek_le(as_bytes("a")));
    CHECK(cursor.next());
    CHECK_EQ(at(cursor), key(0));
  }

  TEST_CASE("a range holds exactly what its bounds say, both ways") {
    const Database database = filled(500);
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    for (Bound lower : {Bound::unbounded, Bound::included, Bound::excluded}) {
      for (Bound upper : {Bound::unbounded, Bound::included, Bound::excluded}) {
        const std::string low = key(100);
        const std::string high = key(400);
        const int begin = lower == Bound::unbounded ? 0 : lower == Bound::included ? 100 : 101;
        const int end = upper == Bound::unbounded ? 500 : upper == Bound::included ? 401 : 400;
        Cursor cursor = table.cursor();
        cursor.set_range({lower, upper, as_bytes(low), as_bytes(high)});
        int count = 0;
        while (cursor.next()) REQUIRE_EQ(at(cursor), key(begin + count++));
        CHECK_EQ(count, end - begin);
        while (cursor.prev()) REQUIRE_EQ(at(cursor), key(begin + --count));
        CHECK_EQ(count, 0);
        CHECK(cursor.first());
        CHECK_EQ(at(cursor), key(begin));
        CHECK(cursor.last());
        CHECK_EQ(at(cursor), key(end - 1));
        // A search never leaves the range.
        CHECK(cursor.seek(as_bytes("a")));
        CHECK_EQ(at(cursor), key(begin));
        CHECK(cursor.seek_le(as_bytes("z")));
        CHECK_EQ(at(cursor), key(end - 1));
      }
    }
  }

  TEST_CASE("ranges that can hold nothing are empty") {
    const Database database = filled(500);
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    const std::string a = key(100);
    const std::string b = key(99);
    const KeyRange ranges[] = {
        {Bound::included, Bound::included, as_bytes(a), as_bytes(b)},
        {Bound::excluded, Bound::included, as_bytes(a), as_bytes(a)},
        {Bound::included, Bound::excluded, as_bytes(a), as_bytes(a)},
        {Bound::excluded, Bound::excluded, as_bytes(b), as_bytes(a)},
    };
    for (const KeyRange& range : ranges) {
      Cursor cursor = table.cursor();
      cursor.set_range(range);
      CHECK_FALSE(cursor.next());
      CHECK_FALSE(cursor.prev());
      CHECK_FALSE(cursor.last());
      CHECK_FALSE(cursor.seek(as_bytes(a)));
    }
  }

  TEST_CASE("next_packed fills what fits and tells what the next record needs") {
    Database database = Database::open_memory();
    WriteTxn writer = database.begin_write();
    {
      Table table = open(writer);
      table.put(as_bytes("a"), as_bytes("12"));
      table.put(as_bytes("b"), as_bytes(std::string(100, 'x')));
      table.put(as_bytes("c"), as_bytes(""));
    }
    writer.commit();
    const ReadTxn txn = database.begin_read();
    const Table table = open(txn);
    Cursor cursor = table.cursor();
    std::vector<std::byte> out(50, std::byte{0xff});
    size_t used = 0;
    size_t needed = 0;
    CHECK_EQ(cursor.next_packed(out, 10, used, needed), 1);
    CHECK_EQ(used, 12);
    CHECK_EQ(needed, 0);
    CHECK_EQ(hex(Bytes(out).first(12)), "010000000200000061313200");
    CHECK_EQ(at(cursor), "a");
    CHECK_EQ(cursor.next_packed(out, 10, used, needed), 0);
    CHECK_EQ(needed, 8 + 1 + 100 + 3);
    CHECK_EQ(at(cursor), "a");  // nothing was skipped
    out.resize(needed + 12);
    CHECK_EQ(cursor.next_packed(out, 10, used, needed), 2);
    CHECK_EQ(used, 112 + 12);
    CHECK_EQ(cursor.next_packed(out, 10, used, needed), 0);
    CHECK_EQ(needed, 0);
  }

  TEST_CASE("a cursor whose table changed otherwise refuses to move until it is positioned anew") {
    Database database = filled(100);
    WriteTxn txn = database.begin_write();
    Table table = open(txn);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.seek(as_bytes(key(50))));
    SUBCASE("put") { table.put(as_bytes(key(50)), as_bytes("other")); }
    SUBCASE("erase") { table.erase(as_bytes(key(7))); }
    SUBCASE("pop") {
      std::vector<std::byte> k;
      std::vector<std::byte> v;
      table.pop_first(k, v);
    }
    SUBCASE("another cursor") {
      Cursor other = table.cursor();
      REQUIRE(other.first());
      other.erase();
    }
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.prev(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.key(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.value(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.erase(), ErrorCode::misuse);
    CHECK(cursor.seek(as_bytes(key(60))));
    CHECK_EQ(at(cursor), key(60));
    CHECK(cursor.next());
  }

  TEST_CASE("a change that changes nothing leaves cursors alone") {
    Database database = filled(100);
    WriteTxn txn = database.begin_write();
    Table table = open(txn);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    CHECK_FALSE(table.erase(as_bytes("missing")));
    CHECK_FALSE(table.put(as_bytes(key(1)), as_bytes("x"), Table::PutMode::insert_only));
    CHECK(cursor.next());
  }

  TEST_CASE("erase through a cursor leaves it between the neighbours") {
    for (int rows : {1, 2, 3, 400}) {
      for (int turn = 0; turn < 8; ++turn) {
        const int position = std::array{0, 1, rows / 2, rows - 1}[static_cast<size_t>(turn / 2)];
        const bool forward = turn % 2 == 0;
        if (position >= rows) continue;
        CAPTURE(rows);
        CAPTURE(position);
        CAPTURE(forward);
        Database database = filled(rows, 40);
        WriteTxn txn = database.begin_write();
        Table table = open(txn);
        Cursor cursor = table.cursor();
        REQUIRE(cursor.seek_exact(as_bytes(key(position))));
        cursor.erase();
        CHECK_FALSE(cursor.valid());
        CHECK_THROWS_CODE(cursor.erase(), ErrorCode::misuse);
        CHECK_EQ(table.len(), static_cast<uint64_t>(rows - 1));
        const int neighbour = forward ? position + 1 : position - 1;
        const bool expected = neighbour >= 0 && neighbour < rows;
        CHECK_EQ(forward ? cursor.next() : cursor.prev(), expected);
        if (expected) CHECK_EQ(at(cursor), key(neighbour));
      }
    }
  }

  TEST_CASE("a whole table is erased through one cursor, from either end") {
    Database database = filled(3000, 60);
    WriteTxn txn = database.begin_write();
    {
      Table table = open(txn);
      Cursor cursor = table.cursor();
      int erased = 0;
      SUBCASE("forwards") {
        while (cursor.next()) {
          REQUIRE_EQ(at(cursor), key(erased++));
          cursor.erase();
        }
      }
      SUBCASE("backwards") {
        while (cursor.prev()) {
          REQUIRE_EQ(at(cursor), key(2999 - erased++));
          cursor.erase();
        }
      }
      CHECK_EQ(erased, 3000);
      CHECK_EQ(table.len(), 0);
      CHECK_FALSE(cursor.first());
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("erase respects the range the cursor is confined to") {
    Database database = filled(300);
    WriteTxn txn = database.begin_write();
    Table table = open(txn);
    Cursor cursor = table.cursor();
    const std::string low = key(100);
    const std::string high = key(200);
    cursor.set_range({Bound::included, Bound::excluded, as_bytes(low), as_bytes(high)});
    int erased = 0;
    while (cursor.next()) {
      cursor.erase();
      ++erased;
    }
    CHECK_EQ(erased, 100);
    CHECK_EQ(table.len(), 200);
  }

  TEST_CASE("a table of unknown key type is read in stored order and refuses searches") {
    const auto device = device_with_unknown_keys(500);
    Database database = open_device(device);
    const ReadTxn txn = database.begin_read();
    const std::optional<TableInfo> info = txn.find_table("t");
    REQUIRE(info.has_value());
    CHECK_EQ(info->key_type.name, "Opaque");
    CHECK_FALSE(info->key_order_known);
    CHECK_EQ(info->entries, 500);
    const Table table = txn.open_table_raw("t");
    CHECK_EQ(keys_of(table).size(), 500);
    CHECK_EQ(keys_of(table).front(), key(0));
    Cursor cursor = table.cursor();
    CHECK_THROWS_CODE(cursor.seek(as_bytes(key(1))), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(cursor.seek_le(as_bytes(key(1))), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(cursor.set_range({Bound::included, Bound::unbounded, as_bytes(key(1)), {}}),
                      ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(table.get(as_bytes(key(1))), ErrorCode::unknown_key_type);
    WriteTxn writer = database.begin_write();
    Table writable = writer.open_table_raw("t");
    CHECK_THROWS_CODE(writable.put(as_bytes(key(1)), as_bytes("x")), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(writable.erase(as_bytes(key(1))), ErrorCode::unknown_key_type);
  }

  TEST_CASE("a cursor erases rows of unknown key type at every position") {
    // Keeps every n-th row: with 1 none is kept, with 50 whole leaves go.
    for (int keep_each : {1, 2, 3, 50}) {
      for (bool forward : {true, false}) {
        CAPTURE(keep_each);
        CAPTURE(forward);
        erase_all_but(keep_each, forward);
      }
    }
  }
}

}  // namespace rdb::test
