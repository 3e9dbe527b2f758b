// Scans of compressed tables while leaves are kept opened (docs/design/0008-opened-leaves.md): what
// they give, whatever changed since, and what they may take.
#include <array>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "contents.hpp"
#include "image_surgeon.hpp"
#include "rdb/database.hpp"
#include "support.hpp"
#include "ttl_support.hpp"

namespace rdb::test {
namespace {

using Map = std::map<std::string, std::string>;

OpenOptions compressed(Compression codec, uint64_t budget_bytes = 0) {
  OpenOptions options;
  options.compression = codec;
  options.memory_budget_bytes = budget_bytes;
  return options;
}

// Told apart by number and generation; some too short to be compressed, some that do not get
// shorter, some empty.
std::string value_of(uint64_t i, uint64_t generation) {
  std::mt19937_64 random(i * 1000 + generation);
  std::string value = std::to_string(i) + "/" + std::to_string(generation) + "/";
  switch (random() % 6) {
    case 0:
      return value;
    case 1:
      return {};
    case 2:
      for (int k = 0; k < 200; ++k) value += static_cast<char>(random());
      return value;
    default:
      return value + std::string(100 + random() % 900, static_cast<char>('a' + i % 26));
  }
}

// ---- the ways to walk over a table, each of which gives what is in it

Map by_steps(const Table& table) {
  Map found;
  Cursor cursor = table.cursor();
  while (cursor.next()) found.emplace(as_text(cursor.key()), as_text(cursor.value()));
  return found;
}

Map backwards(const Table& table) {
  Map found;
  Cursor cursor = table.cursor();
  for (bool more = cursor.last(); more; more = cursor.prev()) {
    found.emplace(as_text(cursor.key()), as_text(cursor.value()));
  }
  return found;
}

template <size_t Batch>
Map by_slices(const Table& table) {
  Map found;
  Cursor cursor = table.cursor();
  std::array<Bytes, Batch> keys;
  std::array<Bytes, Batch> values;
  while (const size_t count = cursor.next_slices(keys, values)) {
    for (size_t i = 0; i < count; ++i) found.emplace(as_text(keys[i]), as_text(values[i]));
  }
  return found;
}

Map by_packets(const Table& table) {
  Map found;
  Cursor cursor = table.cursor();
  std::vector<std::byte> buffer(5000);
  size_t used = 0;
  size_t needed = 0;
  while (cursor.next_packed(buffer, 7, used, needed) > 0 || needed > 0) {
    if (needed > buffer.size()) buffer.resize(needed);
    const std::byte* at = buffer.data();
    while (at < buffer.data() + used) {
      uint32_t key_size = 0;
      uint32_t value_size = 0;
      std::memcpy(&key_size, at, sizeof key_size);
      std::memcpy(&value_size, at + 4, sizeof value_size);
      const Bytes key{at + 8, key_size};
      const Bytes value{at + 8 + key_size, value_size};
      found.emplace(as_text(key), as_text(value));
      at += (8 + key_size + value_size + 3) / 4 * 4;
    }
  }
  return found;
}

constexpr std::pair<const char*, Map (*)(const Table&)> kWalks[] = {
    {"steps", by_steps},           {"backwards", backwards},      {"slices of 256", by_slices<256>},
    {"slices of 1", by_slices<1>}, {"slices of 3", by_slices<3>}, {"packets", by_packets},
};

void put_some(Table& table, Map& model, std::mt19937_64& random, uint64_t generation) {
  for (int n = 0; n < 40; ++n) {
    const uint64_t i = random() % 400;
    const std::string key = numbered_key(i);
    if (random() % 4 == 0) {
      CHECK_EQ(table.erase(as_bytes(key)), model.erase(key) > 0);
    } else {
      model[key] = value_of(i, generation);
      table.put(as_bytes(key), as_bytes(model[key]));
    }
  }
}

// 600 bytes each, about a dozen to a leaf.
void fill(Database& database, uint64_t rows) {
  WriteTxn txn = database.begin_write();
  {
    Table table = txn.open_table("t", kTextType, kBytesType);
    for (uint64_t i = 0; i < rows; ++i) {
      std::mt19937_64 random(i);
      std::string value(300, 'a');
      while (value.size() < 600) value += static_cast<char>(random());
      table.put(as_bytes(numbered_key(i)), as_bytes(value));
    }
  }
  txn.commit();
}

// A closed file with so many rows of a letter each, all in one leaf, of which one does not decode.
Image with_damaged_row(bool expiring, uint32_t rows, uint32_t damaged) {
  const auto device = std::make_shared<FaultDevice>();
  {
    Database database = open_device(device, compressed(Compression::lz4));
    WriteTxn txn = database.begin_write();
    const auto put_all = [&](auto table) {
      for (uint64_t i = 0; i < rows; ++i) {
        table.put(as_bytes(numbered_key(i)),
                  as_bytes(std::string(300, static_cast<char>('a' + i))));
      }
    };
    expiring ? put_all(txn.open_ttl("t", kTextType, kBytesType))
             : put_all(txn.open_table("t", kTextType, kBytesType));
    txn.commit();
    database.close();
  }
  Image image = device->live_image();
  ImageSurgeon surgeon(image);
  surgeon.spoil_value("t", rows, damaged);
  surgeon.seal();
  return image;
}

}  // namespace

TEST_SUITE("table/opened values") {
  // Pages change hands all the time here: a leaf kept for what its page held before would show.
  TEST_CASE("every walk gives what its snapshot holds, while pages are given up and taken again") {
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
      for (const uint64_t budget : {uint64_t{1} << 20, uint64_t{64} << 20}) {
        CAPTURE(budget);
        std::mt19937_64 random(budget);
        Database database = Database::open_memory(compressed(codec, budget));
        Map model;
        std::vector<std::pair<ReadTxn, Map>> snapshots;
        uint64_t most = 0;
        for (uint64_t generation = 0; generation < 60; ++generation) {
          CAPTURE(generation);
          WriteTxn txn = database.begin_write();
          Map changed = model;
          {
            Table table = txn.open_table("t", kTextType, kBytesType);
            put_some(table, changed, random, generation);
            for (const auto& [name, walk] : kWalks) {
              CAPTURE(std::string(name));
              REQUIRE(walk(table) == changed);
            }
            put_some(table, changed, random, generation);
            REQUIRE(by_steps(table) == changed);
          }
          if (random() % 5 == 0) {
            txn.abort();
          } else {
            txn.set_durability(random() % 2 == 0 ? Durability::none : Durability::immediate);
            txn.commit();
            model = std::move(changed);
          }
          // Without one that is older, pages are soon taken again.
          if (random() % 4 == 0) snapshots.clear();
          snapshots.emplace_back(database.begin_read(), model);
          if (model.empty()) continue;
          for (const auto& [snapshot, expected] : snapshots) {
            const Table table = snapshot.open_table("t", kTextType, kBytesType);
            const auto& [name, walk] = kWalks[random() % std::size(kWalks)];
            CAPTURE(std::string(name));
            REQUIRE(walk(table) == expected);
          }
          most = std::max(most, database.stats().opened_bytes);
          CHECK_LE(database.stats().resident_bytes, database.stats().memory_budget_bytes);
        }
        CHECK_GT(most, 100'000);
        CHECK_VERIFIES(database);
      }
    }
  }

  TEST_CASE("a walk keeps its leaves opened, whichever way it goes, and single reads keep none") {
    for (const auto& [name, walk] : kWalks) {
      CAPTURE(std::string(name));
      Database database = Database::open_memory(compressed(Compression::lz4));
      fill(database, 1000);
      CHECK_EQ(database.stats().opened_bytes, 0);
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table("t", kTextType, kBytesType);
      Cursor cursor = table.cursor();
      for (uint64_t i = 0; i < 1000; i += 100) {
        REQUIRE(cursor.seek_exact(as_bytes(numbered_key(i))));
        CHECK_EQ(cursor.value().size(), 600);
        REQUIRE(table.get(as_bytes(numbered_key(i))));
      }
      CHECK_EQ(database.stats().opened_bytes, 0);
      CHECK_EQ(walk(table).size(), 1000);
      const uint64_t kept = database.stats().opened_bytes;
      CHECK_GT(kept, 1000 * 600);
      CHECK_LT(kept, 1000 * 600 * 5 / 4);
      CHECK_EQ(walk(table).size(), 1000);
      CHECK_EQ(database.stats().opened_bytes, kept);
    }
  }

  TEST_CASE("values that have a leaf each are kept, too, with any budget") {
    for (const uint64_t budget : {uint64_t{64} << 20, ~uint64_t{0}}) {
      Database database = Database::open_memory(compressed(Compression::lz4, budget));
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kTextType, kBytesType);
        for (uint64_t i = 0; i < 20; ++i) {
          std::mt19937_64 random(i);
          std::string value(10'000, 'a');
          while (value.size() < 14'000) value += static_cast<char>(random());
          table.put(as_bytes(numbered_key(i)), as_bytes(value));
        }
      }
      txn.commit();
      const ReadTxn reader = database.begin_read();
      const Table table = reader.open_table("t", kTextType, kBytesType);
      CHECK_EQ(by_steps(table).size(), 20);
      const uint64_t kept = database.stats().opened_bytes;
      CHECK_GT(kept, 20 * 14'000);
      for (const auto& [name, walk] : kWalks) CHECK(walk(table) == by_steps(table));
      CHECK_EQ(database.stats().opened_bytes, kept);
    }
  }

  // Row 7 is damaged. Each walk is made three times: leaves stay closed, or would be served opened.
  TEST_CASE("a value that does not decode harms no other of its leaf, however that is read") {
    for (const bool expiring : {false, true}) {
      CAPTURE(expiring);
      constexpr uint32_t kRows = 10;
      const auto device = FaultDevice::from_image(with_damaged_row(expiring, kRows, 7));
      const Database database = open_device(device, compressed(Compression::lz4));
      const ReadTxn txn = database.begin_read();
      std::optional<Table> plain;
      std::optional<TtlTable> ttl;
      expiring ? void(ttl.emplace(txn.open_ttl("t", kTextType, kBytesType)))
               : void(plain.emplace(txn.open_table("t", kTextType, kBytesType)));
      const auto cursor_of = [&] { return expiring ? ttl->cursor() : plain->cursor(); };
      for (int round = 0; round < 3; ++round) {
        Cursor steps = cursor_of();
        for (uint64_t i = 0; i < kRows; ++i) {
          CAPTURE(i);
          if (i == 7) {
            CHECK_THROWS_CODE((steps.next(), steps.value()), ErrorCode::corrupted);
          } else {
            REQUIRE(steps.next());
            CHECK(as_text(steps.value()) == std::string(300, static_cast<char>('a' + i)));
          }
          CHECK(as_text(steps.key()) == numbered_key(i));
        }
        CHECK_FALSE(steps.next());

        Cursor slices = cursor_of();
        std::array<Bytes, 4> keys;
        std::array<Bytes, 4> values;
        const auto require_slices = [&](uint64_t from, size_t count) {
          REQUIRE_EQ(slices.next_slices(keys, values), count);
          for (size_t i = 0; i < count; ++i) {
            CHECK(as_text(keys[i]) == numbered_key(from + i));
            CHECK(as_text(values[i]) == std::string(300, static_cast<char>('a' + from + i)));
          }
          CHECK(as_text(slices.key()) == numbered_key(from + count - 1));
          CHECK(as_text(slices.value()) == as_text(values[count - 1]));
        };
        require_slices(0, 4);
        require_slices(4, 3);
        CHECK_THROWS_CODE(slices.next_slices(keys, values), ErrorCode::corrupted);
        require_slices(8, 2);
        CHECK_EQ(slices.next_slices(keys, values), 0);

        Cursor packets = cursor_of();
        std::vector<std::byte> buffer(5000);
        size_t used = 0;
        size_t needed = 0;
        const auto require_packet = [&](uint64_t from, size_t count) {
          REQUIRE_EQ(packets.next_packed(buffer, 4, used, needed), count);
          CHECK_EQ(used, count * (8 + 6 + 300 + 2));
          CHECK(as_text(packets.key()) == numbered_key(from + count - 1));
          CHECK(as_text(packets.value()) ==
                std::string(300, static_cast<char>('a' + from + count - 1)));
        };
        require_packet(0, 4);
        require_packet(4, 3);
        CHECK_THROWS_CODE(packets.next_packed(buffer, 4, used, needed), ErrorCode::corrupted);
        require_packet(8, 2);
        CHECK_EQ(packets.next_packed(buffer, 4, used, needed), 0);
      }
      CHECK_EQ(database.stats().opened_bytes, 0);
    }
  }

  TEST_CASE("tables whose values are not compressed keep nothing") {
    Database plain = Database::open_memory({});
    fill(plain, 100);
    CHECK_EQ(by_steps(plain.begin_read().open_table("t", kTextType, kBytesType)).size(), 100);
    CHECK_EQ(plain.stats().opened_bytes, 0);

    Database database = Database::open_memory(compressed(Compression::lz4));
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kTextType, kBytesType);
      for (uint64_t i = 0; i < 1000; ++i) table.put(as_bytes(numbered_key(i)), as_bytes("short"));
    }
    txn.commit();
    const ReadTxn reader = database.begin_read();
    for (const auto& [name, walk] : kWalks) {
      CHECK_EQ(walk(reader.open_table("t", kTextType, kBytesType)).size(), 1000);
    }
    CHECK_EQ(database.stats().opened_bytes, 0);
  }

  TEST_CASE("leaves that the transaction owns are not kept") {
    Database database = Database::open_memory(compressed(Compression::zstd));
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kTextType, kBytesType);
      for (uint64_t i = 0; i < 100; ++i) {
        table.put(as_bytes(numbered_key(i)), as_bytes(std::string(600, 'a')));
      }
      for (const auto& [name, walk] : kWalks) CHECK_EQ(walk(table).size(), 100);
      CHECK_EQ(database.stats().opened_bytes, 0);
    }
    txn.commit();
  }

  TEST_CASE("threads that walk find one commit whole, while the writer replaces every value") {
    constexpr uint64_t kRows = 60;
    Database database = Database::open_memory(compressed(Compression::lz4, uint64_t{1} << 20));
    const auto write = [&](uint64_t generation) {
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kTextType, kBytesType);
        const std::string value = std::to_string(generation) + std::string(500, 'v');
        for (uint64_t i = 0; i < kRows; ++i) {
          table.put(as_bytes(numbered_key(i)), as_bytes(value));
        }
      }
      txn.set_durability(Durability::none);
      txn.commit();
    };
    write(0);
    std::atomic<bool> done{false};
    std::atomic<uint64_t> mixed{0};
    const auto read = [&](Map (*walk)(const Table&)) {
      while (!done) {
        const ReadTxn txn = database.begin_read();
        const Map found = walk(txn.open_table("t", kTextType, kBytesType));
        for (const auto& [key, value] : found) mixed += value != found.begin()->second;
        mixed += found.size() != kRows;
      }
    };
    std::thread steps(read, by_steps);
    std::thread slices(read, by_slices<16>);
    for (uint64_t generation = 1; generation < 300; ++generation) write(generation);
    done = true;
    steps.join();
    slices.join();
    CHECK_EQ(mixed, 0);
  }

  TEST_CASE("values that expire are passed in a leaf that is kept opened") {
    Database database = stopped(compressed(Compression::lz4));
    WriteTxn txn = database.begin_write();
    {
      TtlTable table = txn.open_ttl("t", kTextType, kBytesType);
      for (uint64_t i = 0; i < 300; ++i) {
        table.put_for(as_bytes(numbered_key(i)), as_bytes(std::string(600, 'x')),
                      i % 3 == 0 ? 1000 : kNoTtl);
      }
    }
    txn.commit();
    const ReadTxn reader = database.begin_read();
    const TtlTable table = reader.open_ttl("t", kTextType, kBytesType);
    const auto count = [&] {
      uint64_t live = 0;
      Cursor cursor = table.cursor();
      while (cursor.next()) {
        CHECK(as_text(cursor.value()) == std::string(600, 'x'));
        ++live;
      }
      std::array<Bytes, 16> keys;
      std::array<Bytes, 16> values;
      uint64_t sliced = 0;
      Cursor slices = table.cursor();
      while (const size_t got = slices.next_slices(keys, values)) {
        for (size_t i = 0; i < got; ++i) CHECK(as_text(values[i]) == std::string(600, 'x'));
        sliced += got;
      }
      CHECK_EQ(sliced, live);
      return live;
    };
    CHECK_EQ(count(), 300);
    CHECK_GT(database.stats().opened_bytes, 300 * 600);
    CHECK_EQ(count(), 300);
    database.set_clock(kStart + 1001);
    CHECK_EQ(count(), 200);
    CHECK_EQ(count(), 200);
  }
}

}  // namespace rdb::test
