// Devices that fail without losing power: one failed event, one failed read, a full disk.
//
// A failure before the header write is a failed operation and no more: the database holds what it
// held, and the same work succeeds when it is tried again. A failure of the header write or its
// sync latches the database (recovery_required), and opening it anew decides.
#include <cerrno>
#include <cstdio>
#include <set>

#include "image_check.hpp"
#include "short_form.hpp"
#include "support.hpp"
#include "trouble.hpp"

namespace rdb::test {
namespace {

constexpr uint64_t kNewFileBytes = 258 * 4096;

OpenOptions tiny_budget() {
  OpenOptions options;
  options.memory_budget_bytes = 1;
  return options;
}

bool is_header_write(const Event& event) {
  return event.kind == EventKind::write && event.offset == 0;
}

// The header write itself, or the sync that follows it.
bool concerns_header(const std::vector<Event>& events, size_t n) {
  if (is_header_write(events[n])) return true;
  return events[n].kind == EventKind::sync && n > 0 && is_header_write(events[n - 1]);
}

std::vector<Event> undisturbed_events(const OpenOptions& options, State& last, uint64_t& reads) {
  const auto device = std::make_shared<FaultDevice>();
  Workload workload(device, options);
  REQUIRE(workload.run());
  last = workload.visible();
  reads = device->read_count();
  return device->events();
}

// torn_sectors: how much of a failing write is written all the same.
void fail_everywhere(const char* what, const OpenOptions& options, int fail_errno,
                     uint64_t torn_sectors = 0) {
  State last;
  uint64_t reads = 0;
  const std::vector<Event> events = undisturbed_events(options, last, reads);
  uint64_t latched = 0;
  uint64_t undone = 0;
  for (size_t n = 0; n < events.size(); n += one_in(3)) {
    CAPTURE(n);
    const auto device = std::make_shared<FaultDevice>();
    FaultPlan plan;
    plan.fail_at = n;
    plan.fail_errno = fail_errno;
    plan.fail_torn_sectors = torn_sectors;
    device->set_plan(plan);
    const Outcome outcome = run_with_trouble([&] { return open_device(device, options); });
    // A file that cannot grow uses the holes it has, if they will do.
    const bool may_be_absorbed = fail_errno == ENOSPC && events[n].kind == EventKind::resize;
    CHECK((outcome.failed || may_be_absorbed));
    // Creation is no commit: until its second header write there is nothing to recover.
    const bool creating = n < 5;
    if (events[n].kind == EventKind::write && events[n].offset >= 4096 && !options.eof_mirror) {
      CHECK_FALSE(outcome.latched);
    }
    if (!creating && concerns_header(events, n)) CHECK(outcome.latched);
    (outcome.latched ? latched : undone) += 1;
  }
  std::printf("%s: %zu failing events, %llu undone, %llu latched\n", what, events.size(),
              static_cast<unsigned long long>(undone), static_cast<unsigned long long>(latched));
  CHECK(latched > 0);
  CHECK(undone > 0);
}

}  // namespace

TEST_SUITE("crash/faults") {
  TEST_CASE("a failed write, resize or sync is undone or latches, and the work can go on") {
    fail_everywhere("EIO", {}, EIO);
  }

  TEST_CASE("the same with a tiny budget, small regions and a mirror") {
    OpenOptions options = tiny_budget();
    options.region_pages = 64;
    options.eof_mirror = true;
    fail_everywhere("EIO, small regions and mirror", options, EIO);
  }

  TEST_CASE("the same when the device says it is full") { fail_everywhere("ENOSPC", {}, ENOSPC); }

  TEST_CASE("a write that fails when a part of it is written is undone or latches") {
    OpenOptions options;
    fail_everywhere("EIO after one sector", options, EIO, 1);
    options.eof_mirror = true;
    fail_everywhere("ENOSPC after three sectors, mirror", options, ENOSPC, 3);
  }

  TEST_CASE("a failed or short read fails its operation only") {
    const OpenOptions options = tiny_budget();
    State last;
    uint64_t reads = 0;
    undisturbed_events(options, last, reads);
    REQUIRE(reads > 20);
    for (uint64_t bytes : {uint64_t{0}, uint64_t{1000}, kNever}) {
      CAPTURE(bytes);
      uint64_t failed = 0;
      uint64_t tried = 0;
      for (uint64_t n = bytes % 7; n < reads; n += (1 + reads / 150) * one_in(3), ++tried) {
        CAPTURE(n);
        const auto device = std::make_shared<FaultDevice>();
        FaultPlan plan;
        plan.fail_read_at = n;
        plan.fail_read_bytes = bytes;
        device->set_plan(plan);
        if (run_with_trouble([&] { return open_device(device, options); }).failed) ++failed;
      }
      std::printf("failed reads: %llu of %llu reported\n", static_cast<unsigned long long>(failed),
                  static_cast<unsigned long long>(tried));
      CHECK(failed == tried);
    }
  }

  TEST_CASE("an error at close is reported, and the file is whole and closed cleanly") {
    const auto device = std::make_shared<FaultDevice>();
    Workload workload(device, {});
    while (workload.next_step() != "close and reopen") workload.run_step();
    const State expected = workload.visible();
    FaultPlan plan;
    plan.fail_close = true;
    device->set_plan(plan);
    CHECK_THROWS_CODE(workload.database().close(), ErrorCode::io);
    CHECK_THROWS_CODE(workload.database().begin_read(), ErrorCode::closed);
    CHECK_THROWS_CODE(workload.database().close(), ErrorCode::closed);
    workload.drop();
    device->set_plan({});
    const auto survivor = FaultDevice::from_image(device->crash_image(CrashMode::durable));
    const Database database = open_device(survivor);
    CHECK(database.recovery().clean);
    CHECK_EQ(difference(state_of(database.begin_read()), expected), "");
    CHECK_VERIFIES(database);
  }

  TEST_CASE("an error at close does not hide the first failure, nor end the program") {
    const auto device = std::make_shared<FaultDevice>();
    FaultPlan plan;
    plan.fail_close = true;
    device->set_plan(plan);
    { const Database dropped = open_device(device); }
    const uint64_t created = device->event_count();
    SUBCASE("of an open that fails") {
      plan.fail_read_at = device->read_count();
      device->set_plan(plan);
      CHECK_THROWS_CODE(open_device(device), ErrorCode::io);
    }
    SUBCASE("of the header write that marks a new file as in use") {
      const auto fresh = std::make_shared<FaultDevice>();
      const uint64_t creation_events = 5;  // resize, write, sync, write, sync
      plan.fail_at = creation_events;
      fresh->set_plan(plan);
      CHECK_THROWS_CODE(open_device(fresh), ErrorCode::recovery_required);
    }
    SUBCASE("of the closing commit") {
      Database database = open_device(device);
      add_rows(database, {});
      plan.fail_at = device->event_count();
      plan.fail_errno = ENOSPC;
      device->set_plan(plan);
      CHECK_THROWS_CODE(database.close(), ErrorCode::out_of_space);
    }
    CHECK(device->event_count() >= created);
    device->set_plan({});
    const Database database = open_device(device);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a sync that fails and drops writes costs no acknowledged commit") {
    for (const OpenOptions& options : {OpenOptions{}, tiny_budget()}) {
      State last;
      uint64_t reads = 0;
      const std::vector<Event> events = undisturbed_events(options, last, reads);
      for (size_t n = 0; n < events.size(); ++n) {
        if (events[n].kind != EventKind::sync) continue;
        for (uint64_t seed = 1; seed <= 3; seed += one_in(3)) {
          CAPTURE(n);
          CAPTURE(seed);
          const auto device = std::make_shared<FaultDevice>();
          FaultPlan plan;
          plan.fail_at = n;
          plan.lose_on_sync_failure = true;
          plan.seed = seed;
          device->set_plan(plan);
          Workload workload(device, options);
          REQUIRE_FALSE(workload.run());
          AllowedStates allowed = workload.allowed();
          const bool latched = workload.error()->code() == ErrorCode::recovery_required;
          if (!latched && workload.is_open()) {
            // Not latched: whatever was lost belonged to the failed transaction. Go on.
            if (is_closed(workload.database())) {
              allowed.in_flight = workload.visible();
            } else if (!workload.finished()) {
              workload.run_step();
              allowed = workload.allowed();
            }
          }
          for (CrashMode mode : kAllCrashModes) {
            CAPTURE(static_cast<int>(mode));
            const auto survivor = FaultDevice::from_image(device->crash_image(mode, seed));
            const Database database = open_device(survivor, options);
            const State found = state_of(database.begin_read());
            CHECK_MESSAGE(allowed.match(found) != nullptr, difference(found, allowed.durable));
            CHECK_VERIFIES(database);
          }
          workload.drop();
        }
      }
    }
  }

  TEST_CASE("a full disk refuses what does not fit, loses nothing and takes smaller work") {
    State last;
    uint64_t reads = 0;
    const std::vector<Event> events = undisturbed_events({}, last, reads);
    std::set<uint64_t> sizes;
    for (const Event& event : events) {
      // Without room for an empty database there is none at all.
      if (event.kind == EventKind::resize && event.bytes > kNewFileBytes) sizes.insert(event.bytes);
    }
    REQUIRE(sizes.size() > 1);
    uint64_t refusals = 0;
    for (uint64_t size : sizes) {
      for (bool sparse : {false, true}) {
        CAPTURE(size);
        CAPTURE(sparse);
        const auto device = std::make_shared<FaultDevice>();
        FaultPlan plan;
        plan.capacity_bytes = size - 4096;
        plan.sparse_growth = sparse;
        device->set_plan(plan);
        Workload workload(device, {});
        while (!workload.run()) {
          CHECK_EQ(workload.error()->code(), ErrorCode::out_of_space);
          ++refusals;
          REQUIRE(workload.is_open());
          require_usable_and_unchanged(workload);
          {
            WriteTxn txn = workload.database().begin_write();
            {
              Table table = txn.open_table("small work", kTextType, kBytesType);
              table.put(as_bytes("key"), as_bytes("value"));
            }
            txn.commit();
          }
          {
            WriteTxn txn = workload.database().begin_write();
            REQUIRE(txn.delete_table("small work"));
            txn.commit();
          }
          CHECK_VERIFIES(workload.database());
          device->set_plan({});  // somebody made room
        }
        const Database database = open_device(device);
        CHECK_EQ(difference(state_of(database.begin_read()), workload.visible()), "");
        CHECK_EQ(difference(workload.visible(), last), "");
        CHECK_VERIFIES(database);
      }
    }
    CHECK(refusals > 0);
  }

  TEST_CASE("a disk that stays full can be emptied") {
    const auto device = std::make_shared<FaultDevice>();
    FaultPlan plan;
    plan.capacity_bytes = 3 << 20;
    device->set_plan(plan);
    Database database = open_device(device);
    uint64_t rows = 0;
    const std::string value(3000, 'v');
    for (bool full = false; !full;) {
      WriteTxn txn = database.begin_write();
      try {
        {
          Table table = txn.open_table("rows", kU64Type, kBytesType);
          for (uint64_t i = 0; i < 10; ++i) table.put(as_bytes(le64(rows + i)), as_bytes(value));
        }
        txn.commit();
        rows += 10;
      } catch (const Error& error) {
        REQUIRE_EQ(error.code(), ErrorCode::out_of_space);
        full = true;
      }
      REQUIRE(rows < 1000);
    }
    REQUIRE(rows > 300);
    CHECK_VERIFIES(database);
    for (uint64_t i = 0; i < rows; i += 10) {
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("rows", kU64Type, kBytesType);
        for (uint64_t j = i; j < i + 10; ++j) REQUIRE(table.erase(as_bytes(le64(j))));
      }
      txn.commit();
    }
    CHECK_VERIFIES(database);
    database.close();
    const Database reopened = open_device(device);
    CHECK_EQ(state_of(reopened.begin_read()).at("rows").size(), 0);
  }
}

}  // namespace rdb::test
