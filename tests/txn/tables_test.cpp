// The catalog as transactions see it: opening, listing, renaming and deleting tables.
#include "contents.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

void make(Database& database, const std::string& name, int rows = 3, size_t value_bytes = 10) {
  WriteTxn txn = database.begin_write();
  {
    Table table = txn.open_table(name, kU64Type, kBytesType);
    for (int i = 0; i < rows; ++i) {
      table.put(as_bytes(le64(static_cast<uint64_t>(i))), as_bytes(std::string(value_bytes, 'v')));
    }
  }
  txn.commit();
}

std::string message_of(auto&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("txn/tables") {
  TEST_CASE("a table opened with other types is refused, and the message names both") {
    Database database = Database::open_memory();
    make(database, "t");
    const auto open = [&] { database.begin_read().open_table("t", kTextType, kU64Type); };
    CHECK_THROWS_CODE(open(), ErrorCode::table_type);
    const std::string message = message_of(open);
    for (const char* part : {"\"t\"", "u64", "&[u8]", "&str"}) CHECK(contains(message, part));
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.open_table("t", kU64Type, kU64Type), ErrorCode::table_type);
    // The class counts too.
    CHECK_THROWS_CODE(txn.open_table("t", {TypeName::kUserDefined, "u64"}, kBytesType),
                      ErrorCode::table_type);
    CHECK_NOTHROW(txn.open_table("t", kU64Type, kBytesType));
  }

  TEST_CASE("a missing table is an error for readers and is created by writers") {
    Database database = Database::open_memory();
    CHECK_THROWS_CODE(database.begin_read().open_table("t", kU64Type, kU64Type),
                      ErrorCode::table_missing);
    CHECK_THROWS_CODE(database.begin_read().open_table_raw("t"), ErrorCode::table_missing);
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.open_table_raw("t"), ErrorCode::table_missing);
    txn.open_table("t", kU64Type, kU64Type);
    CHECK_NOTHROW(txn.open_table_raw("t"));
    txn.commit();
    CHECK_EQ(database.begin_read().open_table("t", kU64Type, kU64Type).len(), 0);
  }

  TEST_CASE("a table is open at most once in a write transaction") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    {
      const Table first = txn.open_table("t", kU64Type, kU64Type);
      CHECK_THROWS_CODE(txn.open_table("t", kU64Type, kU64Type), ErrorCode::table_open);
      CHECK_THROWS_CODE(txn.open_table_raw("t"), ErrorCode::table_open);
      CHECK_THROWS_CODE(txn.rename_table("t", "u"), ErrorCode::table_open);
      CHECK_THROWS_CODE(txn.delete_table("t"), ErrorCode::table_open);
    }
    CHECK_NOTHROW(txn.open_table("t", kU64Type, kU64Type));
  }

  TEST_CASE("a table closed and opened again in its transaction keeps its changes") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    txn.open_table("t", kU64Type, kU64Type).put(as_bytes(le64(1)), as_bytes(le64(2)));
    CHECK_EQ(txn.open_table("t", kU64Type, kU64Type).len(), 1);
    CHECK_EQ(txn.find_table("t")->entries, 1);
    CHECK_EQ(txn.list_tables().at(0).entries, 1);
  }

  TEST_CASE("names that are reserved or no names are refused") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    for (const char* name : {"__rdb:meta", "__rdb:", "__ivfpq:x"}) {
      CAPTURE(name);
      CHECK_THROWS_CODE(txn.open_table(name, kU64Type, kU64Type), ErrorCode::reserved_name);
      CHECK_THROWS_CODE(txn.rename_table(name, "x"), ErrorCode::reserved_name);
      CHECK_THROWS_CODE(txn.delete_table(name), ErrorCode::reserved_name);
    }
    CHECK_THROWS_CODE(txn.open_table("", kU64Type, kU64Type), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(txn.open_table("\xff", kU64Type, kU64Type), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(txn.open_table(std::string("\0x", 2), kU64Type, kU64Type),
                      ErrorCode::invalid_argument);
    txn.open_table("t", kU64Type, kU64Type);
    CHECK_THROWS_CODE(txn.rename_table("t", "__rdb:t"), ErrorCode::reserved_name);
    // Only the prefixes are reserved.
    CHECK_NOTHROW(txn.open_table("__mine", kU64Type, kU64Type));
    CHECK_NOTHROW(txn.open_table("\xc3\xa9", kU64Type, kU64Type));
  }

  TEST_CASE("key types without a known order and unknown value types make no table") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.open_table("t", {TypeName::kUserDefined, "Mine"}, kU64Type),
                      ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(txn.open_table("t", {TypeName::kBuiltin, "f64"}, kU64Type),
                      ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(txn.open_table("t", kU64Type, {TypeName::kUserDefined, "Mine"}),
                      ErrorCode::unsupported);
    CHECK(txn.list_tables().empty());
  }

  TEST_CASE("tables are listed by name with their types, widths and counts") {
    Database database = Database::open_memory();
    make(database, "b", 5);
    WriteTxn txn = database.begin_write();
    txn.open_table("a", {TypeName::kBuiltin, "[u8;16]"}, {TypeName::kBuiltin, "()"});
    txn.commit();
    const std::vector<TableInfo> tables = database.begin_read().list_tables();
    REQUIRE_EQ(tables.size(), 2);
    CHECK_EQ(tables[0].name, "a");
    CHECK_EQ(tables[0].key_width, 16);
    CHECK_EQ(tables[0].value_width, 0);
    CHECK(tables[0].key_order_known);
    CHECK_EQ(tables[1].name, "b");
    CHECK_EQ(tables[1].key_type.name, "u64");
    CHECK_FALSE(tables[1].value_width.has_value());
    CHECK_EQ(tables[1].entries, 5);
    CHECK(tables[1].kind == TableKind::normal);
  }

  TEST_CASE("a rename moves the rows; a missing source and an existing target are refused") {
    Database database = Database::open_memory();
    make(database, "a", 4);
    make(database, "b", 1);
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.rename_table("missing", "c"), ErrorCode::table_missing);
    CHECK_THROWS_CODE(txn.rename_table("a", "b"), ErrorCode::table_exists);
    CHECK_THROWS_CODE(txn.rename_table("a", "a"), ErrorCode::table_exists);
    txn.rename_table("a", "c");
    CHECK_FALSE(txn.find_table("a").has_value());
    CHECK_EQ(txn.open_table("c", kU64Type, kBytesType).len(), 4);
    txn.commit();
    CHECK_EQ(database.begin_read().find_table("c")->entries, 4);
    CHECK_FALSE(database.begin_read().find_table("a").has_value());
    CHECK_VERIFIES(database);
  }

  TEST_CASE("spec 02 D1: a table changed, then renamed, then changed is whole after reopening") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    make(database, "a", 400, 100);
    {
      WriteTxn txn = database.begin_write();
      SUBCASE("it existed before") {}
      SUBCASE("it is new") {
        REQUIRE(txn.delete_table("a"));
        Table table = txn.open_table("a", kU64Type, kBytesType);
        for (uint64_t i = 0; i < 400; ++i) table.put(as_bytes(le64(i)), as_bytes("other"));
      }
      txn.open_table("a", kU64Type, kBytesType).put(as_bytes(le64(7)), as_bytes("changed"));
      txn.rename_table("a", "b");
      txn.open_table("b", kU64Type, kBytesType).put(as_bytes(le64(8)), as_bytes("after"));
      txn.rename_table("b", "c");
      // The old name is free for another table.
      txn.open_table("a", kU64Type, kBytesType).put(as_bytes(le64(1)), as_bytes("new"));
      txn.commit();
    }
    CHECK_VERIFIES(database);
    const Contents expected = contents_of(database);
    CHECK_EQ(expected.at("c").at(7).second, "changed");
    CHECK_EQ(expected.at("c").at(8).second, "after");
    CHECK_EQ(expected.at("a").size(), 1);
    const auto survivor = FaultDevice::from_image(device->crash_image(CrashMode::durable));
    const Database after_crash = open_device(survivor);
    CHECK(contents_of(after_crash) == expected);
    database.close();
    const Database reopened = open_device(device);
    CHECK(contents_of(reopened) == expected);
    CHECK_VERIFIES(reopened);
  }

  TEST_CASE("an aborted rename or deletion leaves the table") {
    Database database = Database::open_memory();
    make(database, "a", 4);
    {
      WriteTxn txn = database.begin_write();
      txn.rename_table("a", "b");
      txn.open_table("b", kU64Type, kBytesType).put(as_bytes(le64(99)), as_bytes("x"));
    }
    {
      WriteTxn txn = database.begin_write();
      CHECK(txn.delete_table("a"));
      CHECK_FALSE(txn.find_table("a").has_value());
    }
    CHECK_EQ(database.begin_read().find_table("a")->entries, 4);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a deleted table gives its pages back") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    make(database, "small");
    const uint64_t before = database.stats().allocated_pages;
    make(database, "large", 2000, 500);
    const uint64_t with = database.stats().allocated_pages;
    REQUIRE(with > before + 200);
    {
      WriteTxn txn = database.begin_write();
      CHECK(txn.delete_table("large"));
      CHECK_FALSE(txn.delete_table("large"));
      txn.commit();
    }
    CHECK_VERIFIES(database);
    make(database, "small");  // the next commits find them free
    make(database, "small");
    CHECK(database.stats().allocated_pages < before + 20);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a table made, filled and deleted in one transaction leaves nothing") {
    Database database = Database::open_memory();
    make(database, "a");
    const uint64_t before = database.stats().allocated_pages;
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("b", kU64Type, kBytesType);
      for (uint64_t i = 0; i < 1000; ++i) {
        table.put(as_bytes(le64(i)), as_bytes(std::string(300, 'x')));
      }
    }
    CHECK(txn.delete_table("b"));
    txn.commit();
    CHECK_EQ(database.begin_read().list_tables().size(), 1);
    CHECK(database.stats().allocated_pages <= before + 4);
    CHECK_VERIFIES(database);
  }
}

}  // namespace rdb::test
