// Compressed files that shodh-redb is no longer expected to write to: which are marked so, and what
// the mark allows (spec 01 section 5.5).
#include "db/rdb_only.hpp"

#include "contents.hpp"
#include "format/leaf_view.hpp"
#include "format/table_record.hpp"
#include "image_edit.hpp"
#include "support.hpp"
#include "txn/table_rules.hpp"

namespace rdb::test {
namespace {

OpenOptions with(Compression compression) {
  OpenOptions options;
  options.compression = compression;
  return options;
}

OpenOptions opted_in() {
  OpenOptions options;
  options.rdb_only = true;
  return options;
}

// A compressed file with one plain table, as shodh-redb leaves it: without a mark.
Image unmarked() {
  const auto device = std::make_shared<FaultDevice>();
  open_device(device).close();
  Image image = device->live_image();
  edit_header(image, [](format::Header& header) {
    header.compression = static_cast<uint8_t>(Compression::lz4);
    for (int slot : {0, 1}) {
      if (header.slot_state(slot) != format::SlotState::valid) continue;
      format::CommitSlot commit = header.slot(slot);
      commit.version = 4;
      header.set_slot(slot, commit);
    }
  });
  const auto marked = FaultDevice::from_image(image);
  Database database = open_device(marked);
  WriteTxn txn = database.begin_write();
  txn.open_table("t", kTextType, kTextType).put(as_bytes("a"), as_bytes("1"));
  txn.commit();
  database.close();
  return marked->live_image();
}

bool marked(const Database& database) {
  return database.begin_read().find_table(txn::kMetaTable).has_value();
}

void put_pair(Database& database, std::string_view value) {
  WriteTxn txn = database.begin_write();
  txn.open_multimap("m", kTextType, kTextType).put(as_bytes("k"), as_bytes(value));
  txn.commit();
}

}  // namespace

TEST_SUITE("db/rdb only") {
  TEST_CASE("a new compressed file is marked, and takes multimaps from then on") {
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
      const auto device = std::make_shared<FaultDevice>();
      {
        Database database = open_device(device, with(codec));
        CHECK(marked(database));
        database.close();
      }
      Database database = open_device(device);
      CHECK(marked(database));
      put_pair(database, "1");
      put_pair(database, std::string(3000, 'v'));
      CHECK(rows_of(database.begin_read().open_multimap("m", kTextType, kTextType)) ==
            Rows{{"k", "1"}, {"k", std::string(3000, 'v')}});
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("files without compression are not, whatever is asked for") {
    Database database = open_device(std::make_shared<FaultDevice>(), opted_in());
    CHECK_FALSE(marked(database));
    put_pair(database, "1");
  }

  TEST_CASE("the mark is not listed, cannot be changed, and can be read") {
    Database database = open_device(std::make_shared<FaultDevice>(), with(Compression::lz4));
    CHECK(database.begin_read().list_tables().empty());
    CHECK(rows_of(database.begin_read().open_table_raw(txn::kMetaTable)) ==
          Rows{{"rdb_only", "\x01"}});
    WriteTxn txn = database.begin_write();
    CHECK(txn.list_tables().empty());
    CHECK_THROWS_CODE(txn.open_table_raw(txn::kMetaTable), ErrorCode::reserved_name);
    CHECK_THROWS_CODE(txn.open_table(txn::kMetaTable, kTextType, kBytesType),
                      ErrorCode::reserved_name);
    CHECK_THROWS_CODE(txn.rename_table(txn::kMetaTable, "mine"), ErrorCode::reserved_name);
    CHECK_THROWS_CODE(txn.delete_table(txn::kMetaTable), ErrorCode::reserved_name);
  }

  TEST_CASE("spec 02 D3: a file without the mark gets no multimaps, and is left without it") {
    const auto device = FaultDevice::from_image(unmarked());
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.open_multimap("m", kTextType, kTextType), ErrorCode::unsupported);
    CHECK_FALSE(txn.find_table("m").has_value());
    txn.open_table("t", kTextType, kTextType).put(as_bytes("b"), as_bytes("2"));
    txn.commit();
    database.close();
    Database again = open_device(device);
    CHECK_FALSE(marked(again));
    CHECK(rows_of(again.begin_read().open_table("t", kTextType, kTextType)) ==
          Rows{{"a", "1"}, {"b", "2"}});
  }

  TEST_CASE("whoever opts in marks the file for good") {
    const auto device = FaultDevice::from_image(unmarked());
    {
      Database database = open_device(device, opted_in());
      CHECK(marked(database));
      put_pair(database, "1");
      database.close();
    }
    Database again = open_device(device);
    CHECK(marked(again));
    put_pair(again, "2");
    CHECK_VERIFIES(again);
  }

  TEST_CASE("multimaps of a file without the mark are read, not changed, and can go as a whole") {
    // The mark is taken away under its new name.
    const auto marked_device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(marked_device, with(Compression::lz4));
      put_pair(database, "1");
      put_pair(database, "2");
      database.close();
    }
    Image image = marked_device->live_image();
    edit_catalog(image, [](std::span<std::byte> page) {
      replace_text(page, txn::kMetaTable, "__rdb:mete");
    });
    Database database = open_device(FaultDevice::from_image(image));
    CHECK(rows_of(database.begin_read().open_multimap("m", kTextType, kTextType)) ==
          Rows{{"k", "1"}, {"k", "2"}});
    CHECK_VERIFIES(database);
    {
      WriteTxn txn = database.begin_write();
      Multimap table = txn.open_multimap("m", kTextType, kTextType);
      const Table::Record record{as_bytes("k"), as_bytes("3")};
      CHECK_THROWS_CODE(table.put(record.key, record.value), ErrorCode::unsupported);
      CHECK_THROWS_CODE(table.put_batch({&record, 1}), ErrorCode::unsupported);
      CHECK_THROWS_CODE(table.erase(record.key, as_bytes("1")), ErrorCode::unsupported);
      CHECK_THROWS_CODE(table.erase_key(record.key), ErrorCode::unsupported);
      CHECK_THROWS_CODE(table.drain(), ErrorCode::unsupported);
      MultimapCursor cursor = table.cursor();
      REQUIRE(cursor.first());
      CHECK_THROWS_CODE(cursor.erase(), ErrorCode::unsupported);
      CHECK_EQ(table.len(), 2);
    }
    WriteTxn txn = database.begin_write();
    CHECK(txn.delete_table("m"));
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a crash between a commit and its close loses no pair of a compressed multimap") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device, with(Compression::zstd));
    Rows expected;
    WriteTxn txn = database.begin_write();
    {
      Multimap table = txn.open_multimap("m", kTextType, kTextType);
      for (int key = 0; key < 20; ++key) {
        for (int value = 0; value < 1 << (key / 2); ++value) {
          expected.emplace_back("key " + std::to_string(1000 + key),
                                std::string(30, 'x') + std::to_string(10000 + value));
          table.put(as_bytes(expected.back().first), as_bytes(expected.back().second));
        }
      }
    }
    txn.commit();
    const Database again =
        open_device(FaultDevice::from_image(device->crash_image(CrashMode::durable)));
    CHECK(again.recovery().full_repair);
    CHECK(rows_of(again.begin_read().open_multimap("m", kTextType, kTextType)) == expected);
    CHECK_VERIFIES(again);
  }

  TEST_CASE("damage of the mark keeps nobody from opening the file, and is no mark") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device, with(Compression::lz4));
      database.close();
    }
    Image image = device->live_image();
    const format::Header header = header_of(image);
    const auto page_at = [&](format::PageNumber page) {
      return std::span(image).subspan(header.layout.page_offset(page), page.bytes());
    };
    const format::TreeRoot catalog = header.slot(header.primary).user_root;
    const auto leaf = format::LeafView::parse(page_at(catalog->page), format::kVariableWidths);
    REQUIRE_EQ(leaf.size(), 1);
    const auto record = format::TableRecord::parse(txn::kMetaTable, leaf.value(0), true);
    page_at(record.root->page)[10] ^= std::byte{1};
    {
      const auto damaged = FaultDevice::from_image(image);
      Database database = open_device(damaged);
      WriteTxn txn = database.begin_write();
      txn.open_table("t", kTextType, kTextType).put(as_bytes("a"), as_bytes("1"));
      CHECK_THROWS_CODE(txn.open_multimap("m", kTextType, kTextType), ErrorCode::unsupported);
      txn.commit();
    }
    CHECK_THROWS_CODE(open_device(FaultDevice::from_image(image), opted_in()),
                      ErrorCode::page_corrupted);
  }
}

}  // namespace rdb::test
