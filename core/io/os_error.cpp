#include "io/os_error.hpp"

#include <cerrno>
#include <system_error>

namespace rdb::io {

void throw_os_error(const std::string& what, int os_errno, uint64_t position) {
  const bool full = os_errno == ENOSPC || os_errno == EDQUOT || os_errno == EFBIG;
  throw_os_error(full ? ErrorCode::out_of_space : ErrorCode::io, what, os_errno, position);
}

void throw_os_error(ErrorCode code, const std::string& what, int os_errno, uint64_t position) {
  throw Error(code, what + ": " + std::generic_category().message(os_errno), position, os_errno);
}

std::string transfer_failure(const char* verb, uint64_t size, uint64_t offset,
                             const std::string& name) {
  return std::string("cannot ") + verb + " " + std::to_string(size) + " bytes at offset " +
         std::to_string(offset) + " of " + name;
}

void throw_read_past_end(uint64_t size, uint64_t offset, uint64_t end, const std::string& name) {
  throw Error(ErrorCode::io,
              transfer_failure("read", size, offset, name) + ": it ends at " + std::to_string(end),
              offset);
}

}  // namespace rdb::io
