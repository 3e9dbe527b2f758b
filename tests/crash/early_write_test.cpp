// Pages that a large pass over a table writes before its commit: on another thread, beside the
// pass.
//
// Whatever becomes of those writes and of the transaction, the file holds the last commit or the
// one in flight.
#include <algorithm>
#include <cstdio>
#include <thread>

#include "image_check.hpp"
#include "short_form.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

constexpr int kRows = 12'000;
constexpr size_t kValueBytes = 200;

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

// A file with the rows, and with free pages for as many more, so that it need not grow.
std::vector<std::byte> make_image() {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device);
  for (const char* name : {"t", "gone"}) {
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table(name, kTextType, kBytesType);
      for (int i = 0; i < kRows; ++i) {
        table.put(as_bytes(key_of(i)), as_bytes(value_of(i, 'a')));
      }
    }
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
  // Writes since the first commit, and whether one of them failed.
  struct Writes {
    size_t count = 0;
    uint64_t bytes = 0;
    size_t failed = 0;
  };
  Writes writes() const {
    Writes sum;
    const std::vector<Event> events = device->events();
    for (size_t i = begin; i < events.size(); ++i) {
      if (events[i].kind != EventKind::write) continue;
      ++sum.count;
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

bool has_two_processors() {
  if (std::thread::hardware_concurrency() > 1) return true;
  MESSAGE("one processor: nothing is written early here");
  return false;
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
