// Cursors whose moves fail: what they stand on afterwards, and that no stale bytes are handed out.
#include <array>
#include <functional>

#include "contents.hpp"
#include "image_surgeon.hpp"
#include "rdb/database.hpp"
#include "rdb/multimap.hpp"
#include "support.hpp"
#include "ttl_support.hpp"

namespace rdb::test {
namespace {

using Move = std::function<void(Cursor&)>;

struct NamedMove {
  const char* name;
  Move move;
};

std::array<Bytes, 4> some_keys;
std::array<Bytes, 4> some_values;

const NamedMove kMoves[] = {
    {"first", [](Cursor& cursor) { cursor.first(); }},
    {"last", [](Cursor& cursor) { cursor.last(); }},
    {"next",
     [](Cursor& cursor) {
       while (cursor.next()) continue;
     }},
    {"prev",
     [](Cursor& cursor) {
       while (cursor.prev()) continue;
     }},
    {"seek", [](Cursor& cursor) { cursor.seek(as_bytes("000001")); }},
    {"seek_exact", [](Cursor& cursor) { cursor.seek_exact(as_bytes("000001")); }},
    {"seek_le", [](Cursor& cursor) { cursor.seek_le(as_bytes("000001")); }},
    {"next_slices",
     [](Cursor& cursor) {
       while (cursor.next_slices(some_keys, some_values) > 0) continue;
     }},
    {"next_packed",
     [](Cursor& cursor) {
       std::vector<std::byte> buffer(8000);
       size_t used = 0;
       size_t needed = 0;
       while (cursor.next_packed(buffer, 4, used, needed) > 0) continue;
     }},
};

constexpr uint64_t kRows = 200;
constexpr uint64_t kMiddle = 100;

std::string value_of(uint64_t i) { return std::string(900, static_cast<char>('a' + i % 26)); }

void fill(Database& database) {
  WriteTxn txn = database.begin_write();
  {
    Table table = txn.open_table("t", kTextType, kBytesType);
    for (uint64_t i = 0; i < kRows; ++i) {
      table.put(as_bytes(numbered_key(i)), as_bytes(value_of(i)));
    }
  }
  txn.commit();
}

OpenOptions tiny_budget() {
  OpenOptions options;
  options.memory_budget_bytes = 1;
  return options;
}

// A device with the rows, whose next user has none of them in memory.
std::shared_ptr<FaultDevice> filled_device() {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device);
  fill(database);
  database.close();
  return device;
}

// Every read, or every write, fails until the next plan.
void fail_reads(FaultDevice& device) {
  FaultPlan plan;
  plan.fail_read_at = device.read_count();
  plan.fail_read_count = kNever - plan.fail_read_at;
  device.set_plan(plan);
}
void fail_writes(FaultDevice& device) {
  FaultPlan plan;
  plan.fail_at = device.event_count();
  plan.fail_count = kNever - plan.fail_at;
  device.set_plan(plan);
}

void require_nowhere(Cursor& cursor) {
  CHECK_FALSE(cursor.valid());
  CHECK_THROWS_CODE(cursor.key(), ErrorCode::misuse);
  CHECK_THROWS_CODE(cursor.value(), ErrorCode::misuse);
}

}  // namespace

TEST_SUITE("table/cursor trouble") {
  TEST_CASE("a move that cannot read its leaf leaves the cursor nowhere") {
    const auto device = filled_device();
    for (const NamedMove& named : kMoves) {
      CAPTURE(std::string(named.name));
      const Database database = open_device(device);
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table("t", kTextType, kBytesType);
      Cursor cursor = table.cursor();
      REQUIRE(cursor.seek(as_bytes(numbered_key(kMiddle))));
      fail_reads(*device);
      CHECK_THROWS_CODE(named.move(cursor), ErrorCode::io);
      require_nowhere(cursor);
      device->set_plan({});
      REQUIRE(cursor.seek(as_bytes(numbered_key(kMiddle))));
      CHECK(as_text(cursor.value()) == value_of(kMiddle));
    }
  }

  TEST_CASE("a change through a cursor that fails leaves it and the table as they were") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device, tiny_budget());
    fill(database);
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kTextType, kBytesType);
      Table other = txn.open_table("other", kTextType, kBytesType);
      Cursor cursor = table.cursor();
      REQUIRE(cursor.seek(as_bytes(numbered_key(kMiddle))));
      // More than the memory holds: the next change writes it out first.
      other.put(as_bytes("k"), as_bytes(std::string(30 << 20, 'x')));
      fail_writes(*device);
      CHECK_THROWS_CODE(cursor.replace(as_bytes("new")), ErrorCode::io);
      CHECK(as_text(cursor.key()) == numbered_key(kMiddle));
      CHECK_THROWS_CODE(cursor.erase(), ErrorCode::io);
      CHECK(as_text(cursor.key()) == numbered_key(kMiddle));
      CHECK(as_text(cursor.value()) == value_of(kMiddle));
      device->set_plan({});
      CHECK_EQ(table.len(), kRows);
      cursor.erase();
      CHECK_EQ(table.len(), kRows - 1);
      REQUIRE(cursor.next());
      CHECK(as_text(cursor.key()) == numbered_key(kMiddle + 1));
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a delete through a cursor that reports a failure did not happen") {
    const auto device = filled_device();
    uint64_t failures = 0;
    for (uint64_t i = kMiddle; i < kMiddle + 10; ++i) {  // a leaf or two, their ends among them
      CAPTURE(i);
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kTextType, kBytesType);
      Cursor cursor = table.cursor();
      REQUIRE(cursor.seek(as_bytes(numbered_key(i))));
      fail_reads(*device);
      bool failed = false;
      try {
        cursor.erase();
      } catch (const Error& error) {
        REQUIRE(error.code() == ErrorCode::io);
        failed = true;
      }
      device->set_plan({});
      failures += failed;
      CHECK_EQ(table.contains(as_bytes(numbered_key(i))), failed);
      if (failed) {
        CHECK(as_text(cursor.key()) == numbered_key(i));
      } else {
        REQUIRE(cursor.next());
        CHECK(as_text(cursor.key()) == numbered_key(i + 1));
      }
      txn.abort();
    }
    CHECK_GT(failures, 0);
    CHECK_LT(failures, 10);
  }

  TEST_CASE("what fails leaves a multimap's cursor as a fresh one") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      {
        Multimap table = txn.open_multimap("m", kTextType, kBytesType);
        for (uint64_t i = 0; i < kRows; ++i) {
          table.put(as_bytes(numbered_key(i)), as_bytes(value_of(i)));
        }
      }
      txn.commit();
      database.close();
    }
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    {
      Multimap table = txn.open_multimap("m", kTextType, kBytesType);
      MultimapCursor cursor = table.cursor();
      const auto require_fresh = [&] {
        CHECK_FALSE(cursor.valid());
        device->set_plan({});
        REQUIRE(cursor.next());
        CHECK(as_text(cursor.key()) == numbered_key(0));
      };
      REQUIRE(cursor.seek(as_bytes(numbered_key(kMiddle))));
      fail_reads(*device);
      CHECK_THROWS_CODE(
          [&] {
            while (cursor.next()) continue;
          }(),
          ErrorCode::io);
      require_fresh();

      // A leaf that has lost enough asks for the one beside it.
      uint64_t erased = 0;
      for (bool failed = false; !failed; erased += !failed) {
        REQUIRE(cursor.seek(as_bytes(numbered_key(kMiddle + erased))));
        fail_reads(*device);
        try {
          cursor.erase();
        } catch (const Error& error) {
          REQUIRE(error.code() == ErrorCode::io);
          failed = true;
        }
        device->set_plan({});
        REQUIRE_LT(erased, 10);
      }
      require_fresh();
      CHECK_GT(erased, 0);
      CHECK_EQ(table.len(), kRows - erased);
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("an extraction that cannot read on begins anew, and what it took stays taken") {
    const auto device = filled_device();
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kTextType, kBytesType);
      Extraction walk = table.extract();
      REQUIRE(walk.next());
      REQUIRE(walk.take());
      while (as_text(walk.key()) != numbered_key(kMiddle / 2)) REQUIRE(walk.next());
      fail_reads(*device);
      CHECK_THROWS_CODE(
          [&] {
            while (walk.next()) continue;
          }(),
          ErrorCode::io);
      CHECK_FALSE(walk.valid());
      CHECK_FALSE(walk.take());
      device->set_plan({});
      for (uint64_t i = 1; i < kRows; ++i) {
        REQUIRE(walk.next());
        REQUIRE(as_text(walk.key()) == numbered_key(i));
        if (i == 1 || i == kMiddle) REQUIRE(walk.take());
      }
      CHECK_FALSE(walk.next());
      CHECK_EQ(walk.finish(), 3);
      CHECK_EQ(table.len(), kRows - 3);
      for (uint64_t i : {uint64_t{0}, uint64_t{1}, kMiddle}) {
        CHECK_FALSE(table.contains(as_bytes(numbered_key(i))));
      }
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a value that does not decode is no other entry's, and can be passed") {
    const auto device = std::make_shared<FaultDevice>();
    OpenOptions options;
    options.compression = Compression::lz4;
    {
      Database database = open_device(device, options);
      WriteTxn txn = database.begin_write();
      {
        TtlTable table = txn.open_ttl("t", kTextType, kBytesType);
        for (uint64_t i = 0; i < 3; ++i) {
          table.put_for(as_bytes(numbered_key(i)), as_bytes(value_of(i)), kNoTtl);
        }
      }
      txn.commit();
      database.close();
    }
    Image image = device->live_image();
    {
      ImageSurgeon surgeon(image);
      surgeon.spoil_value("t", 3, 1);
      surgeon.seal();
    }
    const Database database = open_device(FaultDevice::from_image(image), options);
    const ReadTxn txn = database.begin_read();
    const TtlTable table = txn.open_ttl("t", kTextType, kBytesType);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.next());
    CHECK(as_text(cursor.value()) == value_of(0));
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::corrupted);
    CHECK(as_text(cursor.key()) == numbered_key(1));
    CHECK_THROWS_CODE(cursor.value(), ErrorCode::corrupted);
    REQUIRE(cursor.next());
    CHECK(as_text(cursor.value()) == value_of(2));
  }

  TEST_CASE("a batch that fails behind entries that have expired ends on its last record") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      database.set_clock(kStart);
      WriteTxn txn = database.begin_write();
      {
        TtlTable table = txn.open_ttl("t", kTextType, kBytesType);
        for (uint64_t i = 0; i < 10; ++i) {
          table.put_for(as_bytes(numbered_key(i)), as_bytes(value_of(i).substr(0, 20)),
                        i == 3 || i == 4 ? 1000 : kNoTtl);
        }
      }
      txn.commit();
      database.close();
    }
    Image image = device->live_image();
    {
      ImageSurgeon surgeon(image);
      const SurgeryTree tree = surgeon.table("t");
      const auto page = surgeon.page(tree.root->page);
      REQUIRE_EQ(format::LeafView::parse(page, tree.widths).size(), 10);
      base::store_le32(&page[4 + 4 * 5], ~uint32_t{0});  // where key 5 ends
      surgeon.seal();
    }
    Database database = open_device(FaultDevice::from_image(image));
    database.set_clock(kStart + 1001);
    const ReadTxn txn = database.begin_read();
    const TtlTable table = txn.open_ttl("t", kTextType, kBytesType);
    Cursor cursor = table.cursor();
    std::vector<std::byte> buffer(8000);
    size_t used = 0;
    size_t needed = 0;
    CHECK_EQ(cursor.next_packed(buffer, 100, used, needed), 3);
    CHECK(as_text(cursor.key()) == numbered_key(2));
    CHECK(as_text(cursor.value()) == value_of(2).substr(0, 20));
    CHECK_THROWS_CODE(cursor.next_packed(buffer, 100, used, needed), ErrorCode::page_corrupted);
  }
}

}  // namespace rdb::test
