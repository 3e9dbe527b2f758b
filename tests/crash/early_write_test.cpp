// Pages that a large pass over a table writes before its commit: on another thread, beside the
// pass.
//
// Whatever becomes of those writes and of the transaction, the file holds the last commit or the
// one in flight.
//
// RDB_CRASH_SEEDS sets how many seeds the mix of changes draws from (default 1).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <thread>

#include "format/header.hpp"
#include "image_check.hpp"
#include "short_form.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

constexpr int kRows = 12'000;
constexpr size_t kValueBytes = 200;
using format::kHeaderBytes;

std::string key_of(int i) {
  char text[16];
  std::snprintf(text, sizeof text, "%06d", i);
  return text;
}
std::string value_of(int i, char fill) { return key_of(i) + std::string(kValueBytes - 6, fill); }
bool goes(int i) { return i % 3 == 0; }
bool goes_later(int i) { return i % 11 == 4; }

class Those final : public RecordFilter {
 public:
  explicit Those(bool (*go)(int)) : go_(go) {}
  Verdict judge(Bytes key, Bytes) override {
    return go_(std::stoi(std::string(as_text(key)))) ? Verdict::remove : Verdict::keep;
  }

 private:
  bool (*go_)(int);
};

State all_rows() {
  State state;
  for (int i = 0; i < kRows; ++i) state["t"][key_of(i)] = value_of(i, 'a');
  return state;
}
State rows_left() {
  State state;
  for (int i = 0; i < kRows; ++i) {
    if (!goes(i)) state["t"][key_of(i)] = value_of(i, 'a');
  }
  return state;
}

void fill(WriteTxn& txn, const char* name) {
  Table table = txn.open_table(name, kTextType, kBytesType);
  for (int i = 0; i < kRows; ++i) table.put(as_bytes(key_of(i)), as_bytes(value_of(i, 'a')));
}

// A file with the rows, and with free pages for as many more, so that it need not grow.
std::vector<std::byte> make_image() {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device);
  for (const char* name : {"t", "gone"}) {
    WriteTxn txn = database.begin_write();
    fill(txn, name);
    txn.commit();
  }
  for (int i = 0; i < 3; ++i) {  // the pages are free once nobody can see them
    WriteTxn txn = database.begin_write();
    if (i == 0) txn.delete_table("gone");
    txn.open_table("other", kTextType, kBytesType).put(as_bytes("k"), as_bytes(key_of(i)));
    txn.commit();
  }
  return device->live_image();  // as a crash leaves it: closing would cut the free pages off
}

State with_other(State state) {
  state["other"]["k"] = key_of(2);
  return state;
}

struct Run {
  explicit Run(const std::vector<std::byte>& image)
      : device(FaultDevice::from_image(image)), database(open_device(device)) {
    WriteTxn first = database.begin_write();  // marks the file as in use
    first.open_table("other", kTextType, kBytesType).put(as_bytes("k"), as_bytes(key_of(2)));
    first.commit();
    begin = device->event_count();
  }

  void retain(WriteTxn& txn) {
    Those third(goes);
    REQUIRE(txn.open_table("t", kTextType, kBytesType).retain({}, third) == kRows / 3);
  }
  // Writes since the first commit.
  struct Writes {
    uint64_t bytes = 0;
    size_t failed = 0;
  };
  Writes writes() const {
    Writes sum;
    const std::vector<Event> events = device->events();
    for (size_t i = begin; i < events.size(); ++i) {
      if (events[i].kind != EventKind::write) continue;
      sum.bytes += events[i].bytes;
      sum.failed += events[i].failed ? 1 : 0;
    }
    return sum;
  }
  bool wait_for_early_writes() const {
    return comes_true([&] { return writes().bytes >= uint64_t{1} << 20; });
  }
  State state() { return state_of(database.begin_read()); }

  std::shared_ptr<FaultDevice> device;
  Database database;
  size_t begin = 0;
};

// A table that transactions change by the thousand rows, and what it should hold.
class Mix {
 public:
  Mix(uint64_t seed, const OpenOptions& options)
      : random_(seed), options_(options), database_(open_device(device_, options)) {}

  void run(int transactions) {
    for (int i = 0; i < transactions; ++i) {
      CAPTURE(i);
      run_transaction();
      CHECK_EQ(difference(state_of(database_.begin_read()), visible_), "");
      if (i % 4 != 3) continue;
      CHECK_VERIFIES(database_);
      check_image(device_->crash_image(CrashMode::sectors, random_()), options_, {durable_, {}},
                  Judge::opens);
    }
    database_.close();
    check_image(device_->live_image(), options_, {visible_, {}}, Judge::goes_on);
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }

  void run_transaction() {
    WriteTxn txn = database_.begin_write();
    State after = visible_;
    for (int step = 0; step <= below(4); ++step) {
      Table table = txn.open_table("t", kTextType, kBytesType);
      change(txn, table, after["t"], after);
    }
    switch (below(6)) {
      case 0:
        return txn.abort();
      case 1:
      case 2:
        txn.set_durability(Durability::none);
        txn.commit();
        visible_ = after;
        return;
      default:
        txn.commit();
        durable_ = visible_ = after;
    }
  }

  void change(WriteTxn& txn, Table& table, std::map<std::string, std::string>& rows, State& state) {
    const int modulus = 2 + below(9);
    const int rest = below(modulus);
    const auto picked = [&](Bytes key) {
      return std::stoi(std::string(as_text(key))) % modulus == rest;
    };
    const int what = rows.size() < 6000 ? 0 : below(7);
    switch (what) {
      case 0:
      case 1: {  // many rows
        std::vector<std::pair<std::string, std::string>> texts;
        const char fill = static_cast<char>('a' + below(26));
        for (int i = below(10); i < kRows; i += 1 + below(6)) {
          texts.emplace_back(key_of(i), value_of(i, fill));
        }
        std::vector<Table::Record> records;
        for (const auto& [key, value] : texts) records.push_back({as_bytes(key), as_bytes(value)});
        table.put_batch(records, Table::PutMode::upsert);
        for (const auto& [key, value] : texts) rows[key] = value;
        return;
      }
      case 2:
      case 3: {  // a pass over the table
        struct Picked final : RecordFilter {
          explicit Picked(std::function<bool(Bytes)> go) : goes(std::move(go)) {}
          Verdict judge(Bytes key, Bytes) override {
            return goes(key) ? Verdict::remove : Verdict::keep;
          }
          std::function<bool(Bytes)> goes;
        } filter(picked);
        table.retain({}, filter);
        std::erase_if(rows, [&](const auto& row) { return picked(as_bytes(row.first)); });
        return;
      }
      case 4: {  // a walk that turns round
        Extraction walk = table.extract();
        for (int i = 0; i < 8000 && walk.next(); ++i) {
          if (!picked(walk.key())) continue;
          rows.erase(std::string(as_text(walk.key())));
          walk.take();
        }
        for (int i = 0; i < 100 && walk.prev(); ++i) {
          rows.erase(std::string(as_text(walk.key())));
          walk.take();
        }
        walk.finish();
        return;
      }
      case 5:  // rows here and there
        for (int i = 0; i < 300; ++i) {
          const int row = below(kRows);
          if (i % 2 == 0) {
            rows[key_of(row)] = value_of(row, 'x');
            table.put(as_bytes(key_of(row)), as_bytes(value_of(row, 'x')));
          } else {
            rows.erase(key_of(row));
            table.erase(as_bytes(key_of(row)));
          }
        }
        return;
      default:  // a copy in the place of the last one
        txn.delete_table("copy");
        txn.copy_table(table, "copy");
        state["copy"] = rows;
    }
  }

  std::mt19937_64 random_;
  const OpenOptions options_;
  std::shared_ptr<FaultDevice> device_ = std::make_shared<FaultDevice>();
  Database database_;
  State durable_;
  State visible_;
};

uint64_t seeds_of_mix() {
  const char* text = std::getenv("RDB_CRASH_SEEDS");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 0);
}

}  // namespace

TEST_SUITE("crash/early writes") {
  TEST_CASE("pages of a large pass are written once, most of them before the commit") {
    if (!has_two_processors()) return;
    Run run(make_image());
    WriteTxn txn = run.database.begin_write();
    run.retain(txn);
    CHECK(run.wait_for_early_writes());
    // No root names them yet.
    check_image(run.device->crash_image(CrashMode::all), {}, {with_other(all_rows()), {}},
                Judge::goes_on);
    txn.commit();
    const uint64_t left = uint64_t{kRows} * 2 / 3 * (kValueBytes + 6 + 8);
    CHECK(run.writes().bytes < left + left / 10);
    CHECK_EQ(difference(run.state(), with_other(rows_left())), "");
    check_image(run.device->crash_image(CrashMode::durable), {}, {with_other(rows_left()), {}},
                Judge::goes_on);
  }

  // A mirror behind the pages may name a root whose pages are free by now.
  TEST_CASE(
      "the file is marked as in use before the first page, and a pass that cannot do so fails") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      for (const char* name : {"gone", "t"}) {
        WriteTxn txn = database.begin_write();
        fill(txn, name);
        txn.commit();
      }
      WriteTxn txn = database.begin_write();
      txn.delete_table("gone");  // free pages in front of those in use: closing leaves them
      txn.commit();
      database.close();
    }
    const std::vector<std::byte> image = device->live_image();
    Those third(goes);
    {
      const auto failing = FaultDevice::from_image(image);
      Database database = open_device(failing);
      WriteTxn txn = database.begin_write();
      FaultPlan plan;
      plan.fail_at = failing->event_count();
      failing->set_plan(plan);
      CHECK_THROWS_CODE(txn.open_table("t", kTextType, kBytesType).retain({}, third),
                        ErrorCode::recovery_required);
      CHECK(failing->events().back() == Event{EventKind::write, 0, kHeaderBytes, true});
      check_image(failing->live_image(), {}, {all_rows(), {}}, Judge::goes_on);
    }
    if (!has_two_processors()) return;
    const auto sound = FaultDevice::from_image(image);
    Database database = open_device(sound);
    WriteTxn txn = database.begin_write();
    const size_t begin = sound->event_count();
    CHECK_EQ(txn.open_table("t", kTextType, kBytesType).retain({}, third), uint64_t{kRows / 3});
    CHECK(comes_true([&] { return sound->event_count() >= begin + 3; }));
    const std::vector<Event> events = sound->events();
    REQUIRE(events.size() >= begin + 3);
    CHECK(events[begin] == Event{EventKind::write, 0, kHeaderBytes, false});
    CHECK(events[begin + 1].kind == EventKind::sync);
    CHECK(events[begin + 2].kind == EventKind::write);
    CHECK(events[begin + 2].offset > kHeaderBytes);
  }

  TEST_CASE("a transaction may change what was written early, or take it back") {
    const std::vector<std::byte> image = make_image();
    for (const bool commits : {true, false}) {
      CAPTURE(commits);
      Run run(image);
      State expected = with_other(commits ? rows_left() : all_rows());
      WriteTxn txn = run.database.begin_write();
      run.retain(txn);
      {
        Table table = txn.open_table("t", kTextType, kBytesType);
        for (int i = 0; i < kRows; i += 10) {  // in nearly every leaf
          const std::string value = value_of(i, 'b');
          table.put(as_bytes(key_of(i)), as_bytes(value));
          if (commits) expected["t"][key_of(i)] = value;
        }
        for (int i = kRows * 7 / 10; i < kRows; ++i) {  // whole leaves, not all of them written yet
          if (table.erase(as_bytes(key_of(i))) && commits) expected["t"].erase(key_of(i));
        }
        Those more(goes_later);  // writes early again, and gives up the pages of the first pass
        CHECK(table.retain({}, more) > kRows / 30);
        for (int i = 0; i < kRows; ++i) {
          if (commits && goes_later(i)) expected["t"].erase(key_of(i));
        }
      }
      commits ? txn.commit() : txn.abort();
      CHECK_EQ(difference(run.state(), expected), "");
      CHECK_VERIFIES(run.database);
      // The pages that were given up are used again.
      const ReadTxn reader = run.database.begin_read();
      WriteTxn next = run.database.begin_write();
      next.copy_table(reader.open_table("t", kTextType, kBytesType), "copy");
      next.commit();
      expected["copy"] = expected["t"];
      CHECK_EQ(difference(run.state(), expected), "");
      check_image(run.device->crash_image(CrashMode::durable), {}, {expected, {}}, Judge::goes_on);
    }
  }

  TEST_CASE("early writes that fail are made again by the commit, which alone may fail") {
    if (!has_two_processors()) return;
    const std::vector<std::byte> image = make_image();
    for (const int code : {EIO, ENOSPC}) {
      for (const bool goes_on : {false, true}) {
        CAPTURE(code);
        CAPTURE(goes_on);
        Run run(image);
        FaultPlan plan;
        plan.fail_at = run.begin;
        plan.fail_count = 1000;
        plan.fail_errno = code;
        plan.fail_torn_sectors = 100;
        run.device->set_plan(plan);
        WriteTxn txn = run.database.begin_write();
        run.retain(txn);
        CHECK(comes_true([&] { return run.writes().failed > 0; }));
        if (!goes_on) {
          CHECK_THROWS_CODE(txn.commit(), code == EIO ? ErrorCode::io : ErrorCode::out_of_space);
          check_image(run.device->crash_image(CrashMode::all), {}, {with_other(all_rows()), {}},
                      Judge::goes_on);
          continue;
        }
        run.device->set_plan({});
        txn.commit();
        CHECK_EQ(difference(run.state(), with_other(rows_left())), "");
        check_image(run.device->crash_image(CrashMode::durable), {}, {with_other(rows_left()), {}},
                    Judge::goes_on);
      }
    }
  }

  TEST_CASE("large passes among other changes, committed or not, leave what a map would hold") {
    const uint64_t seeds = seeds_of_mix();
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
      for (const uint64_t budget : {uint64_t{256} << 20, uint64_t{4} << 20}) {
        CAPTURE(seed);
        CAPTURE(budget);
        OpenOptions options;
        options.memory_budget_bytes = budget;
        Mix(seed, options).run(static_cast<int>(40 / one_in(5)));
      }
    }
  }

  TEST_CASE("power lost at any event of the pass and its commit") {
    const std::vector<std::byte> image = make_image();
    const AllowedStates allowed{with_other(all_rows()), with_other(rows_left())};
    size_t images = 0;
    size_t newer = 0;
    bool finished = false;
    for (uint64_t n = 0; !finished; n += one_in(3)) {
      Run run(image);
      FaultPlan plan;
      plan.stop_at = run.begin + n;
      plan.torn_sectors = n * 37 % 2000;
      run.device->set_plan(plan);
      WriteTxn txn = run.database.begin_write();
      try {
        run.retain(txn);
        txn.commit();
        finished = true;
      } catch (const Error&) {
      }
      CAPTURE(n);
      for (const CrashMode mode : kAllCrashModes) {
        CAPTURE(static_cast<int>(mode));
        ++images;
        newer += check_image(run.device->crash_image(mode, n), {}, allowed, Judge::goes_on) ? 1 : 0;
      }
    }
    std::printf("power lost in a large pass: %zu images, %zu with it\n", images, newer);
    CHECK(newer >= 5);  // the last one, at least
    CHECK(images - newer >= 5);
  }
}

}  // namespace rdb::test
