// Batches of puts against the same records put one by one.
#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "contents.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

struct Owned {
  std::string key;
  std::string value;
};

std::vector<Table::Record> lent(const std::vector<Owned>& records) {
  std::vector<Table::Record> out;
  for (const Owned& r : records) out.push_back({as_bytes(r.key), as_bytes(r.value)});
  return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(const Table& table) {
  Pairs pairs;
  Cursor cursor = table.cursor();
  while (cursor.next()) {
    pairs.emplace_back(std::string(as_text(cursor.key())), std::string(as_text(cursor.value())));
  }
  return pairs;
}

std::string random_key(std::mt19937_64& random, const TypeName& type, uint64_t spread) {
  const uint64_t number = random() % spread;
  if (type.name[0] == 'u' || type.name[0] == 'i') {
    const auto signed_or_not =
        static_cast<int64_t>(type.name[0] == 'i' ? number - spread / 2 : number);
    std::string bytes(std::stoul(type.name.substr(1)) / 8, signed_or_not < 0 ? '\xff' : '\0');
    std::memcpy(bytes.data(), &signed_or_not, std::min<size_t>(bytes.size(), 8));
    return bytes;
  }
  std::string text = std::to_string(number * 0x9e3779b97f4a7c15u % 1'000'003);
  if (random() % 3 == 0) text = "a common beginning, " + text;
  return random() % 50 == 0 ? text.substr(0, random() % 3) : text;
}

}  // namespace

TEST_SUITE("table/put_batch") {
  TEST_CASE("B1: a batch leaves what its records one by one would, and counts the same") {
    using Mode = Table::PutMode;
    std::mt19937_64 random(3);
    for (const char* key_type : {"&[u8]", "&str", "u64", "i64", "u16", "i32", "i128"}) {
      for (const Mode mode : {Mode::upsert, Mode::insert_only, Mode::update_only}) {
        for (const size_t count : {0u, 1u, 63u, 64u, 65u, 1000u, 5000u}) {
          for (const bool fresh : {true, false}) {
            CAPTURE(key_type);
            CAPTURE(static_cast<int>(mode));
            CAPTURE(count);
            CAPTURE(fresh);
            const TypeName type{TypeName::kBuiltin, key_type};
            const uint64_t spread = 1 + count / (1 + random() % 3);
            std::vector<Owned> records;
            for (size_t i = 0; i < count; ++i) {
              const size_t size = random() % 200 == 0 ? 6000 : random() % 60;
              records.push_back(
                  {random_key(random, type, spread), std::to_string(i) + std::string(size, 'v')});
            }
            Database database = Database::open_memory();
            WriteTxn txn = database.begin_write();
            Table batched = txn.open_table("batched", type, kBytesType);
            Table single = txn.open_table("single", type, kBytesType);
            if (!fresh) {
              for (size_t i = 0; i < count / 2; ++i) {
                const std::string key = random_key(random, type, spread);
                batched.put(as_bytes(key), as_bytes("before"));
                single.put(as_bytes(key), as_bytes("before"));
              }
            }
            uint64_t written = 0;
            for (const Owned& r : records) {
              written += single.put(as_bytes(r.key), as_bytes(r.value), mode) ? 1 : 0;
            }
            REQUIRE(batched.put_batch(lent(records), mode) == written);
            REQUIRE(batched.len() == single.len());
            REQUIRE(pairs_of(batched) == pairs_of(single));
            {
              const Table batched_too = std::move(batched);
              const Table single_too = std::move(single);
            }
            txn.commit();
            CHECK_VERIFIES(database);
          }
        }
      }
    }
  }

  TEST_CASE("a record that breaks a rule stops the batch there, and is named") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    std::vector<Owned> records;
    for (int i = 0; i < 200; ++i) records.push_back({std::to_string(1000 - i), "v"});
    size_t at = 0;
    SUBCASE("the first") {}
    SUBCASE("one in the middle") { at = 77; }
    SUBCASE("the last") { at = 199; }
    records[at].key = "\xff";
    try {
      table.put_batch(lent(records));
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::invalid_argument);
      CHECK(error.position() == at);
    }
    CHECK(table.len() == at);
  }

  TEST_CASE("a table of a read transaction takes no batch, an empty one included") {
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      txn.open_table("t", kTextType, kBytesType);
      txn.commit();
    }
    const ReadTxn txn = database.begin_read();
    Table table = txn.open_table("t", kTextType, kBytesType);
    CHECK_THROWS_CODE(table.put_batch({}), ErrorCode::read_only);
  }

  TEST_CASE("a batch many times the memory budget is written out as it is built") {
    OpenOptions options;
    options.memory_budget_bytes = uint64_t{2} << 20;
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device, options);
    std::vector<Owned> records;
    for (int i = 0; i < 20000; ++i) records.push_back({std::to_string(i), std::string(1000, 'v')});
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kTextType, kBytesType);
      CHECK(table.put_batch(lent(records)) == 20000);
      CHECK(database.stats().resident_bytes <= options.memory_budget_bytes + (uint64_t{1} << 20));
    }
    txn.commit();
    CHECK_VERIFIES(database);
    CHECK(database.begin_read().open_table("t", kTextType, kBytesType).len() == 20000);
  }

  TEST_CASE("a device that fails while a table is built leaves it empty, and the next try works") {
    for (uint64_t capacity : {uint64_t{1} << 20, uint64_t{2} << 20, uint64_t{3} << 20}) {
      const auto device = std::make_shared<FaultDevice>();
      Database database = open_device(device);
      FaultPlan plan;
      plan.capacity_bytes = capacity + (uint64_t{64} << 10);
      device->set_plan(plan);
      std::vector<Owned> records;
      for (int i = 0; i < 5000; ++i) records.push_back({std::to_string(i), std::string(1000, 'v')});
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kTextType, kBytesType);
        CHECK_THROWS_CODE(table.put_batch(lent(records)), ErrorCode::out_of_space);
        CHECK(table.len() == 0);
        device->set_plan({});
        CHECK(table.put_batch(lent(records)) == 5000);
      }
      txn.commit();
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("cursors of the table see that it has changed") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Cursor cursor = table.cursor();
    CHECK_FALSE(cursor.next());
    std::vector<Owned> records;
    for (int i = 0; i < 100; ++i) records.push_back({std::to_string(i), "v"});
    table.put_batch(lent(records));
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::misuse);
    CHECK(cursor.first());
  }
}

}  // namespace rdb::test
