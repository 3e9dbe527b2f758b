// Multimaps: what they accept, where collections change their form, and what a failure leaves.
#include "rdb/multimap.hpp"

#include <cstdio>
#include <functional>
#include <memory>

#include "contents.hpp"
#include "image_surgeon.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

Multimap open_numbers(WriteTxn& txn, std::string_view name = "m") {
  return txn.open_multimap(name, kU64Type, kU64Type);
}

// Values 0..count-1 under key 7, in a scattered order.
void put_values(Multimap& table, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const std::string value = le64(i * 7919 % count);
    REQUIRE(table.put(as_bytes(le64(7)), as_bytes(value)));
  }
}

void require_values(const Multimap& table, uint64_t begin, uint64_t end) {
  REQUIRE_EQ(table.value_count(as_bytes(le64(7))), end - begin);
  REQUIRE_EQ(table.len(), end - begin);
  MultimapCursor cursor = table.cursor();
  for (uint64_t i = begin; i < end; ++i) {
    REQUIRE(cursor.next());
    REQUIRE(as_text(cursor.value()) == le64(i));
  }
  REQUIRE_FALSE(cursor.next());
}

}  // namespace

TEST_SUITE("table multimaps") {
  TEST_CASE("a table of one kind does not open as the other") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    { open_numbers(txn); }
    { txn.open_table("t", kU64Type, kU64Type); }
    CHECK_THROWS_CODE(txn.open_table("m", kU64Type, kU64Type), ErrorCode::table_is_multimap);
    CHECK_THROWS_CODE(txn.open_table_raw("m"), ErrorCode::table_is_multimap);
    CHECK_THROWS_CODE(open_numbers(txn, "t"), ErrorCode::table_not_multimap);
    CHECK_THROWS_CODE(txn.open_multimap_raw("t"), ErrorCode::table_not_multimap);
    CHECK_THROWS_CODE(txn.open_multimap_raw("none"), ErrorCode::table_missing);
    CHECK_THROWS_CODE(txn.open_multimap("m", kU64Type, kTextType), ErrorCode::table_type);
    CHECK_THROWS_CODE(open_numbers(txn, "__rdb:x"), ErrorCode::reserved_name);
    CHECK_THROWS_CODE(txn.rename_table("m", "t"), ErrorCode::table_not_multimap);
    {
      const Multimap open = open_numbers(txn);
      CHECK_THROWS_CODE(open_numbers(txn), ErrorCode::table_open);
      CHECK_THROWS_CODE(txn.delete_table("m"), ErrorCode::table_open);
      CHECK(open.info().kind == TableKind::multimap);
    }
    txn.commit();
    const ReadTxn reader = database.begin_read();
    CHECK_THROWS_CODE(reader.open_table("m", kU64Type, kU64Type), ErrorCode::table_is_multimap);
    CHECK_THROWS_CODE(reader.open_table_raw("m"), ErrorCode::table_is_multimap);
    CHECK_THROWS_CODE(reader.open_multimap("t", kU64Type, kU64Type), ErrorCode::table_not_multimap);
    CHECK_THROWS_CODE(reader.open_multimap_raw("t"), ErrorCode::table_not_multimap);
    CHECK_EQ(reader.open_multimap_raw("m").len(), 0);
    CHECK_EQ(reader.open_multimap("m", kU64Type, kU64Type).key_count(), 0);
  }

  TEST_CASE("values need an order as keys do") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.open_multimap("m", kU64Type, {TypeName::kBuiltin, "f64"}),
                      ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(txn.open_multimap("m", {TypeName::kBuiltin, "f64"}, kU64Type),
                      ErrorCode::unknown_key_type);
    CHECK_FALSE(txn.find_table("m").has_value());
  }

  TEST_CASE("keys and values of the application's own types keep its orders in either form") {
    struct Backwards final : KeyCompare {
      int compare(Bytes a, Bytes b) const noexcept override {
        return as_text(b).compare(as_text(a));
      }
    };
    const auto own = [](const char* name) {
      TypeName type{TypeName::kUserDefined, name};
      type.reading = {.user_width = TypeReading::kVariable,
                      .compare = std::make_shared<Backwards>()};
      return type;
    };
    const auto text = [](uint64_t i) {
      char digits[16];
      std::snprintf(digits, sizeof digits, "%06d", static_cast<int>(i));
      return std::string(digits);
    };
    constexpr uint64_t kMany = 3000;  // a subtree of several pages
    const TypeName key = own("app::Key");
    const TypeName value = own("app::Value");
    const auto require_rows = [&](const Multimap& table, uint64_t many) {
      MultimapCursor cursor = table.cursor();
      for (const auto& [name, count] : {std::pair<std::string, uint64_t>{"b", 3}, {"a", many}}) {
        REQUIRE_EQ(table.value_count(as_bytes(name)), count);
        for (uint64_t i = count; i-- > 0;) {
          REQUIRE(cursor.next());
          REQUIRE(as_text(cursor.key()) == name);
          REQUIRE(as_text(cursor.value()) == text(i));
          REQUIRE(table.contains(as_bytes(name), as_bytes(text(i))));
        }
      }
      REQUIRE_FALSE(cursor.next());
    };
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      Multimap table = txn.open_multimap("m", key, value);
      for (uint64_t i = 0; i < kMany; ++i) {
        REQUIRE(table.put(as_bytes("a"), as_bytes(text(i * 7919 % kMany))));
      }
      for (uint64_t i = 0; i < 3; ++i) REQUIRE(table.put(as_bytes("b"), as_bytes(text(i))));
      require_rows(table, kMany);
      txn.commit();
    }
    CHECK_VERIFIES(database);
    require_rows(database.begin_read().open_multimap("m", key, value), kMany);
    WriteTxn txn = database.begin_write();
    {
      Multimap table = txn.open_multimap("m", key, value);
      for (uint64_t i = kMany; i-- > 5;) {  // until it is inline again
        REQUIRE(table.erase(as_bytes("a"), as_bytes(text(i))));
      }
      require_rows(table, 5);
    }
    CHECK_THROWS_CODE(txn.open_multimap_raw("m").contains(as_bytes("a"), as_bytes(text(1))),
                      ErrorCode::unknown_key_type);
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("keys and values must have their type's width and form") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Multimap numbers = open_numbers(txn);
    const std::string good = le64(1);
    CHECK_THROWS_CODE(numbers.put(as_bytes("x"), as_bytes(good)), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.put(as_bytes(good), as_bytes("x")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.erase(as_bytes(good), as_bytes("x")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.erase(as_bytes("x"), as_bytes(good)), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.erase_key(as_bytes("x")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.contains(as_bytes("x"), as_bytes(good)), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.contains(as_bytes(good), as_bytes("x")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.value_count(as_bytes("x")), ErrorCode::invalid_argument);
    BatchResult result;
    CHECK_THROWS_CODE(numbers.get(as_bytes("x"), result), ErrorCode::invalid_argument);
    MultimapCursor cursor = numbers.cursor();
    CHECK_THROWS_CODE(cursor.seek(as_bytes("x")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(cursor.seek_le(as_bytes("x")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(cursor.seek_pair(as_bytes(good), as_bytes("x")), ErrorCode::invalid_argument);
    const KeyRange range{Bound::included, Bound::unbounded, as_bytes("x"), {}};
    CHECK_THROWS_CODE(cursor.set_range(range), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.drain(range), ErrorCode::invalid_argument);
    CHECK_EQ(numbers.len(), 0);

    Multimap texts = txn.open_multimap("texts", kTextType, kTextType);
    CHECK_THROWS_CODE(texts.put(as_bytes("a"), as_bytes("\xff")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(texts.put(as_bytes("\xff"), as_bytes("a")), ErrorCode::invalid_argument);

    // A batch names the record at fault; those before it are stored.
    const Table::Record records[] = {{as_bytes("a"), as_bytes("1")},
                                     {as_bytes("a"), as_bytes("2")},
                                     {as_bytes("a"), as_bytes("\xff")},
                                     {as_bytes("a"), as_bytes("3")}};
    try {
      texts.put_batch(records);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::invalid_argument);
      CHECK_EQ(error.position(), 2);
    }
    CHECK_EQ(rows_of(texts), Rows{{"a", "1"}, {"a", "2"}});
  }

  TEST_CASE("every change of a multimap of a read transaction is refused as read-only") {
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      txn.open_multimap("m", kTextType, kTextType).put(as_bytes("a"), as_bytes("1"));
      txn.commit();
    }
    const ReadTxn txn = database.begin_read();
    Multimap table = txn.open_multimap("m", kTextType, kTextType);
    const Table::Record record{as_bytes("a"), as_bytes("2")};
    CHECK_THROWS_CODE(table.put(record.key, record.value), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.put_batch({&record, 1}), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.erase(record.key, as_bytes("1")), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.erase_key(record.key), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.drain(), ErrorCode::read_only);
    MultimapCursor cursor = table.cursor();
    REQUIRE(cursor.first());
    CHECK_THROWS_CODE(cursor.erase(), ErrorCode::read_only);
    CHECK_EQ(as_text(cursor.value()), "1");
  }

  TEST_CASE("256 numbers move to a subtree and 255 do not, on the way down as well") {
    for (const uint64_t count : {1, 2, 255, 256, 257, 100'000}) {
      CAPTURE(count);
      const auto device = std::make_shared<FaultDevice>();
      Database database = open_device(device);
      {
        WriteTxn txn = database.begin_write();
        Multimap table = open_numbers(txn);
        put_values(table, count);
        CHECK_FALSE(table.put(as_bytes(le64(7)), as_bytes(le64(count / 2))));
        txn.commit();
      }
      {
        const ReadTxn txn = database.begin_read();
        const Multimap table = txn.open_multimap_raw("m");
        require_values(table, 0, count);
        const TableStats stats = table.stats();
        CHECK_EQ(stats.entries, count);
        if (count < 256) {  // section 14: one outer leaf, its header and the image's are metadata
          CHECK_EQ(stats.tree_height, 1);
          CHECK_EQ(stats.leaf_pages, 1);
          CHECK_EQ(stats.branch_pages, 0);
          CHECK_EQ(stats.stored_leaf_bytes, 8 * count);
          CHECK_EQ(stats.metadata_bytes, (4 + 4 + 8) + (1 + 4));
          CHECK_EQ(stats.fragmented_bytes, 4096 - stats.metadata_bytes - stats.stored_leaf_bytes);
        } else if (count == 256) {  // an outer leaf with a subtree counts as a branch
          CHECK_EQ(stats.tree_height, 2);
          CHECK_EQ(stats.leaf_pages, 1);
          CHECK_EQ(stats.branch_pages, 1);
          CHECK_EQ(stats.stored_leaf_bytes, 8 * count);
          CHECK_EQ(stats.metadata_bytes, (4 + 4 + 8 + 33) + 4);
          CHECK_EQ(stats.fragmented_bytes,
                   2 * 4096 - stats.metadata_bytes - stats.stored_leaf_bytes);
        } else {
          CHECK_EQ(stats.stored_leaf_bytes, 8 * count);
          CHECK_GE(stats.tree_height, 2);
        }
      }
      CHECK_VERIFIES(database);
      // Down to one value, then none, from both ends in turn.
      {
        WriteTxn txn = database.begin_write();
        Multimap table = open_numbers(txn);
        uint64_t begin = 0;
        uint64_t end = count;
        while (end - begin > 1) {
          REQUIRE(table.erase(as_bytes(le64(7)), as_bytes(le64(end % 2 == 0 ? begin++ : --end))));
          if (end - begin == 255) CHECK_EQ(table.stats().branch_pages, 0);
        }
        CHECK_FALSE(table.erase(as_bytes(le64(7)), as_bytes(le64(count + 5))));
        require_values(table, begin, end);
        CHECK_EQ(table.stats().leaf_pages, 1);
        CHECK(table.erase(as_bytes(le64(7)), as_bytes(le64(begin))));
        CHECK_EQ(table.len(), 0);
        CHECK_EQ(table.key_count(), 0);
        CHECK_FALSE(table.contains(as_bytes(le64(7))));
        CHECK_EQ(table.stats().leaf_pages, 0);
        txn.commit();
      }
      CHECK_VERIFIES(database);
      database.close();
      Database again = open_device(device);
      CHECK_VERIFIES(again);
      CHECK_EQ(again.begin_read().open_multimap_raw("m").len(), 0);
    }
  }

  TEST_CASE("18.12: collections have the bytes of the format document, and either form is read") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      {
        Multimap table = txn.open_multimap("m", kTextType, kU64Type);
        for (const uint64_t value : {5, 1}) table.put(as_bytes("x"), as_bytes(le64(value)));
        for (uint64_t i = 0; i < 256; ++i) table.put(as_bytes("y"), as_bytes(le64(7 + i)));
        Multimap texts = txn.open_multimap("texts", kTextType, kTextType);
        for (const char* value : {"bb", "a"}) texts.put(as_bytes("k"), as_bytes(value));
      }
      txn.commit();
      database.close();
    }
    std::vector<std::byte> image = device->live_image();
    ImageSurgeon surgeon(image);
    const auto collection = [&](const std::string& table, uint32_t i) {
      const SurgeryTree outer = surgeon.table(table);
      return surgeon.value(outer.root->page, i, outer.widths);
    };
    CHECK_EQ(hex(collection("m", 0)),
             "01010002000100000000000000"
             "0500000000000000");
    CHECK_EQ(hex(collection("texts", 0)),
             "01"
             "010002000d0000000f000000"
             "616262");
    CHECK_EQ(collection("m", 1).size(), 33);
    CHECK_EQ(hex(collection("m", 1)).substr(0, 2), "03");
    CHECK_EQ(hex(collection("m", 1)).substr(50), hex(as_bytes(le64(256))));
    CHECK_EQ(surgeon.record("m").length, 258);
    CHECK_EQ(surgeon.record("m").root->length, 2);

    // The document's "y": a subtree of the values 7, 8 and 9, which rdb would keep inline.
    auto y = format::RootRecord::decode(&collection("m", 1)[1]);
    surgeon.page(y.page)[2] = std::byte{3};
    surgeon.page(y.page)[3] = std::byte{0};
    y.length = 3;
    y.encode(&collection("m", 1)[1]);
    auto record = surgeon.record("m");
    record.length = 5;
    surgeon.set_record("m", false, record);
    surgeon.seal();
    y = format::RootRecord::decode(&collection("m", 1)[1]);
    std::vector<std::byte> checksum(16);
    y.checksum.encode(checksum.data());
    CHECK_EQ(hex(checksum), "99e03a4c4ccddb0840d9893f75e0ba21");
    {
      const auto edited = FaultDevice::from_image(image);
      Database database = open_device(edited);
      CHECK_VERIFIES(database);
      WriteTxn txn = database.begin_write();
      {
        Multimap table = txn.open_multimap("m", kTextType, kU64Type);
        const auto row = [](const char* key, uint64_t value) {
          return std::pair(std::string(key), le64(value));
        };
        CHECK_EQ(rows_of(table),
                 Rows{row("x", 1), row("x", 5), row("y", 7), row("y", 8), row("y", 9)});
        CHECK(table.put(as_bytes("y"), as_bytes(le64(10))));
        CHECK_FALSE(table.put(as_bytes("y"), as_bytes(le64(10))));
        CHECK(table.erase(as_bytes("y"), as_bytes(le64(8))));
        CHECK_EQ(rows_of(table),
                 Rows{row("x", 1), row("x", 5), row("y", 7), row("y", 9), row("y", 10)});
      }
      txn.commit();
      CHECK_VERIFIES(database);
      database.close();
      image = edited->live_image();
    }
    ImageSurgeon after(image);
    const SurgeryTree outer = after.table("m");
    CHECK_EQ(hex(after.value(outer.root->page, 1, outer.widths)),
             "01"
             "01000300"
             "0700000000000000"
             "0900000000000000"
             "0a00000000000000");
  }

  TEST_CASE("a value that is large by itself begins as a subtree") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    {
      Multimap table = txn.open_multimap("m", kTextType, kBytesType);
      const std::string sizes[] = {std::string(2039, 'a'), std::string(2040, 'b'),
                                   std::string(100'000, 'c')};
      CHECK(table.put(as_bytes("k"), as_bytes(sizes[0])));
      CHECK_EQ(table.stats().branch_pages, 0);  // 4 + 4 + 2039 bytes are below half a page
      CHECK(table.put(as_bytes("l"), as_bytes(sizes[1])));
      CHECK_EQ(table.stats().branch_pages, 1);
      for (const std::string& value : sizes) table.put(as_bytes("m"), as_bytes(value));
      CHECK_EQ(table.value_count(as_bytes("m")), 3);
      CHECK(table.erase(as_bytes("m"), as_bytes(sizes[2])));
      CHECK(table.erase(as_bytes("m"), as_bytes(sizes[1])));
      CHECK_EQ(rows_of(table).back().second, sizes[0]);
      CHECK_EQ(table.erase_key(as_bytes("l")), 1);
      CHECK_EQ(table.erase_key(as_bytes("l")), 0);
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a set of units has one value") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    {
      Multimap table = txn.open_multimap("m", kU64Type, {TypeName::kBuiltin, "()"});
      CHECK(table.put(as_bytes(le64(1)), {}));
      CHECK_FALSE(table.put(as_bytes(le64(1)), {}));
      CHECK(table.erase(as_bytes(le64(1)), {}));
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("D1: a multimap changed and then renamed, or deleted, leaves no placeholder checksum") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    {
      WriteTxn txn = database.begin_write();
      {
        Multimap table = open_numbers(txn);
        put_values(table, 1000);
        Multimap doomed = open_numbers(txn, "doomed");
        put_values(doomed, 1000);
      }
      txn.rename_table("m", "n");
      txn.delete_table("doomed");
      txn.commit();
    }
    CHECK_VERIFIES(database);
    {
      WriteTxn txn = database.begin_write();
      {
        Multimap table = open_numbers(txn, "n");
        table.erase(as_bytes(le64(7)), as_bytes(le64(500)));
      }
      txn.rename_table("n", "o");
      txn.commit();
    }
    CHECK_VERIFIES(database);
    // Lost power: the repair walks subtrees, too.
    database = open_device(FaultDevice::from_image(device->crash_image(CrashMode::all)));
    CHECK_EQ(database.begin_read().open_multimap_raw("o").len(), 999);
    CHECK_VERIFIES(database);
    WriteTxn txn = database.begin_write();
    CHECK(txn.delete_table("o"));
    txn.commit();
    CHECK_VERIFIES(database);
    database.close();
  }

  TEST_CASE("an abort and an old snapshot see nothing of a change to a subtree") {
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      Multimap table = open_numbers(txn);
      put_values(table, 600);
      txn.commit();
    }
    const ReadTxn old = database.begin_read();
    {
      WriteTxn txn = database.begin_write();
      Multimap table = open_numbers(txn);
      for (uint64_t i = 0; i < 500; ++i) table.erase(as_bytes(le64(7)), as_bytes(le64(i)));
      table.put(as_bytes(le64(8)), as_bytes(le64(1)));
      txn.abort();
      CHECK_THROWS_CODE(table.len(), ErrorCode::closed);
      CHECK_THROWS_CODE(table.put(as_bytes(le64(1)), as_bytes(le64(1))), ErrorCode::closed);
    }
    require_values(database.begin_read().open_multimap_raw("m"), 0, 600);
    {
      WriteTxn txn = database.begin_write();
      CHECK_EQ(open_numbers(txn).drain(), 1);
      txn.commit();
    }
    CHECK_EQ(database.begin_read().open_multimap_raw("m").len(), 0);
    require_values(old.open_multimap_raw("m"), 0, 600);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a cursor stays where it is when its key has no further value") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Multimap table = open_numbers(txn);
    for (const uint64_t count : {3, 700}) {
      for (uint64_t i = 0; i < count; ++i) table.put(as_bytes(le64(count)), as_bytes(le64(i)));
    }
    MultimapCursor cursor = table.cursor();
    CHECK_THROWS_CODE(cursor.next_value(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.value_count(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.erase(), ErrorCode::misuse);
    for (const uint64_t count : {3, 700}) {
      REQUIRE(cursor.seek_exact(as_bytes(le64(count))));
      CHECK_EQ(cursor.value_count(), count);
      CHECK_FALSE(cursor.prev_value());
      CHECK_EQ(as_text(cursor.value()), le64(0));
      CHECK(cursor.last_value());
      CHECK_FALSE(cursor.next_value());
      CHECK_EQ(as_text(cursor.value()), le64(count - 1));
      CHECK(cursor.prev_value());
      CHECK_EQ(as_text(cursor.value()), le64(count - 2));
    }
    CHECK_FALSE(cursor.seek_exact(as_bytes(le64(4))));
    CHECK_EQ(as_text(cursor.key()), le64(700));
    REQUIRE(cursor.seek_le(as_bytes(le64(4))));
    CHECK_EQ(as_text(cursor.key()), le64(3));
    CHECK_EQ(as_text(cursor.value()), le64(2));

    // Deleting the value under the cursor leaves it among the values of the key.
    REQUIRE(cursor.seek_pair(as_bytes(le64(700)), as_bytes(le64(10))));
    cursor.erase();
    CHECK_THROWS_CODE(cursor.key(), ErrorCode::misuse);
    CHECK(cursor.prev_value());
    CHECK_EQ(as_text(cursor.value()), le64(9));
    cursor.erase();
    CHECK(cursor.next_value());
    CHECK_EQ(as_text(cursor.value()), le64(11));
    REQUIRE(cursor.last_value());
    cursor.erase();
    CHECK_FALSE(cursor.next_value());
    CHECK_FALSE(cursor.next());
    REQUIRE(cursor.seek_pair(as_bytes(le64(3)), as_bytes(le64(0))));
    cursor.erase();
    CHECK_FALSE(cursor.prev_value());
    CHECK(cursor.next_key());
    CHECK_EQ(as_text(cursor.key()), le64(700));

    // A change past the cursor.
    table.put(as_bytes(le64(1)), as_bytes(le64(1)));
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.next_key(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.next_value(), ErrorCode::misuse);
    CHECK_THROWS_CODE(cursor.last_value(), ErrorCode::misuse);
    CHECK(cursor.first());
    CHECK_EQ(as_text(cursor.key()), le64(1));
  }

  TEST_CASE("a cursor in a range of keys ends with it, whichever way it moves") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Multimap table = open_numbers(txn);
    for (uint64_t key = 0; key < 50; ++key) {
      for (uint64_t i = 0; i <= key % 3; ++i) table.put(as_bytes(le64(key)), as_bytes(le64(i)));
    }
    const std::string lower = le64(10);
    const std::string upper = le64(20);
    MultimapCursor cursor = table.cursor();
    cursor.set_range({Bound::excluded, Bound::included, as_bytes(lower), as_bytes(upper)});
    uint64_t forward = 0;
    while (cursor.next()) ++forward;
    uint64_t backward = 0;
    while (cursor.prev()) ++backward;
    CHECK_EQ(forward, 21);
    CHECK_EQ(backward, forward);
    CHECK(cursor.seek(as_bytes(le64(3))));
    CHECK_EQ(as_text(cursor.key()), le64(11));
    CHECK_FALSE(cursor.prev_key());
    CHECK(cursor.seek_le(as_bytes(le64(40))));
    CHECK_EQ(as_text(cursor.key()), le64(20));
    CHECK_FALSE(cursor.next_key());
    CHECK(cursor.seek_pair(as_bytes(le64(3)), as_bytes(le64(1))));
    CHECK_EQ(as_text(cursor.key()), le64(11));
    CHECK_FALSE(cursor.seek_pair(as_bytes(le64(20)), as_bytes(le64(9))));
    cursor.set_range({Bound::included, Bound::excluded, as_bytes(lower), as_bytes(lower)});
    CHECK_FALSE(cursor.first());
    CHECK_FALSE(cursor.last());
    CHECK_FALSE(cursor.seek(as_bytes(lower)));
    CHECK_FALSE(cursor.seek_le(as_bytes(lower)));
    CHECK_FALSE(cursor.seek_pair(as_bytes(lower), as_bytes(lower)));
  }

  TEST_CASE("statistics can be cancelled") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Multimap table = open_numbers(txn);
    put_values(table, 300);
    CancelToken cancel;
    cancel.cancel();
    CHECK_THROWS_CODE(table.stats(&cancel), ErrorCode::cancelled);
  }

  // Every operation that needs a page the device does not give, or room it does not have, leaves
  // all pairs as they were.
  TEST_CASE("a change that fails leaves inner and outer tree as they were") {
    const auto origin = std::make_shared<FaultDevice>();
    {
      Database database = open_device(origin);
      WriteTxn txn = database.begin_write();
      {
        Multimap table = open_numbers(txn);
        for (uint64_t key = 0; key < 40; ++key) {
          const uint64_t count = key % 4 == 0 ? 2500 : key % 4 == 1 ? 257 : key % 4 == 2 ? 254 : 3;
          for (uint64_t i = 0; i < count; ++i) {
            table.put(as_bytes(le64(key)), as_bytes(le64(2 * i)));
          }
        }
      }
      txn.commit();
      database.close();
    }
    const std::vector<std::byte> image = origin->live_image();
    struct Change {
      const char* what;
      std::function<void(Multimap&, uint64_t)> make;
    };
    const Change changes[] = {
        {"put", [](Multimap& m, uint64_t key) { m.put(as_bytes(le64(key)), as_bytes(le64(101))); }},
        {"erase",
         [](Multimap& m, uint64_t key) { m.erase(as_bytes(le64(key)), as_bytes(le64(2))); }},
        {"erase_key", [](Multimap& m, uint64_t key) { m.erase_key(as_bytes(le64(key))); }},
        {"put_batch of pairs that are there",
         [](Multimap& m, uint64_t key) {
           const std::string key_bytes = le64(key);
           const std::string values[] = {le64(0), le64(2), le64(4)};
           std::vector<Table::Record> records;
           for (const std::string& value : values) {
             records.push_back({as_bytes(key_bytes), as_bytes(value)});
           }
           const uint64_t added = m.put_batch(records);
           REQUIRE_EQ(added, 0);
         }},
    };
    int failures = 0;
    for (const Change& change : changes) {
      for (uint64_t key = 16; key < 20; ++key) {
        for (uint64_t nth = 0;; ++nth) {
          CAPTURE(change.what);
          CAPTURE(key);
          CAPTURE(nth);
          const auto device = FaultDevice::from_image(image);
          OpenOptions options;
          options.memory_budget_bytes = 1 << 20;
          Database database = open_device(device, options);
          WriteTxn txn = database.begin_write();
          bool failed = false;
          {
            Multimap table = open_numbers(txn);
            FaultPlan plan;
            plan.fail_read_at = device->read_count() + nth;
            device->set_plan(plan);
            try {
              change.make(table, key);
            } catch (const Error& error) {
              REQUIRE(error.code() == ErrorCode::io);
              failed = true;
            }
            device->set_plan({});
            if (failed) {
              ++failures;
              const ReadTxn reader = database.begin_read();
              REQUIRE_EQ(table.len(), reader.open_multimap_raw("m").len());
              REQUIRE(rows_of(table) == rows_of(reader.open_multimap_raw("m")));
            }
          }
          txn.commit();
          CHECK_VERIFIES(database);
          if (!failed) break;
        }
      }
    }
    CHECK_GT(failures, 20);

    // The same without room: small changes in a file that may not grow.
    const auto device = FaultDevice::from_image(image);
    FaultPlan plan;
    plan.capacity_bytes = image.size();
    device->set_plan(plan);
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    {
      Multimap table = open_numbers(txn);
      uint64_t expected = table.len();
      bool full = false;
      for (uint64_t i = 0; !full && i < 2'000'000; ++i) {
        const uint64_t key = i % 40;
        try {
          expected += table.put(as_bytes(le64(key)), as_bytes(le64(100'000 + i))) ? 1 : 0;
        } catch (const Error& error) {
          REQUIRE(error.code() == ErrorCode::out_of_space);
          full = true;
          CHECK_FALSE(table.contains(as_bytes(le64(key)), as_bytes(le64(100'000 + i))));
        }
      }
      CHECK(full);
      CHECK_EQ(table.len(), expected);
      CHECK_EQ(rows_of(table).size(), expected);
      // Room comes back.
      for (uint64_t key = 0; key < 10; ++key) {
        expected -= table.erase_key(as_bytes(le64(key)));
      }
      CHECK_EQ(table.len(), expected);
      CHECK(table.put(as_bytes(le64(1)), as_bytes(le64(1))));
    }
    txn.abort();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a change of a subtree that finds no room half way is committed as it stands") {
    const auto origin = std::make_shared<FaultDevice>();
    {
      Database database = open_device(origin);
      WriteTxn txn = database.begin_write();
      {
        Multimap table = open_numbers(txn);
        for (uint64_t key = 0; key < 400; ++key) {
          const uint64_t count = key == 7 ? 2500 : 50;
          for (uint64_t i = 0; i < count; ++i) {
            table.put(as_bytes(le64(key)), as_bytes(le64(2 * i)));
          }
        }
      }
      txn.commit();
      database.close();
    }
    const std::vector<std::byte> image = origin->live_image();
    const std::string key = le64(7);
    const std::string fresh = le64(101);
    const std::string there = le64(102);
    const std::string filling(3000, 'f');
    struct Change {
      const char* what;
      std::function<void(Multimap&)> make;
    };
    const Change changes[] = {
        {"put", [&](Multimap& m) { m.put(as_bytes(key), as_bytes(fresh)); }},
        {"put_batch",
         [&](Multimap& m) {
           std::vector<std::string> values;
           for (uint64_t i = 0; i < 2000; ++i) values.push_back(le64(2 * i + 1));
           std::vector<Table::Record> records;
           for (const auto& value : values) records.push_back({as_bytes(key), as_bytes(value)});
           m.put_batch(records);
         }},
        {"erase", [&](Multimap& m) { m.erase(as_bytes(key), as_bytes(there)); }},
    };
    int failures = 0;
    for (const Change& change : changes) {
      for (uint64_t room = 0; room < 12; ++room) {
        CAPTURE(change.what);
        CAPTURE(room);
        const auto device = FaultDevice::from_image(image);
        Database database = open_device(device);
        device->set_plan({.capacity_bytes = image.size()});
        WriteTxn txn = database.begin_write();
        Rows left;
        {
          Table filler = txn.open_table("filler", kU64Type, kBytesType);
          Multimap table = open_numbers(txn);
          uint64_t rows = 0;
          try {
            for (;; ++rows) filler.put(as_bytes(le64(rows)), as_bytes(filling));
          } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::out_of_space);
          }
          for (uint64_t i = 0; i < room; ++i) REQUIRE(filler.erase(as_bytes(le64(--rows))));
          try {
            change.make(table);
          } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::out_of_space);
            ++failures;
          }
          left = rows_of(table);
          CHECK_EQ(table.len(), left.size());
        }
        device->set_plan({});
        txn.commit();
        CHECK_VERIFIES(database);
        CHECK(contents_of(database)["m"] == left);
      }
    }
    CHECK_GT(failures, 6);
  }
}

}  // namespace rdb::test
