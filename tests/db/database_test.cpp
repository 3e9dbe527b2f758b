// An open database: closing it, its memory budget, files, verification, threads.
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "contents.hpp"
#include "db/open.hpp"
#include "format/allocator_key.hpp"
#include "format/system_tables.hpp"
#include "image_edit.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"
#include "temp_dir.hpp"
#include "txn/catalog.hpp"
#include "txn/write_txn.hpp"

namespace rdb::test {
namespace {

constexpr uint64_t kPage = 4096;

void put(Database& database, const std::string& key, const std::string& value,
         Durability durability = Durability::immediate) {
  WriteTxn txn = database.begin_write();
  txn.set_durability(durability);
  txn.open_table("t", kTextType, kBytesType).put(as_bytes(key), as_bytes(value));
  txn.commit();
}

std::string get(const Database& database, const std::string& key) {
  const auto value =
      database.begin_read().open_table("t", kTextType, kBytesType).get(as_bytes(key));
  return value ? std::string(as_text(value->bytes())) : "(none)";
}

void fill(Database& database, const std::string& table, uint64_t rows, size_t value_bytes) {
  WriteTxn txn = database.begin_write();
  {
    Table t = txn.open_table(table, kU64Type, kBytesType);
    for (uint64_t i = 0; i < rows; ++i) {
      t.put(as_bytes(le64(i)), as_bytes(std::string(value_bytes, static_cast<char>('a' + i % 26))));
    }
  }
  txn.commit();
}

}  // namespace

TEST_SUITE("db/close") {
  TEST_CASE("close is refused as busy while a transaction is open, and works afterwards") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    put(database, "a", "1");
    {
      const ReadTxn reader = database.begin_read();
      CHECK_THROWS_CODE(database.close(), ErrorCode::busy);
      CHECK_EQ(get(database, "a"), "1");
    }
    {
      WriteTxn writer = database.begin_write();
      CHECK_THROWS_CODE(database.close(), ErrorCode::busy);
      writer.commit();
    }
    database.close();
    CHECK_THROWS_CODE(database.begin_read(), ErrorCode::closed);
    CHECK_THROWS_CODE(database.begin_write(), ErrorCode::closed);
    CHECK_THROWS_CODE(database.stats(), ErrorCode::closed);
    CHECK_THROWS_CODE(database.verify(VerifyLevel::full), ErrorCode::closed);
    CHECK_THROWS_CODE(database.close(), ErrorCode::closed);
    CHECK_NOTHROW(database.close_deferred());
    CHECK_EQ(get(open_device(device), "a"), "1");
  }

  TEST_CASE("a deferred close waits for the last transaction and refuses everything meanwhile") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    put(database, "a", "1");
    std::optional<ReadTxn> reader(database.begin_read());
    std::optional<ReadTxn> other(database.begin_read());
    const Table table = reader->open_table("t", kTextType, kBytesType);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    std::optional<Value> value = table.get(as_bytes("a"));
    database.close_deferred();
    CHECK_THROWS_CODE(database.begin_read(), ErrorCode::closed);
    CHECK_THROWS_CODE(table.get(as_bytes("a")), ErrorCode::closed);
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::closed);
    CHECK_THROWS_CODE(reader->list_tables(), ErrorCode::closed);
    CHECK_EQ(as_text(value->bytes()), "1");
    CHECK_THROWS_CODE(open_device(device), ErrorCode::already_open);
    reader.reset();
    CHECK_THROWS_CODE(open_device(device), ErrorCode::already_open);
    other.reset();
    const Database reopened = open_device(device);
    CHECK(reopened.recovery().clean);
    CHECK_EQ(get(reopened, "a"), "1");
    CHECK_EQ(as_text(value->bytes()), "1");
  }

  TEST_CASE("a deferred close with a write transaction open keeps nothing of it") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    put(database, "a", "1");
    std::optional<WriteTxn> writer(database.begin_write());
    std::optional<Table> table(writer->open_table("t", kTextType, kBytesType));
    table->put(as_bytes("a"), as_bytes("2"));
    database.close_deferred();
    CHECK_THROWS_CODE(table->put(as_bytes("a"), as_bytes("3")), ErrorCode::closed);
    SUBCASE("committed too late") {
      table.reset();
      CHECK_THROWS_CODE(writer->commit(), ErrorCode::closed);
    }
    SUBCASE("dropped") {}
    table.reset();
    writer.reset();
    const Database reopened = open_device(device);
    CHECK(reopened.recovery().clean);
    CHECK_EQ(get(reopened, "a"), "1");
    CHECK_VERIFIES(reopened);
  }

  TEST_CASE("the destructor closes cleanly when nothing is open, and after the last handle else") {
    const auto device = std::make_shared<FaultDevice>();
    std::optional<ReadTxn> reader;
    {
      Database database = open_device(device);
      put(database, "a", "1");
      reader.emplace(database.begin_read());
    }
    CHECK_THROWS_CODE(open_device(device), ErrorCode::already_open);
    reader.reset();
    const Database reopened = open_device(device);
    CHECK(reopened.recovery().clean);
  }

  // Spec 01 C7: what lets both Rust engines open our files.
  TEST_CASE("a cleanly closed file lists no freed pages and its state is the census of its pages") {
    const auto device = std::make_shared<FaultDevice>();
    OpenOptions options;
    SUBCASE("one region") {}
    SUBCASE("many regions") { options.region_pages = 64; }
    SUBCASE("little-endian page lists") { options.key_profile = KeyProfile::redb; }
    {
      Database database = open_device(device, options);
      fill(database, "numbers", 3000, 200);
      const ReadTxn reader = database.begin_read();
      fill(database, "numbers", 3000, 150);
      put(database, "a", "1", Durability::none);
      WriteTxn txn = database.begin_write();
      REQUIRE(txn.delete_table("numbers"));
      txn.commit();
    }
    const Image image = device->live_image();
    const format::Header header = header_of(image);
    CHECK_FALSE(header.recovery_required);
    CHECK(header.two_phase);
    CHECK_EQ(header.layout.file_bytes(), image.size());

    RecoveryReport report;
    auto store = db::open_store(std::make_unique<FaultBackend>(device), options, report);
    CHECK(report.clean);
    CHECK_FALSE(report.full_repair);
    const auto rows = txn::list_records(store->pool(), {store->snapshots().current().system_root});
    uint64_t page_lists = 0;
    for (const txn::CatalogRow& row : rows) {
      REQUIRE(row.record.has_value());
      CAPTURE(row.name);
      if (row.name == format::kAllocatorState.name) continue;
      ++page_lists;
      CHECK_EQ(row.record->entries(), 0);
      CHECK_FALSE(row.record->root.has_value());
    }
    MESSAGE("system tables beside the state: " << page_lists);
    store->close_backend();
    store.reset();
    // verify(full) compares the state just loaded with a walk of every tree.
    const Database database = open_device(device, options);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a close gives back what the file no longer needs") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    fill(database, "bulk", 4000, 1000);
    const uint64_t large = database.stats().file_bytes;
    {
      WriteTxn txn = database.begin_write();
      REQUIRE(txn.delete_table("bulk"));
      txn.commit();
    }
    database.close();
    CHECK(device->live_image().size() < large / 2);
    CHECK_VERIFIES(open_device(device));
  }
}

TEST_SUITE("db/database") {
  TEST_CASE("a file is created, closed, opened; a missing one is not, in mode existing") {
    const TempDir dir;
    OpenOptions existing;
    existing.mode = OpenMode::existing;
    CHECK_THROWS_CODE(Database::open(dir / "f.rdb", existing), ErrorCode::io);
    {
      Database database = Database::open(dir / "f.rdb");
      put(database, "a", "1");
      CHECK_THROWS_CODE(Database::open(dir / "f.rdb"), ErrorCode::already_open);
      database.close();
    }
    CHECK_EQ(get(Database::open(dir / "f.rdb", existing), "a"), "1");
    OpenOptions create_new;
    create_new.mode = OpenMode::create_new;
    CHECK_THROWS_CODE(Database::open(dir / "f.rdb", create_new), ErrorCode::io);
    OpenOptions read_only;
    read_only.mode = OpenMode::read_only;
    const Database one = Database::open(dir / "f.rdb", read_only);
    const Database two = Database::open(dir / "f.rdb", read_only);
    CHECK_EQ(get(two, "a"), "1");
    CHECK_THROWS_CODE(Database::open(dir / "f.rdb"), ErrorCode::already_open);
  }

  TEST_CASE("a budget of 1 MiB holds while 30 MB are written and read") {
    const auto device = std::make_shared<FaultDevice>();
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    Database database = open_device(device, options);
    REQUIRE_EQ(database.stats().memory_budget_bytes, 1 << 20);
    uint64_t most = 0;
    const auto note = [&] { most = std::max(most, database.stats().resident_bytes); };
    constexpr uint64_t kRows = 30'000;
    {
      WriteTxn txn = database.begin_write();  // one transaction far beyond the budget
      {
        Table table = txn.open_table("t", kU64Type, kBytesType);
        for (uint64_t i = 0; i < kRows; ++i) {
          table.put(as_bytes(le64(i * 7919 % kRows)),
                    as_bytes(std::string(1000, static_cast<char>('a' + i % 26))));
          if (i % 50 == 0) note();
        }
      }
      txn.commit();
    }
    note();
    {
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table("t", kU64Type, kBytesType);
      Cursor cursor = table.cursor();
      uint64_t rows = 0;
      for (; cursor.next(); ++rows) {
        REQUIRE_EQ(cursor.value().size(), 1000);
        if (rows % 50 == 0) note();
      }
      CHECK_EQ(rows, kRows);
      for (uint64_t i = 0; i < 5000; ++i) {
        REQUIRE(table.contains(as_bytes(le64(i * 104729 % kRows))));
        if (i % 50 == 0) note();
      }
    }
    MESSAGE("at most " << most << " bytes resident");
    CHECK(most < (1 << 20) * 3 / 2);
    CHECK(database.stats().pages_evicted > 5000);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("verification finds a damaged page, names it and its table, and goes on") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      fill(database, "t", 2000, 100);
      fill(database, "u", 10, 100);
      database.close();
    }
    Image image = device->live_image();
    const std::string needle(100, 'k');
    const auto at = std::search(image.begin() + kPage, image.end(), as_bytes(needle).begin(),
                                as_bytes(needle).end());
    REQUIRE(at != image.end());
    *at = std::byte{'X'};
    Database database = open_device(FaultDevice::from_image(image));
    const VerifyReport report = database.verify(VerifyLevel::full);
    REQUIRE_FALSE(report.ok());
    CHECK_EQ(report.problems.front().object, "table \"t\"");
    CHECK_FALSE(report.problems.front().what.empty());
    CHECK_FALSE(report.problems.front().meaning.empty());
    CHECK_EQ(report.tables_checked >= 2, true);
    // Reading the row reports it too, instead of handing out the wrong byte.
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table("t", kU64Type, kBytesType);
    Cursor cursor = table.cursor();
    const auto read_all = [&] {
      while (cursor.next()) {
      }
    };
    CHECK_THROWS_CODE(read_all(), ErrorCode::page_corrupted);
    CHECK(database.verify(VerifyLevel::header).ok());
  }

  TEST_CASE("verification can be cancelled") {
    Database database = Database::open_memory();
    fill(database, "t", 100, 100);
    CancelToken token;
    token.cancel();
    CHECK_THROWS_CODE(database.verify(VerifyLevel::full, nullptr, &token), ErrorCode::cancelled);
    CHECK_EQ(database.stats().live_readers, 0);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("statistics count what happened") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    const DatabaseStats before = database.stats();
    CHECK_EQ(before.page_bytes, kPage);
    CHECK_EQ(before.file_bytes, device->live_image().size());
    put(database, "a", "1");
    const ReadTxn reader = database.begin_read();
    const DatabaseStats after = database.stats();
    CHECK_EQ(after.commits, before.commits + 1);
    CHECK_EQ(after.live_readers, 1);
    CHECK(after.bytes_written > before.bytes_written);
    CHECK(after.syncs > before.syncs);
    CHECK(after.pages_allocated > before.pages_allocated);
    CHECK_EQ(after.allocated_pages + after.free_pages, after.file_bytes / kPage - 1);
    CHECK_EQ(after.last_txn_id, reader.id());
    CHECK_EQ(after.durable_txn_id, reader.id());
  }

  // Rows of one transaction carry the same stamp, so a reader that sees two stamps saw half a
  // commit.
  TEST_CASE("four readers beside a writer always see whole commits") {
    const auto device = std::make_shared<FaultDevice>();
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    Database database = open_device(device, options);
    constexpr uint64_t kRows = 600;
    const auto stamp_all = [&](uint64_t stamp, Durability durability) {
      WriteTxn txn = database.begin_write();
      txn.set_durability(durability);
      {
        Table table = txn.open_table("t", kU64Type, kBytesType);
        const std::string value = le64(stamp) + std::string(stamp * 37 % 3000, 'x');
        for (uint64_t i = 0; i < kRows; ++i) {
          table.put(as_bytes(le64(i)), as_bytes(i % 8 == 0 ? value : le64(stamp)));
        }
      }
      txn.commit();
    };
    stamp_all(0, Durability::immediate);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> snapshots{0};
    std::atomic<uint64_t> wrong{0};
    const auto read = [&](unsigned number) {
      uint64_t last_id = 0;
      std::vector<Value> held;
      while (!stop.load()) {
        const ReadTxn txn = database.begin_read();
        const Table table = txn.open_table("t", kU64Type, kBytesType);
        if (txn.id() < last_id) ++wrong;
        last_id = txn.id();
        const std::string stamp(as_text(table.get(as_bytes(le64(0)))->bytes()).substr(0, 8));
        if (number % 2 == 0) {
          uint64_t rows = 0;
          for (Cursor cursor = table.cursor(); cursor.next(); ++rows) {
            if (as_text(cursor.value()).substr(0, 8) != stamp) ++wrong;
          }
          if (rows != kRows) ++wrong;
        } else {
          for (uint64_t i = 0; i < 200; ++i) {
            std::optional<Value> value = table.get(as_bytes(le64(i * 7 % kRows)));
            if (!value || as_text(value->bytes()).substr(0, 8) != stamp) ++wrong;
            if (i == 0 && value && held.size() < 20) held.push_back(std::move(*value));
          }
          if (held.size() == 20) held.clear();
        }
        ++snapshots;
      }
    };
    std::vector<std::thread> readers;
    for (unsigned i = 0; i < 4; ++i) readers.emplace_back(read, i);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    uint64_t commits = 0;
    while (std::chrono::steady_clock::now() < end || commits < 20 || snapshots.load() < 20) {
      ++commits;
      stamp_all(commits, commits % 3 == 0 ? Durability::none : Durability::immediate);
      if (commits % 50 == 10) CHECK_VERIFIES(database);
    }
    stop.store(true);
    for (std::thread& reader : readers) reader.join();
    MESSAGE(commits << " commits beside " << snapshots.load() << " snapshots");
    CHECK_EQ(wrong.load(), 0);
    CHECK_VERIFIES(database);
  }
}

}  // namespace rdb::test
