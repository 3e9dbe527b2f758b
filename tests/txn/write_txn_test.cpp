// Rules of write transactions: who may begin one, what ends one, and what happens to its handles.
#include <chrono>
#include <optional>
#include <thread>

#include "contents.hpp"
#include "fault_backend.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using std::chrono::milliseconds;

}  // namespace

TEST_SUITE("txn/write_txn") {
  TEST_CASE("a second writer is refused without waiting, or after its time") {
    Database database = Database::open_memory();
    WriteTxn first = database.begin_write();
    CHECK_THROWS_CODE(database.begin_write({milliseconds(0), nullptr}), ErrorCode::lock_timeout);
    CHECK_THROWS_CODE(database.begin_write({milliseconds(20), nullptr}), ErrorCode::lock_timeout);
    first.abort();
    CHECK_NOTHROW(database.begin_write({milliseconds(0), nullptr}));
  }

  TEST_CASE("writers that are refused leave no trace in the pages of the one that runs") {
    const auto image = [](bool refuse) {
      const auto device = std::make_shared<FaultDevice>();
      Database database = Database::open_backend(std::make_unique<FaultBackend>(device), {});
      for (int round = 0; round < 4; ++round) {
        WriteTxn txn = database.begin_write();
        for (int table = 0; table < 4; ++table) {
          txn.open_table("table " + std::to_string(table), kTextType, kBytesType)
              .put(bytes_of("round " + std::to_string(round)), bytes_of("value"));
          if (refuse) {
            CHECK_THROWS_CODE(database.begin_write({milliseconds(0), nullptr}),
                              ErrorCode::lock_timeout);
          }
        }
        txn.commit();
      }
      return device->live_image();
    };
    CHECK(image(true) == image(false));
  }

  TEST_CASE("a waiting writer begins when the first one ends") {
    Database database = Database::open_memory();
    std::optional<WriteTxn> first(database.begin_write());
    uint64_t second_id = 0;
    std::thread waiting([&] {
      WriteTxn second = database.begin_write();
      second_id = second.id();
      second.open_table("made by the second", kTextType, kBytesType);
      second.commit();
    });
    first->open_table("made by the first", kTextType, kBytesType);
    const uint64_t first_id = first->id();
    first->commit();
    waiting.join();
    CHECK(second_id > first_id);
    CHECK_EQ(database.begin_read().list_tables().size(), 2);
  }

  TEST_CASE("the longest timeout there is waits, and does not overflow") {
    Database database = Database::open_memory();
    std::optional<WriteTxn> first(database.begin_write());
    std::thread waiting([&] { database.begin_write({milliseconds::max(), nullptr}).commit(); });
    std::this_thread::sleep_for(milliseconds(10));
    first.reset();
    waiting.join();
  }

  TEST_CASE("a waiting writer gives up when its token is raised") {
    Database database = Database::open_memory();
    const WriteTxn first = database.begin_write();
    CancelToken token;
    SUBCASE("before") {
      token.cancel();
      CHECK_THROWS_CODE(database.begin_write({milliseconds(-1), &token}), ErrorCode::cancelled);
    }
    SUBCASE("while it waits") {
      std::thread canceller([&] {
        std::this_thread::sleep_for(milliseconds(10));
        token.cancel();
      });
      CHECK_THROWS_CODE(database.begin_write({milliseconds(-1), &token}), ErrorCode::cancelled);
      canceller.join();
    }
  }

  TEST_CASE("a raised token refuses a free lock too, and leaves it free") {
    Database database = Database::open_memory();
    CancelToken token;
    token.cancel();
    CHECK_THROWS_CODE(database.begin_write({milliseconds(-1), &token}), ErrorCode::cancelled);
    CHECK_NOTHROW(database.begin_write({milliseconds(0), nullptr}));
  }

  TEST_CASE("a transaction begun on one thread is changed and committed on others") {
    Database database = Database::open_memory();
    std::optional<WriteTxn> txn;
    std::optional<Table> table;
    std::thread([&] { txn.emplace(database.begin_write()); }).join();
    std::thread([&] { table.emplace(txn->open_table("t", kU64Type, kU64Type)); }).join();
    std::thread([&] { table->put(as_bytes(le64(1)), as_bytes(le64(2))); }).join();
    std::thread([&] { txn->commit(); }).join();
    CHECK_EQ(rows_of(database.begin_read().open_table("t", kU64Type, kU64Type)).size(), 1);
    CHECK_NOTHROW(database.begin_write({milliseconds(0), nullptr}));
  }

  TEST_CASE("different tables of one transaction may be filled by several threads") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    std::vector<Table> tables;
    for (int t = 0; t < 3; ++t) {
      tables.push_back(txn.open_table("t" + std::to_string(t), kU64Type, kU64Type));
    }
    std::vector<std::thread> threads;
    for (Table& table : tables) {
      threads.emplace_back([&table] {
        for (uint64_t i = 0; i < 2000; ++i) table.put(as_bytes(le64(i)), as_bytes(le64(i)));
      });
    }
    for (std::thread& thread : threads) thread.join();
    tables.clear();
    txn.commit();
    for (const TableInfo& info : database.begin_read().list_tables()) CHECK_EQ(info.entries, 2000);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("every handle of an ended transaction answers closed") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    table.put(as_bytes("a"), as_bytes("1"));
    table.put(as_bytes("b"), as_bytes("2"));
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    SUBCASE("by commit") { txn.commit(); }
    SUBCASE("by abort") { txn.abort(); }
    CHECK_THROWS_CODE(table.get(as_bytes("a")), ErrorCode::closed);
    CHECK_THROWS_CODE(table.put(as_bytes("a"), as_bytes("x")), ErrorCode::closed);
    CHECK_THROWS_CODE(table.erase(as_bytes("a")), ErrorCode::closed);
    CHECK_THROWS_CODE(table.len(), ErrorCode::closed);
    CHECK_THROWS_CODE(table.cursor(), ErrorCode::closed);
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::closed);
    CHECK_THROWS_CODE(cursor.seek(as_bytes("a")), ErrorCode::closed);
    CHECK_THROWS_CODE(cursor.erase(), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.open_table("u", kTextType, kBytesType), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.list_tables(), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.rename_table("t", "u"), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.delete_table("t"), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.set_durability(Durability::none), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.commit(), ErrorCode::closed);
    CHECK_NOTHROW(txn.abort());
  }

  TEST_CASE("handles of an ended read transaction answer closed") {
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      txn.open_table("t", kTextType, kBytesType).put(as_bytes("a"), as_bytes("1"));
      txn.commit();
    }
    ReadTxn txn = database.begin_read();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Cursor cursor = table.cursor();
    txn.close();
    CHECK_THROWS_CODE(table.get(as_bytes("a")), ErrorCode::closed);
    CHECK_THROWS_CODE(cursor.first(), ErrorCode::closed);
    CHECK_THROWS_CODE(txn.list_tables(), ErrorCode::closed);
    CHECK_NOTHROW(txn.close());
  }

  TEST_CASE("a commit that changes nothing writes nothing") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    const uint64_t events = device->event_count();
    WriteTxn txn = database.begin_write();
    txn.commit();
    CHECK_EQ(device->event_count(), events);
  }

  TEST_CASE("one sync makes a commit durable when the file does not grow, two in two phases") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    const auto syncs_of_commit = [&](auto&& prepare) {
      WriteTxn txn = database.begin_write();
      prepare(txn);
      const std::string value = std::to_string(device->event_count());
      txn.open_table("t", kTextType, kBytesType).put(as_bytes("a"), as_bytes(value));
      const uint64_t before = database.stats().syncs;
      txn.commit();
      return database.stats().syncs - before;
    };
    syncs_of_commit([](WriteTxn&) {});  // the first one also marks the session
    CHECK_EQ(syncs_of_commit([](WriteTxn&) {}), 1);
    CHECK_EQ(syncs_of_commit([](WriteTxn& txn) { txn.set_two_phase_commit(true); }), 2);
    CHECK_EQ(syncs_of_commit([](WriteTxn& txn) { txn.set_quick_repair(true); }), 2);
    CHECK_EQ(syncs_of_commit([](WriteTxn& txn) { txn.set_durability(Durability::none); }), 0);
  }
}

}  // namespace rdb::test
