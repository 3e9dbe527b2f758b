// os_error.hpp: from errno to rdb::Error, in one place.
#pragma once

#include <cstdint>
#include <string>

#include "rdb/error.hpp"

namespace rdb::io {

// ENOSPC, EDQUOT and EFBIG become out_of_space, all others io. `what` is the start of a sentence
// ("cannot write 4096 bytes at offset 0 of \"x.rdb\""); the system's words follow it.
[[noreturn]] void throw_os_error(const std::string& what, int os_errno,
                                 uint64_t position = Error::kNoPosition);

// The same sentence under a code the caller chose.
[[noreturn]] void throw_os_error(ErrorCode code, const std::string& what, int os_errno,
                                 uint64_t position = Error::kNoPosition);

// "cannot read 512 bytes at offset 4096 of NAME"
std::string transfer_failure(const char* verb, uint64_t size, uint64_t offset,
                             const std::string& name);

// A read that passes the end: io without an errno, position = offset of the read.
[[noreturn]] void throw_read_past_end(uint64_t size, uint64_t offset, uint64_t end,
                                      const std::string& name);

}  // namespace rdb::io
