// c_calls.hpp: what scripts of rdb.h calls share: slices, and statuses that are looked at.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "input.hpp"
#include "rdb.h"

namespace rdb::fuzz {

inline rdb_slice slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string text(rdb_slice slice) {
  return slice.size == 0 ? std::string()
                         : std::string(static_cast<const char*>(slice.data), slice.size);
}
inline rdb_type type(const char* name) { return {slice(name), RDB_TYPE_BUILTIN, 0}; }

// The error of the call under way, and what its status must be.
class Calls {
 protected:
  rdb_status note(rdb_status status, const char* call) {
    describe(status, call);
    return status;
  }
  void expect(rdb_status status, rdb_status expected, const char* call) {
    describe(status, call);
    require(status == expected, std::string(call) + " answered " + rdb_status_name(status) +
                                    " instead of " + rdb_status_name(expected) + ": " +
                                    (status < 0 ? err_.message : ""));
  }

  rdb_error err_{};

 private:
  void describe(rdb_status status, const char* call) {
    if (status >= 0) return;
    const std::string where = std::string(call) + ": " + rdb_status_name(status);
    require(err_.status == status, where + ": another status in the error");
    require(err_.message_size > 0 && err_.message_size < sizeof err_.message &&
                std::strlen(err_.message) == err_.message_size,
            where + ": no message");
    require(status != RDB_ERR_INTERNAL, where + ": " + err_.message);
  }
};

}  // namespace rdb::fuzz
