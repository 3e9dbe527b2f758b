// Every call that changes a table, with each of its reads and writes failing in turn.
//
// A call that fails leaves the tables as they were (a batch: with each record done or not), and the
// transaction goes on: the same call succeeds when it is made again, and the file is whole after
// the commit.
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "contents.hpp"
#include "rdb/multimap.hpp"
#include "rdb/ttl.hpp"
#include "short_form.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

constexpr uint64_t kNow = 1'700'000'000'000;
constexpr int kRows = 3000;

std::string numbered(int i) {
  char text[16];
  std::snprintf(text, sizeof text, "%06d", i);
  return text;
}
// Text that compression leaves some of.
std::string text_of(size_t bytes, unsigned seed) {
  std::minstd_rand random(seed + 1);
  std::string text(bytes, ' ');
  for (char& letter : text) letter = static_cast<char>('a' + random() % 16);
  return text;
}
std::string row_value(int i) {
  return text_of(static_cast<size_t>(300 + i % 500), static_cast<unsigned>(i));
}

const std::string kFiller = text_of(2 << 20, 2);

struct Tables {
  WriteTxn& txn;
  const Table& source;  // of a reader
  Table& plain;
  Multimap& sets;
  TtlTable& expiring;
};

struct Call {
  const char* name;
  bool whole;  // all of it or nothing
  std::function<void(Tables&)> make;
};

KeyRange between(const std::string& from, const std::string& to) {
  return {Bound::included, Bound::excluded, as_bytes(from), as_bytes(to)};
}

class Third final : public RecordFilter {
 public:
  Verdict judge(Bytes, Bytes) override { return n_++ % 3 == 0 ? Verdict::remove : Verdict::keep; }

 private:
  int n_ = 0;
};

// Records of every fortieth row, and some new ones.
struct Batch {
  explicit Batch(const std::string& value) {
    for (int i = 0; i < kRows + 400; i += 40) texts.emplace_back(numbered(i), value);
    for (const auto& [key, text] : texts) records.push_back({as_bytes(key), as_bytes(text)});
  }
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<Table::Record> records;
};

const Call kCalls[] = {
    {"put", true, [](Tables& t) { t.plain.put(as_bytes("0015xx"), as_bytes(row_value(7))); }},
    {"put, large", true,
     [](Tables& t) { t.plain.put(as_bytes("0015xx"), as_bytes(text_of(3 << 20, 1))); }},
    {"erase", true, [](Tables& t) { t.plain.erase(as_bytes(numbered(1500))); }},
    {"put_batch", false,
     [](Tables& t) {
       const Batch batch("batch");
       t.plain.put_batch(batch.records);
     }},
    {"merge", true,
     [](Tables& t) {
       t.plain.merge(as_bytes(numbered(9)), as_bytes("more"), MergeKind::bytes_append);
     }},
    {"exchange", true,
     [](Tables& t) {
       std::optional<std::vector<std::byte>> old;
       t.plain.exchange(as_bytes(numbered(2000)), as_bytes("new"), {}, old);
     }},
    {"take", true,
     [](Tables& t) {
       std::vector<std::byte> old;
       t.plain.take(as_bytes(numbered(2000)), old);
     }},
    {"pop_last", true,
     [](Tables& t) {
       std::vector<std::byte> key;
       std::vector<std::byte> value;
       t.plain.pop_last(key, value);
     }},
    {"erase through a cursor", true,
     [](Tables& t) {
       Cursor cursor = t.plain.cursor();
       if (cursor.seek(as_bytes(numbered(1000)))) cursor.erase();
     }},
    {"replace through a cursor", true,
     [](Tables& t) {
       Cursor cursor = t.plain.cursor();
       if (cursor.seek(as_bytes(numbered(1000)))) cursor.replace(as_bytes(row_value(499)));
     }},
    {"drain of a range", true,
     [](Tables& t) { t.plain.drain(between(numbered(500), numbered(2500))); }},
    {"drain", true, [](Tables& t) { t.plain.drain(); }},
    {"retain", true,
     [](Tables& t) {
       Third third;
       t.plain.retain({}, third);
     }},
    {"extract", false,  // what was taken before the walk failed is gone
     [](Tables& t) {
       Extraction walk = t.plain.extract();
       while (walk.next()) {
         if (as_text(walk.key()).back() == '0') walk.take();
       }
       walk.finish();
     }},
    {"copy", true, [](Tables& t) { t.txn.copy_table(t.source, "copy"); }},
    {"put of a pair", true, [](Tables& t) { t.sets.put(as_bytes("large"), as_bytes("zzz")); }},
    {"put of many pairs", false,
     [](Tables& t) {
       const Batch batch("value");
       t.sets.put_batch(batch.records);
     }},
    {"erase of a pair", true,
     [](Tables& t) { t.sets.erase(as_bytes("large"), as_bytes(row_value(600))); }},
    {"erase of a key", true, [](Tables& t) { t.sets.erase_key(as_bytes("large")); }},
    {"drain of pairs", true, [](Tables& t) { t.sets.drain(); }},
    {"put_for", true,
     [](Tables& t) { t.expiring.put_for(as_bytes(numbered(3)), as_bytes("new"), 5000); }},
    {"touch", true, [](Tables& t) { t.expiring.touch(as_bytes(numbered(2)), 5000); }},
    {"purge", true, [](Tables& t) { t.expiring.purge({}, 0); }},
};

std::vector<std::byte> make_image(Compression compression) {
  const auto device = std::make_shared<FaultDevice>();
  OpenOptions options;
  options.compression = compression;
  options.rdb_only = true;
  Database database = open_device(device, options);
  database.set_clock(kNow);
  WriteTxn txn = database.begin_write();
  {
    Table plain = txn.open_table("plain", kTextType, kBytesType);
    Multimap sets = txn.open_multimap("sets", kTextType, kTextType);
    TtlTable expiring = txn.open_ttl("expiring", kTextType, kTextType);
    for (int i = 0; i < kRows; ++i) {
      plain.put(as_bytes(numbered(i)), as_bytes(row_value(i)));
      if (i % 3 == 0) sets.put(as_bytes("large"), as_bytes(row_value(i) + numbered(i)));
      if (i % 5 == 0) sets.put(as_bytes(numbered(i)), as_bytes("v"));
      expiring.put_for(as_bytes(numbered(i)), as_bytes("value"), i % 2 == 0 ? kNoTtl : 1);
    }
    sets.put(as_bytes("large"), as_bytes(row_value(600)));
  }
  txn.commit();
  database.close();
  return device->live_image();
}

using Snapshot = std::map<std::string, Rows>;

Snapshot snapshot_of(Tables& tables) {
  Snapshot snapshot;
  snapshot["plain"] = rows_of(tables.plain);
  snapshot["sets"] = rows_of(tables.sets);
  snapshot["expiring"] = rows_of(tables.expiring);
  return snapshot;
}

Snapshot snapshot_of(const std::vector<std::byte>& image, const OpenOptions& options) {
  Database database = open_device(FaultDevice::from_image(image), options);
  database.set_clock(kNow + 100);
  const ReadTxn txn = database.begin_read();
  return {{"plain", rows_of(txn.open_table("plain", kTextType, kBytesType))},
          {"sets", rows_of(txn.open_multimap("sets", kTextType, kTextType))},
          {"expiring", rows_of(txn.open_ttl("expiring", kTextType, kTextType))}};
}

void require_equal(const Snapshot& found, const Snapshot& expected) {
  for (const auto& [name, rows] : found) {
    CAPTURE(name);
    REQUIRE(rows == expected.at(name));
  }
}

// Each row is that of before or of after, and what both have is there.
void require_between(const Snapshot& found, const Snapshot& before, const Snapshot& after) {
  for (const auto& [name, rows] : found) {
    const std::set<std::pair<std::string, std::string>> now(rows.begin(), rows.end());
    const std::set<std::pair<std::string, std::string>> old(before.at(name).begin(),
                                                            before.at(name).end());
    const std::set<std::pair<std::string, std::string>> done(after.at(name).begin(),
                                                             after.at(name).end());
    REQUIRE_EQ(now.size(), rows.size());
    for (const auto& row : now) REQUIRE((old.contains(row) || done.contains(row)));
    for (const auto& row : old) {
      if (done.contains(row)) REQUIRE(now.contains(row));
    }
  }
}

struct Trouble {
  uint64_t FaultPlan::*at;
  uint64_t (FaultDevice::*count)() const;
};

// Makes the call on a fresh device, once whole or with its n-th read or write failing first.
// Returns how many of those it made when nothing failed, and leaves in after what it made of the
// tables.
uint64_t make_call(const Call& call, const std::vector<std::byte>& image,
                   const OpenOptions& options, const Trouble& trouble, std::optional<uint64_t> n,
                   const Snapshot& before, Snapshot& after) {
  const auto device = FaultDevice::from_image(image);
  Database database = open_device(device, options);
  database.set_clock(kNow + 100);
  const ReadTxn reader = database.begin_read();
  const Table source = reader.open_table("plain", kTextType, kBytesType);
  WriteTxn txn = database.begin_write();
  uint64_t made = 0;
  {
    Table plain = txn.open_table("plain", kTextType, kBytesType);
    Multimap sets = txn.open_multimap("sets", kTextType, kTextType);
    TtlTable expiring = txn.open_ttl("expiring", kTextType, kTextType);
    Tables tables{txn, source, plain, sets, expiring};
    {  // More than the memory holds: the call writes it out first.
      Table filler = txn.open_table("filler", kTextType, kBytesType);
      filler.put(as_bytes("k"), as_bytes(kFiller));
    }
    const uint64_t begin = (*device.*trouble.count)();
    if (n) {
      FaultPlan plan;
      plan.*trouble.at = begin + *n;
      device->set_plan(plan);
      CHECK_THROWS_CODE(call.make(tables), ErrorCode::io);
      device->set_plan({});
      const Snapshot found = snapshot_of(tables);
      call.whole ? require_equal(found, before) : require_between(found, before, after);
    }
    call.make(tables);
    made = (*device.*trouble.count)() - begin;
    n ? require_equal(snapshot_of(tables), after) : void(after = snapshot_of(tables));
  }
  txn.commit();
  CHECK_VERIFIES(database);
  return made;
}

void fail_each(const char* what, Compression compression, const Trouble& trouble) {
  const std::vector<std::byte> image = make_image(compression);
  OpenOptions options;
  options.compression = compression;
  options.rdb_only = true;
  options.memory_budget_bytes = 1 << 20;
  const Snapshot before = snapshot_of(image, options);
  uint64_t points = 0;
  uint64_t failures = 0;
  for (const Call& call : kCalls) {
    CAPTURE(std::string(call.name));
    Snapshot after;
    const uint64_t made = make_call(call, image, options, trouble, std::nullopt, before, after);
    points += made;
    for (uint64_t n = 0; n < made; n += (1 + made / 6) * one_in(5), ++failures) {
      CAPTURE(n);
      make_call(call, image, options, trouble, n, before, after);
    }
  }
  std::printf("%s of %zu calls: %llu, of which %llu failed\n", what, std::size(kCalls),
              static_cast<unsigned long long>(points), static_cast<unsigned long long>(failures));
  CHECK_GE(failures, std::size(kCalls));  // each of them at least once
}

constexpr Trouble kReads{&FaultPlan::fail_read_at, &FaultDevice::read_count};
constexpr Trouble kWrites{&FaultPlan::fail_at, &FaultDevice::event_count};

}  // namespace

TEST_SUITE("crash/calls") {
  TEST_CASE("a change that cannot read a page changes nothing, and can be made again") {
    fail_each("reads", Compression::none, kReads);
  }
  TEST_CASE("a change that cannot write a page changes nothing, and can be made again") {
    fail_each("writes", Compression::none, kWrites);
  }
  TEST_CASE("the same in a compressed file") {
    fail_each("reads, lz4", Compression::lz4, kReads);
    fail_each("writes, lz4", Compression::lz4, kWrites);
  }
}

}  // namespace rdb::test
