// Many entries at once: ranges drained, tables filtered, entries extracted, tables copied.
#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include "contents.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using Pair = std::pair<std::string, std::string>;

std::string number(int i) {
  std::string text = std::to_string(i);
  return std::string(7 - text.size(), '0') + text;
}

// Rows in key order: keys of key_bytes or more, values of 0 to value_bytes; now and then one that
// needs a leaf of its own.
Rows random_rows(std::mt19937_64& random, int count, size_t key_bytes, size_t value_bytes) {
  Rows rows;
  for (int i = 0; i < count; ++i) {
    std::string key = number(i);
    key.resize(std::max(key.size(), key_bytes), static_cast<char>('a' + i % 26));
    const bool large = random() % 500 == 0;
    rows.emplace_back(key, std::string(large ? 9000 : random() % (value_bytes + 1), 'v'));
  }
  return rows;
}

void fill(Table& table, const Rows& rows, bool one_by_one) {
  std::vector<Table::Record> records;
  for (const auto& [key, value] : rows) records.push_back({as_bytes(key), as_bytes(value)});
  if (!one_by_one) {
    table.put_batch(records);
    return;
  }
  std::mt19937_64 random(7);
  std::shuffle(records.begin(), records.end(), random);
  for (const Table::Record& record : records) table.put(record.key, record.value);
}

class Filter final : public RecordFilter {
 public:
  explicit Filter(std::function<Verdict(std::string_view, std::string_view)> body)
      : body_(std::move(body)) {}
  Verdict judge(Bytes key, Bytes value) override {
    ++calls;
    return body_(as_text(key), as_text(value));
  }
  uint64_t calls = 0;

 private:
  std::function<Verdict(std::string_view, std::string_view)> body_;
};

using Verdict = RecordFilter::Verdict;

KeyRange range_of(const std::string& lower, const std::string& upper, Bound lower_bound,
                  Bound upper_bound) {
  return {lower_bound, upper_bound, as_bytes(lower), as_bytes(upper)};
}

bool inside(const KeyRange& range, const std::string& key) {
  if (range.lower == Bound::included && key < as_text(range.lower_key)) return false;
  if (range.lower == Bound::excluded && key <= as_text(range.lower_key)) return false;
  if (range.upper == Bound::included && key > as_text(range.upper_key)) return false;
  if (range.upper == Bound::excluded && key >= as_text(range.upper_key)) return false;
  return true;
}

// Calls before_read ahead of every read of the device.
class ReadHook final : public StorageBackend {
 public:
  explicit ReadHook(std::shared_ptr<FaultDevice> device) : device_(std::move(device)) {}
  uint64_t size() override { return device_.size(); }
  void read(uint64_t offset, std::span<std::byte> out) override {
    if (before_read) before_read();
    device_.read(offset, out);
  }
  void write(uint64_t offset, Bytes data) override { device_.write(offset, data); }
  void sync() override { device_.sync(); }
  void resize(uint64_t size) override { device_.resize(size); }
  void close() override { device_.close(); }

  std::function<void()> before_read;

 private:
  FaultBackend device_;
};

}  // namespace

TEST_SUITE("table/bulk") {
  TEST_CASE("drain, retain and extract leave what single deletes would, on trees of every height") {
    std::mt19937_64 random(5);
    struct Shape {
      int count;
      size_t key_bytes, value_bytes;
    };
    for (const Shape& shape : {Shape{1, 7, 10}, Shape{30, 7, 100}, Shape{3000, 7, 60},
                               Shape{2500, 300, 100}, Shape{1500, 900, 30}, Shape{60, 7, 3000}}) {
      for (const int density : {0, 3, 50, 97, 100}) {  // per cent of the entries that go
        for (const bool committed : {true, false}) {
          CAPTURE(shape.count);
          CAPTURE(shape.key_bytes);
          CAPTURE(density);
          CAPTURE(committed);
          Database database = Database::open_memory();
          Rows rows = random_rows(random, shape.count, shape.key_bytes, shape.value_bytes);
          WriteTxn txn = database.begin_write();
          {
            Table table = txn.open_table("t", kBytesType, kBytesType);
            fill(table, rows, !committed);
          }
          if (committed) {
            txn.commit();
            txn = database.begin_write();
          }
          for (int round = 0; round < 4; ++round) {
            Table table = txn.open_table("t", kBytesType, kBytesType);
            const std::string a = number(static_cast<int>(random() % (shape.count + 1)));
            const std::string b = number(static_cast<int>(random() % (shape.count + 1)));
            const std::string lower = std::min(a, b);
            const std::string upper = std::max(a, b) + "~";
            const KeyRange range =
                round == 0
                    ? KeyRange{}
                    : range_of(lower, upper, random() % 2 == 0 ? Bound::included : Bound::excluded,
                               random() % 3 == 0 ? Bound::unbounded : Bound::excluded);
            const uint64_t salt = random();
            const auto goes = [&](std::string_view key) {
              return std::hash<std::string_view>{}(key)*salt % 100 < static_cast<uint64_t>(density);
            };
            Rows kept;
            for (const Pair& row : rows) {
              if (!inside(range, row.first) || (round != 3 && !goes(row.first))) {
                kept.push_back(row);
              }
            }
            uint64_t removed = 0;
            if (round == 3) {
              removed = table.drain(range);
            } else if (round == 1) {
              // To and fro, so that leaves are met again and in any order.
              Extraction extraction = table.extract(range);
              const auto take_if_due = [&] {
                if (goes(as_text(extraction.key()))) CHECK(extraction.take());
              };
              bool more = true;
              while (more) {
                for (uint64_t steps = random() % 200; more && steps-- > 0;) {
                  more = extraction.next();
                  if (more && random() % 2 == 0) take_if_due();
                }
                for (uint64_t steps = random() % 150; more && steps-- > 0 && extraction.prev();) {
                  take_if_due();
                }
                while (more && !extraction.valid()) more = extraction.next();
              }
              while (extraction.prev()) take_if_due();
              removed = extraction.finish();
            } else {
              Filter filter([&](std::string_view key, std::string_view) {
                return goes(key) ? Verdict::remove : Verdict::keep;
              });
              removed = table.retain(range, filter);
            }
            CHECK_EQ(removed, rows.size() - kept.size());
            CHECK_EQ(table.len(), kept.size());
            rows = kept;
            CHECK(rows_of(table) == rows);
            // What is left is an ordinary tree: changed in every way.
            for (int i = 0; i < 20 && !rows.empty(); ++i) {
              const size_t at = random() % rows.size();
              if (i % 2 == 0) {
                CHECK(table.erase(as_bytes(rows[at].first)));
                rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at));
              } else {
                rows[at].second = std::string(random() % 300, 'w');
                table.put(as_bytes(rows[at].first), as_bytes(rows[at].second));
              }
            }
            CHECK(rows_of(table) == rows);
          }
          txn.commit();
          CHECK(contents_of(database)["t"] == rows);
          CHECK_VERIFIES(database);
        }
      }
    }
  }

  TEST_CASE("pages that lose nothing stay: a few deletions in a large table write a few pages") {
    Database database = Database::open_memory();
    std::mt19937_64 random(5);
    const Rows rows = random_rows(random, 60000, 8, 100);
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kBytesType, kBytesType);
      fill(table, rows, false);
      txn.commit();
    }
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kBytesType, kBytesType);
    const uint64_t before = database.stats().pages_allocated;
    Filter filter([&](std::string_view key, std::string_view) {
      return key.substr(0, 7) == number(5) || key.substr(0, 7) == number(55555) ? Verdict::remove
                                                                                : Verdict::keep;
    });
    CHECK_EQ(table.retain({}, filter), 2);
    CHECK_EQ(filter.calls, 60000);
    txn.commit();
    CHECK_LT(database.stats().pages_allocated - before, 20);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a filter that stops leaves the rest, and one that throws leaves everything") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    for (int i = 0; i < 1000; ++i) table.put(as_bytes(number(i)), as_bytes("v"));
    struct Own {};
    Filter failing([&](std::string_view key, std::string_view) -> Verdict {
      if (key == number(700)) throw Own{};
      return Verdict::remove;
    });
    CHECK_THROWS_AS(table.retain({}, failing), Own);
    CHECK_EQ(table.len(), 1000);
    Filter stopping([&](std::string_view key, std::string_view) {
      return key == number(300) ? Verdict::stop : Verdict::remove;
    });
    CHECK_EQ(table.retain({}, stopping), 300);
    CHECK_EQ(stopping.calls, 301);
    CHECK_EQ(table.len(), 700);
    Filter nosy([&](std::string_view, std::string_view) {
      CHECK_THROWS_CODE(table.len(), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.drain(), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.extract(), ErrorCode::misuse);
      CHECK_THROWS_CODE(txn.commit(), ErrorCode::misuse);
      return Verdict::stop;
    });
    CHECK_EQ(table.retain({}, nosy), 0);
    CHECK_EQ(table.len(), 700);
    CHECK_EQ(rows_of(table).front().first, number(300));
  }

  TEST_CASE(
      "an extraction shows each entry once in either direction, and takes what it is told to") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    for (int i = 0; i < 100; ++i) table.put(as_bytes(number(i)), as_bytes("v"));
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    {
      Extraction extraction =
          table.extract(range_of(number(10), number(20), Bound::included, Bound::excluded));
      CHECK_FALSE(extraction.take());
      REQUIRE(extraction.next());
      CHECK_EQ(as_text(extraction.key()), number(10));
      CHECK(extraction.take());
      CHECK_FALSE(extraction.take());
      REQUIRE(extraction.next());
      CHECK_FALSE(extraction.prev());  // 10 is taken
      REQUIRE(extraction.next());
      CHECK_EQ(as_text(extraction.key()), number(11));
      CHECK_THROWS_CODE(table.get(as_bytes(number(1))), ErrorCode::misuse);
      CHECK_THROWS_CODE(cursor.next(), ErrorCode::misuse);
      CHECK_EQ(extraction.finish(), 1);
      CHECK_THROWS_CODE(extraction.next(), ErrorCode::closed);
      CHECK_THROWS_CODE(extraction.finish(), ErrorCode::closed);
    }
    CHECK_EQ(table.len(), 99);
    {
      Extraction extraction = table.extract();  // backwards, and ended by its destructor
      for (int i = 99; i > 49; --i) {
        REQUIRE(extraction.prev());
        CHECK_EQ(as_text(extraction.key()), number(i));
        extraction.take();
      }
    }
    CHECK_EQ(table.len(), 49);
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::misuse);
    {
      Extraction open = table.extract();
      REQUIRE(open.next());
      open.take();
      txn.commit();  // settles it
      CHECK_THROWS_CODE(open.next(), ErrorCode::closed);
    }
    CHECK_EQ(contents_of(database)["t"].size(), 48);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("an aborted transaction ends its extraction without a trace") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    table.put(as_bytes("a"), as_bytes("v"));
    table.put(as_bytes("b"), as_bytes("v"));  // the next one, in the same leaf
    Extraction extraction = table.extract();
    REQUIRE(extraction.next());
    extraction.take();
    txn.abort();
    CHECK_THROWS_CODE(extraction.next(), ErrorCode::closed);
    CHECK_THROWS_CODE(extraction.finish(), ErrorCode::closed);
    CHECK(contents_of(database).empty());
  }

  TEST_CASE("a reader takes nothing out") {
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      txn.open_table("t", kTextType, kBytesType).put(as_bytes("a"), as_bytes("v"));
      txn.commit();
    }
    const ReadTxn txn = database.begin_read();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Filter never([](auto, auto) { return Verdict::remove; });
    std::optional<std::vector<std::byte>> old;
    std::vector<std::byte> taken;
    CHECK_THROWS_CODE(table.drain(), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.drain(range_of("a", "b", Bound::included, Bound::included)),
                      ErrorCode::read_only);
    CHECK_THROWS_CODE(table.retain({}, never), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.extract(), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.exchange(as_bytes("a"), as_bytes("b"), {}, old), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.take(as_bytes("a"), taken), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.compare_and_put(as_bytes("a"), as_bytes("v"), std::nullopt),
                      ErrorCode::read_only);
  }

  TEST_CASE("exchange and take give what was there, compare_and_put looks first") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    using Mode = Table::PutMode;
    std::optional<std::vector<std::byte>> old;
    std::vector<std::byte> taken;
    CHECK(table.exchange(as_bytes("a"), as_bytes("1"), Mode::upsert, old));
    CHECK_FALSE(old.has_value());
    CHECK(table.exchange(as_bytes("a"), as_bytes("2"), Mode::upsert, old));
    CHECK_EQ(as_text(*old), "1");
    CHECK_FALSE(table.exchange(as_bytes("a"), as_bytes("3"), Mode::insert_only, old));
    CHECK_FALSE(old.has_value());
    CHECK(table.take(as_bytes("a"), taken));
    CHECK_EQ(as_text(taken), "2");
    CHECK_FALSE(table.take(as_bytes("a"), taken));

    using Compared = Table::Compared;
    CHECK_EQ(table.compare_and_put(as_bytes("k"), as_bytes("x"), as_bytes("1")), Compared::absent);
    CHECK_EQ(table.compare_and_put(as_bytes("k"), std::nullopt, as_bytes("1")), Compared::stored);
    CHECK_EQ(table.compare_and_put(as_bytes("k"), std::nullopt, as_bytes("2")), Compared::present);
    CHECK_EQ(table.compare_and_put(as_bytes("k"), as_bytes("2"), as_bytes("3")),
             Compared::different);
    CHECK_EQ(table.compare_and_put(as_bytes("k"), as_bytes("1"), as_bytes("longer")),
             Compared::stored);
    CHECK_EQ(as_text(table.get(as_bytes("k"))->bytes()), "longer");
    CHECK_EQ(table.compare_and_put(as_bytes("k"), as_bytes("longer"), std::nullopt),
             Compared::stored);
    CHECK_EQ(table.len(), 0);
    CHECK_EQ(table.compare_and_put(as_bytes("k"), std::nullopt, std::nullopt), Compared::stored);
    CHECK_EQ(table.len(), 0);
  }

  TEST_CASE("a cursor replaces values of every size and stays where it is") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Rows rows;
    for (int i = 0; i < 400; ++i) rows.emplace_back(number(i), "v");
    fill(table, rows, false);
    Cursor cursor = table.cursor();
    size_t i = 0;
    for (bool more = cursor.first(); more; more = cursor.next(), ++i) {
      rows[i].second = std::string(i % 7 == 0 ? 5000 : i % 13 * 20, 'x');
      cursor.replace(as_bytes(rows[i].second));
      CHECK_EQ(as_text(cursor.key()), rows[i].first);
      CHECK_EQ(as_text(cursor.value()).size(), rows[i].second.size());
    }
    CHECK_EQ(i, 400);
    CHECK(rows_of(table) == rows);
    REQUIRE(cursor.seek(as_bytes(number(5))));
    table.put(as_bytes("z"), as_bytes(""));
    CHECK_THROWS_CODE(cursor.replace(as_bytes("1")), ErrorCode::misuse);
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("spec 02 D12: a value replaced in place has the limits of every other") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    const Rows rows{{"a", "1"}, {"b", "2"}};
    fill(table, rows, false);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.seek_exact(as_bytes("a")));
    // Refused by its size alone: there are no such bytes behind it.
    const std::byte one{};
    const Bytes huge(&one, (size_t{3} << 30) + 1);
    CHECK_THROWS_CODE(cursor.replace(huge), ErrorCode::too_large);
    CHECK(rows_of(table) == rows);
    CHECK_EQ(as_text(cursor.value()), "1");
  }

  TEST_CASE("a copy has the rows and types of its source, in the same or another database") {
    Database from = Database::open_memory();
    Database to = Database::open_memory();
    std::mt19937_64 random(9);
    const Rows rows = random_rows(random, 5000, 7, 80);
    {
      WriteTxn txn = from.begin_write();
      Table table = txn.open_table("t", kTextType, kBytesType);
      fill(table, rows, true);
      CHECK_EQ(txn.copy_table(table, "inside"), 5000);
      CHECK_THROWS_CODE(txn.copy_table(table, "t"), ErrorCode::table_open);
      txn.open_table("typed", kU64Type, kBytesType);
      CHECK_THROWS_CODE(txn.copy_table(table, "typed"), ErrorCode::table_type);
      txn.commit();
    }
    CHECK(contents_of(from)["inside"] == rows);
    CHECK_VERIFIES(from);
    {
      const ReadTxn reader = from.begin_read();
      WriteTxn txn = to.begin_write();
      Table source = reader.open_table_raw("t");
      CHECK_EQ(txn.copy_table(source, "there"), 5000);
      {
        Table there = txn.open_table("there", kTextType, kBytesType);
        there.put(as_bytes("zzz"), as_bytes("more"));
        there.put(as_bytes(rows[7].first), as_bytes("other"));
      }
      CHECK_EQ(txn.copy_table(source, "there"), 5000);  // into what is there already
      CancelToken cancel;
      cancel.cancel();
      CHECK_THROWS_CODE(txn.copy_table(source, "never", &cancel), ErrorCode::cancelled);
      txn.commit();
    }
    Rows expected = rows;
    expected.emplace_back("zzz", "more");
    CHECK(contents_of(to)["there"] == expected);
    CHECK(contents_of(to)["never"].empty());
    CHECK_VERIFIES(to);
  }

  TEST_CASE("a device that fills up while a table is filtered leaves the table as it was") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    std::mt19937_64 random(9);
    const Rows rows = random_rows(random, 100000, 7, 100);
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kBytesType, kBytesType);
      fill(table, rows, false);
      txn.commit();
    }
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kBytesType, kBytesType);
    device->set_plan({.capacity_bytes = database.stats().file_bytes});
    int n = 0;
    Filter tenth([&](auto, auto) { return n++ % 10 == 0 ? Verdict::remove : Verdict::keep; });
    CHECK_THROWS_CODE(table.retain({}, tenth), ErrorCode::out_of_space);
    CHECK(rows_of(table) == rows);
    device->set_plan({});
    n = 0;
    CHECK_EQ(table.retain({}, tenth), 10000);
    txn.commit();
    CHECK_EQ(contents_of(database)["t"].size(), 90000);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a commit that cannot finish an extraction is over, and nothing changed") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    std::mt19937_64 random(9);
    const Rows rows = random_rows(random, 100000, 7, 100);
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kBytesType, kBytesType);
      fill(table, rows, false);
      txn.commit();
    }
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kBytesType, kBytesType);
    Extraction walk = table.extract({});
    for (int i = 0; walk.next(); ++i) {
      if (i % 10 == 0) walk.take();
    }
    device->set_plan({.capacity_bytes = database.stats().file_bytes});
    CHECK_THROWS_CODE(txn.commit(), ErrorCode::out_of_space);
    device->set_plan({});
    CHECK_THROWS_CODE(txn.commit(), ErrorCode::closed);
    CHECK_THROWS_CODE(table.len(), ErrorCode::closed);
    database.begin_write().abort();  // the writer's place is free
    CHECK(contents_of(database)["t"] == rows);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a device that fails while a table is filtered loses no pages") {
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    int failures = 0;
    // Of many sizes, so that the last write, which fails, comes at every stage of the work.
    for (int count = 14000; count < 18000; count += 120) {
      CAPTURE(count);
      std::mt19937_64 random(9);
      const Rows rows = random_rows(random, count, 7, 100);
      const auto origin = std::make_shared<FaultDevice>();
      {
        Database database = open_device(origin);
        WriteTxn txn = database.begin_write();
        {
          Table table = txn.open_table("t", kBytesType, kBytesType);
          fill(table, rows, false);
        }
        txn.commit();
        database.close();
      }
      const auto retain_tenth = [](Table& table) {
        int n = 0;
        Filter tenth([&](auto, auto) { return n++ % 10 == 0 ? Verdict::remove : Verdict::keep; });
        table.retain({}, tenth);
      };
      uint64_t events = 0;
      for (const bool fails : {false, true}) {
        const auto device = FaultDevice::from_image(origin->live_image());
        Database database = open_device(device, options);
        WriteTxn txn = database.begin_write();
        {
          Table table = txn.open_table("t", kBytesType, kBytesType);
          const uint64_t before = device->event_count();
          if (fails) device->set_plan({.fail_at = before + events - 1});
          try {
            retain_tenth(table);
          } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::io);
            ++failures;
            CHECK(rows_of(table) == rows);
          }
          events = device->event_count() - before;
          device->set_plan({});
        }
        txn.commit();
        CHECK_VERIFIES(database);
      }
    }
    CHECK_GT(failures, 20);
  }

  TEST_CASE("a copy whose transaction was aborted meanwhile takes nothing from the next one") {
    const auto device = std::make_shared<FaultDevice>();
    std::mt19937_64 random(9);
    const Rows rows = random_rows(random, 20000, 7, 100);
    {
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kBytesType, kBytesType);
        fill(table, rows, false);
      }
      txn.commit();
      database.close();
    }
    Database target = Database::open_memory();
    WriteTxn txn = target.begin_write();
    std::optional<WriteTxn> next;
    auto backend = std::make_unique<ReadHook>(device);
    ReadHook& hook = *backend;
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    Database source = Database::open_backend(std::move(backend), options);
    const ReadTxn reader = source.begin_read();
    const Table from = reader.open_table_raw("t");
    int reads = 0;
    hook.before_read = [&] {
      if (++reads != 20) return;
      txn.abort();
      next.emplace(target.begin_write());
      Table table = next->open_table("mine", kBytesType, kBytesType);
      fill(table, rows, false);
    };
    CHECK_THROWS_CODE(txn.copy_table(from, "copy"), ErrorCode::closed);
    hook.before_read = nullptr;
    REQUIRE(next.has_value());
    CHECK(rows_of(next->open_table("mine", kBytesType, kBytesType)) == rows);
    next->commit();
    CHECK_VERIFIES(target);
    CHECK(contents_of(target)["mine"] == rows);
  }

  TEST_CASE("a commit that a callback asks for leaves extractions from other tables alone") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table filtered = txn.open_table("filtered", kTextType, kBytesType);
    Table walked = txn.open_table("walked", kTextType, kBytesType);
    for (int i = 0; i < 10; ++i) {
      filtered.put(as_bytes(number(i)), as_bytes("v"));
      walked.put(as_bytes(number(i)), as_bytes("v"));
    }
    Extraction extraction = walked.extract();
    REQUIRE(extraction.next());
    CHECK(extraction.take());
    Filter committing([&](std::string_view, std::string_view) {
      CHECK_THROWS_CODE(txn.commit(), ErrorCode::misuse);
      return Verdict::stop;
    });
    CHECK_EQ(filtered.retain({}, committing), 0);
    REQUIRE(extraction.next());
    CHECK(extraction.take());
    CHECK_EQ(extraction.finish(), 2);
    txn.commit();
    CHECK_EQ(contents_of(database)["walked"].size(), 8);
  }

  TEST_CASE("a commit in the middle of a copy is refused") {
    std::mt19937_64 random(9);
    const Rows rows = random_rows(random, 20000, 7, 100);
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kBytesType, kBytesType);
        fill(table, rows, false);
      }
      txn.commit();
      database.close();
    }
    Database target = Database::open_memory();
    WriteTxn txn = target.begin_write();
    auto backend = std::make_unique<ReadHook>(device);
    ReadHook& hook = *backend;
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    Database database = Database::open_backend(std::move(backend), options);
    const ReadTxn reader = database.begin_read();
    int reads = 0;
    hook.before_read = [&] {
      if (++reads == 20) CHECK_THROWS_CODE(txn.commit(), ErrorCode::misuse);
    };
    CHECK_EQ(txn.copy_table(reader.open_table_raw("t"), "copy"), rows.size());
    hook.before_read = nullptr;
    CHECK_GT(reads, 20);
    txn.commit();
    CHECK(contents_of(target)["copy"] == rows);
    CHECK_VERIFIES(target);
  }

  TEST_CASE("a copy whose last leaf would be alone below its branch is whole") {
    Database database = Database::open_memory();
    // 255 records to a leaf and 128 leaves to a branch, and then one or two records more.
    for (const uint64_t count : {255 * 128, 255 * 128 + 1, 255 * 128 + 256, 255 * 256 + 1}) {
      CAPTURE(count);
      std::vector<std::string> numbers;
      for (uint64_t i = 0; i < count; ++i) numbers.push_back(le64(i));
      std::vector<Table::Record> records;
      for (const std::string& text : numbers) records.push_back({as_bytes(text), as_bytes(text)});
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("from", kU64Type, kU64Type);
        table.put_batch(records);
        CHECK_EQ(txn.copy_table(table, "to"), count);
        CHECK(rows_of(txn.open_table("to", kU64Type, kU64Type)) == rows_of(table));
      }
      txn.commit();
      CHECK_VERIFIES(database);
      WriteTxn clean = database.begin_write();
      clean.delete_table("from");
      clean.delete_table("to");
      clean.commit();
      CHECK_VERIFIES(database);
    }
  }
}

}  // namespace rdb::test
