// savepoint_record.hpp: one persistent savepoint, a value of the table persistent_savepoints.
//
// On disk (spec 01 section 4.4), the same in files of either key profile:
//   0   u8   version           3, whatever the version of the file
//   1   u64  savepoint id
//   9   u64  transaction id    of the commit whose user root is captured
//   17  u8   user root present 0 or 1
//   18  32   user root record  zeros when absent
// The system root is never captured. The table's key is the id again, in the byte order of the
// file's profile: txn_page_key.hpp.
#pragma once

#include <array>
#include <cstdint>

#include "format/root_record.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct SavepointRecord {
  static constexpr size_t kBytes = 50;

  uint64_t id = 0;
  uint64_t txn_id = 0;
  TreeRoot user_root;

  // Throws corrupted. That the id equals the row's key, the transaction id is one of the past and
  // the root lies inside the file is for the caller to check.
  static SavepointRecord parse(Bytes value);
  std::array<std::byte, kBytes> encode() const noexcept;

  bool operator==(const SavepointRecord&) const = default;
};

}  // namespace rdb::format
