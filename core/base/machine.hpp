// machine.hpp: what the machine has.
#pragma once

#include <cstdint>

namespace rdb::base {

// Bytes of main memory; 0 when the system does not tell.
uint64_t memory_bytes() noexcept;

}  // namespace rdb::base
