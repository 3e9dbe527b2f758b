// What a snapshot shows, and what it keeps from being reused.
#include <optional>

#include "contents.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

void put(Database& database, const std::string& key, const std::string& value,
         Durability durability = Durability::immediate) {
  WriteTxn txn = database.begin_write();
  txn.set_durability(durability);
  txn.open_table("rows", kTextType, kBytesType).put(as_bytes(key), as_bytes(value));
  txn.commit();
}

std::string get(const ReadTxn& txn, const std::string& key) {
  const std::optional<Value> value =
      txn.open_table("rows", kTextType, kBytesType).get(as_bytes(key));
  return value ? std::string(as_text(value->bytes())) : "(none)";
}

void fill(Database& database, int rows, size_t value_bytes, char fill_with) {
  WriteTxn txn = database.begin_write();
  {
    Table table = txn.open_table("rows", kTextType, kBytesType);
    for (int i = 0; i < rows; ++i) {
      table.put(as_bytes("row " + std::to_string(i)),
                as_bytes(std::string(value_bytes, fill_with)));
    }
  }
  txn.commit();
}

}  // namespace

TEST_SUITE("txn/snapshot") {
  TEST_CASE("a reader sees the commit it began with, whatever is committed later") {
    Database database = Database::open_memory();
    put(database, "a", "1");
    const ReadTxn before = database.begin_read();
    put(database, "a", "2");
    put(database, "b", "2");
    const ReadTxn after = database.begin_read();
    CHECK_EQ(get(before, "a"), "1");
    CHECK_EQ(get(before, "b"), "(none)");
    CHECK_EQ(get(after, "a"), "2");
    CHECK_EQ(get(after, "b"), "2");
    CHECK(before.id() < after.id());
  }

  TEST_CASE("nobody sees what is not committed, and an abort leaves nothing") {
    Database database = Database::open_memory();
    put(database, "a", "1");
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("rows", kTextType, kBytesType);
      table.put(as_bytes("a"), as_bytes("2"));
      CHECK_EQ(as_text(table.get(as_bytes("a"))->bytes()), "2");
      CHECK_EQ(get(database.begin_read(), "a"), "1");
      txn.abort();
    }
    CHECK_EQ(get(database.begin_read(), "a"), "1");
    {
      WriteTxn dropped = database.begin_write();
      dropped.open_table("rows", kTextType, kBytesType).put(as_bytes("a"), as_bytes("3"));
      dropped.open_table("other", kTextType, kBytesType);
    }
    CHECK_EQ(get(database.begin_read(), "a"), "1");
    CHECK_FALSE(database.begin_read().find_table("other").has_value());
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a commit without durability is visible at once") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    put(database, "a", "1");
    const uint64_t durable = database.stats().durable_txn_id;
    put(database, "a", "2", Durability::none);
    CHECK_EQ(get(database.begin_read(), "a"), "2");
    CHECK_EQ(database.stats().durable_txn_id, durable);
    CHECK(database.stats().last_txn_id > durable);
  }

  TEST_CASE("a clean close keeps commits without durability") {
    const auto device = std::make_shared<FaultDevice>();
    open_device(device).close();
    {
      Database database = open_device(device);
      SUBCASE("also when the session wrote nothing else") {}
      SUBCASE("behind a durable one") { put(database, "x", "0"); }
      put(database, "a", "1", Durability::none);
      database.close();
    }
    Database database = open_device(device);
    CHECK(database.recovery().clean);
    CHECK_EQ(get(database.begin_read(), "a"), "1");
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a held snapshot keeps its pages through any number of commits") {
    Database database = Database::open_memory();
    fill(database, 300, 200, 'a');
    const ReadTxn held = database.begin_read();
    const Contents expected = contents_of(held);
    for (int round = 0; round < 20; ++round)
      fill(database, 300, 200, static_cast<char>('b' + round));
    CHECK(contents_of(held) == expected);
    CHECK(database.stats().pending_free_pages > 0);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("when the last snapshot ends its pages are reused: no leaks") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    std::optional<ReadTxn> held;
    for (int round = 0; round < 6; ++round) {
      fill(database, 300, 200, static_cast<char>('a' + round));
      if (round == 1) held.emplace(database.begin_read());
    }
    CHECK(database.stats().pending_free_pages > 0);
    held.reset();
    put(database, "one", "more");
    put(database, "and", "another");
    CHECK(database.stats().pending_free_pages < 40);  // those of the last commit
    CHECK_VERIFIES(database);
  }

  TEST_CASE("steady random updates do not grow the file for ever") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    constexpr int kRows = 5000;
    fill(database, kRows, 150, 'a');
    uint64_t state = 1;
    uint64_t half = 0;
    std::optional<ReadTxn> reader;
    for (int commit = 0; commit < 2000; ++commit) {
      WriteTxn txn = database.begin_write();
      if (commit % 7 == 3) txn.set_durability(Durability::none);
      {
        Table table = txn.open_table("rows", kTextType, kBytesType);
        for (int i = 0; i < 8; ++i) {
          state = state * 6364136223846793005u + 1442695040888963407u;
          const std::string key = "row " + std::to_string((state >> 33) % kRows);
          table.put(as_bytes(key),
                    as_bytes(std::string(150, static_cast<char>('a' + commit % 26))));
        }
      }
      txn.commit();
      if (commit % 100 == 50) reader.emplace(database.begin_read());
      if (commit % 100 == 60) reader.reset();
      if (commit == 1000) half = database.stats().file_bytes;
    }
    const DatabaseStats stats = database.stats();
    const uint64_t data = stats.allocated_pages * stats.page_bytes;
    MESSAGE("file " << stats.file_bytes << " bytes for " << data << " in use");
    CHECK_EQ(stats.file_bytes, half);
    CHECK(stats.file_bytes < 4 * data);
    CHECK_VERIFIES(database);
  }
}

}  // namespace rdb::test
