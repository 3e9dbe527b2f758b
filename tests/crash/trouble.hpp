// trouble.hpp: a workload on storage that strikes once, dealt with as a program would.
#pragma once

#include <functional>

#include "workload.hpp"

namespace rdb::test {

using Opener = std::function<Database()>;

struct Outcome {
  bool failed = false;   // an operation reported the failure
  bool latched = false;  // with recovery_required
};

// Runs the mixed workload; when a step fails, checks that the database holds what it held and tries
// again, after opening anew where the failure says so. The end must be that of an undisturbed run.
Outcome run_with_trouble(const Opener& open);

// The open database holds what the workload thinks is visible, and so do its readers.
void require_usable_and_unchanged(Workload& workload);
bool is_closed(const Database& database);

}  // namespace rdb::test
