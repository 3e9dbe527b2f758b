// fork_guard.hpp: registers the handler that counts forks; rdb/fork.hpp reads the count.
//
// Without install_fork_guard() the generation never changes. Threads: any.
#pragma once

#include "rdb/fork.hpp"

namespace rdb::base {

// Registers the handler on the first call; later calls do nothing. Throws no_memory.
void install_fork_guard();

}  // namespace rdb::base
