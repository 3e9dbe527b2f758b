// error.hpp: the one exception type of the library and its codes.
//
// A code has the value of the rdb_status it becomes at the C ABI, so the shell needs no table.
// On the ABI for ever. Never renumber; append inside a hundred.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace rdb {

enum class ErrorCode : int32_t {
  // -1xx: the caller's mistake
  misuse = -100,
  bad_handle = -101,
  closed = -102,
  unknown_option = -103,
  struct_too_new = -104,
  library_too_old = -105,
  unsupported = -106,
  invalid_argument = -107,
  unsupported_combination = -108,
  reserved_name = -109,
  invalid_config = -110,
  callback = -111,
  // -2xx: tables
  table_missing = -200,
  table_exists = -201,
  table_type = -202,
  table_is_multimap = -203,
  table_not_multimap = -204,
  table_open = -205,
  too_large = -206,
  type_changed = -207,
  unknown_key_type = -208,
  merge_width = -209,
  // -3xx: concurrency
  busy = -300,
  already_open = -301,
  lock_timeout = -302,
  forked = -303,
  cancelled = -304,
  // -4xx: storage device
  io = -400,
  out_of_space = -401,
  previous_io = -402,
  read_only = -403,
  // -5xx: file content
  corrupted = -500,
  page_corrupted = -501,
  format = -502,
  upgrade_required = -503,
  recovery_required = -504,
  repair_aborted = -505,
  // -6xx: memory
  no_memory = -600,
  memory_budget = -601,
  // -9xx: our mistake
  internal = -900,
};

// position: page number, file offset or index within a batch; kNoPosition when none applies.
class Error : public std::runtime_error {
 public:
  static constexpr uint64_t kNoPosition = ~uint64_t{0};

  Error(ErrorCode code, const std::string& message, uint64_t position = kNoPosition,
        int os_errno = 0)
      : std::runtime_error(message), code_(code), os_errno_(os_errno), position_(position) {}

  ErrorCode code() const noexcept { return code_; }
  int os_errno() const noexcept { return os_errno_; }
  uint64_t position() const noexcept { return position_; }

 private:
  ErrorCode code_;
  int os_errno_;
  uint64_t position_;
};

}  // namespace rdb
