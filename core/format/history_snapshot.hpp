// history_snapshot.hpp: one commit that as-of reads can reach, a value of transaction_history.
//
// On disk (spec 01 section 4.5):
//   0   u8   user root present   any non-zero; written 0 or 1
//   1   32   user root record    zeros when absent
//   33  u64  wall clock          ms since the Unix epoch
//   41  u64  blob region offset  49 u64 length
//   57  u64  next blob sequence  copy of blob_counters[0]
//   65  u64  blob clock          copy of blob_counters[1]
// The table's key is the transaction id of the commit, an ordinary u64.
#pragma once

#include <array>
#include <cstdint>

#include "format/root_record.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct HistorySnapshot {
  static constexpr size_t kBytes = 73;

  TreeRoot user_root;
  uint64_t wall_clock_ms = 0;
  uint64_t blob_region_offset = 0;
  uint64_t blob_region_length = 0;
  uint64_t blob_next_sequence = 0;
  uint64_t blob_hlc = 0;

  // Throws corrupted. A caller skips such a snapshot; nothing else depends on it.
  static HistorySnapshot parse(Bytes value);
  std::array<std::byte, kBytes> encode() const noexcept;

  bool operator==(const HistorySnapshot&) const = default;
};

}  // namespace rdb::format
