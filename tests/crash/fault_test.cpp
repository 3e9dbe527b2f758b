// Devices that fail without losing power: one failed event, one failed read, a full disk.
//
// A failure before the header write is a failed operation and no more: the database holds what it
// held, and the same work succeeds when it is tried again. A failure of the header write or its
// sync latches the database (recovery_required), and opening it anew decides.
#include <cerrno>
#include <cstdio>
#include <set>

#include "support.hpp"
#include "workload.hpp"

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

void reopen(Workload& workload, const std::shared_ptr<FaultDevice>& device,
            const OpenOptions& options, const AllowedStates& allowed) {
  workload.drop();
  State found;
  {
    const Database database = open_device(device, options);
    found = state_of(database.begin_read());
    CHECK_VERIFIES(database);
    // Destroyed cleanly: nothing is open.
  }
  const State* match = allowed.match(found);
  if (match == nullptr) {
    FAIL("reopened to another state: durable: "
         << difference(found, allowed.durable) << "; in flight: "
         << (allowed.in_flight ? difference(found, *allowed.in_flight) : "none"));
  }
  workload.continue_from(*match);
}

void require_usable_and_unchanged(Workload& workload) {
  const State found = state_of(workload.database().begin_read());
  REQUIRE_EQ(difference(found, workload.visible()), "");
  workload.check_readers();
}

bool is_closed(const Database& database) {
  try {
    static_cast<void>(database.stats());
  } catch (const Error& error) {
    return error.code() == ErrorCode::closed;
  }
  return false;
}

struct Outcome {
  bool failed = false;   // an operation reported the failure
  bool latched = false;  // with recovery_required
};

// Runs the workload on a device whose plan strikes once; whatever fails is dealt with as a program
// would, and tried again. The end is the end of an undisturbed run.
Outcome run_with_trouble(const std::shared_ptr<FaultDevice>& device, const OpenOptions& options) {
  Workload workload(device, options);
  Outcome outcome;
  while (!workload.run()) {
    const Error& error = *workload.error();
    INFO(error.what());
    REQUIRE_FALSE(outcome.failed);  // it struck once
    outcome.failed = true;
    outcome.latched = error.code() == ErrorCode::recovery_required;
    if (!workload.is_open() || is_closed(workload.database())) {
      // Opening or closing failed. A close that does not report success may have come through.
      AllowedStates allowed = workload.allowed();
      if (workload.is_open()) allowed.in_flight = workload.visible();
      reopen(workload, device, options, allowed);
      continue;
    }
    if (outcome.latched) {
      CHECK_THROWS_CODE(workload.database().begin_write(), ErrorCode::recovery_required);
      reopen(workload, device, options, workload.allowed());
      continue;
    }
    require_usable_and_unchanged(workload);
    CHECK_VERIFIES(workload.database());
  }
  const Database database = open_device(device, options);
  CHECK_EQ(difference(state_of(database.begin_read()), workload.visible()), "");
  CHECK_VERIFIES(database);
  return outcome;
}

std::vector<Event> undisturbed_events(const OpenOptions& options, State& last, uint64_t& reads) {
  const auto device = std::make_shared<FaultDevice>();
  Workload workload(device, options);
  REQUIRE(workload.run());
  last = workload.visible();
  reads = device->read_count();
  return device->events();
}

void fail_everywhere(const char* what, const OpenOptions& options, int fail_errno) {
  State last;
  uint64_t reads = 0;
  const std::vector<Event> events = undisturbed_events(options, last, reads);
  uint64_t latched = 0;
  uint64_t undone = 0;
  for (size_t n = 0; n < events.size(); ++n) {
    CAPTURE(n);
    const auto device = std::make_shared<FaultDevice>();
    FaultPlan plan;
    plan.fail_at = n;
    plan.fail_errno = fail_errno;
    device->set_plan(plan);
    const Outcome outcome = run_with_trouble(device, options);
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

  TEST_CASE("a failed read fails its operation only") {
    const OpenOptions options = tiny_budget();
    State last;
    uint64_t reads = 0;
    undisturbed_events(options, last, reads);
    REQUIRE(reads > 20);
    uint64_t failed = 0;
    for (uint64_t n = 0; n < reads; n += 1 + reads / 300) {
      CAPTURE(n);
      const auto device = std::make_shared<FaultDevice>();
      FaultPlan plan;
      plan.fail_read_at = n;
      device->set_plan(plan);
      if (run_with_trouble(device, options).failed) ++failed;
    }
    std::printf("failed reads: %llu of %llu reported\n", static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(reads));
    CHECK(failed > 0);
  }

  TEST_CASE("a sync that fails and drops writes costs no acknowledged commit") {
    for (const OpenOptions& options : {OpenOptions{}, tiny_budget()}) {
      State last;
      uint64_t reads = 0;
      const std::vector<Event> events = undisturbed_events(options, last, reads);
      for (size_t n = 0; n < events.size(); ++n) {
        if (events[n].kind != EventKind::sync) continue;
        for (uint64_t seed = 1; seed <= 3; ++seed) {
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
