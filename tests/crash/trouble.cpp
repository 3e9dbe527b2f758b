#include "trouble.hpp"

#include "image_check.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

void reopen(Workload& workload, const Opener& open, const AllowedStates& allowed) {
  workload.drop();
  State found;
  {
    const Database database = open();
    found = state_of(database.begin_read());
    CHECK_EQ(serious_problems(database), "");
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

}  // namespace

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

Outcome run_with_trouble(const Opener& open) {
  Workload workload(open);
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
      reopen(workload, open, allowed);
      continue;
    }
    if (outcome.latched) {
      CHECK_THROWS_CODE(workload.database().begin_write(), ErrorCode::recovery_required);
      reopen(workload, open, workload.allowed());
      continue;
    }
    require_usable_and_unchanged(workload);
    CHECK_VERIFIES(workload.database());
  }
  const Database database = open();
  CHECK_EQ(difference(state_of(database.begin_read()), workload.visible()), "");
  CHECK_VERIFIES(database);
  return outcome;
}

}  // namespace rdb::test
