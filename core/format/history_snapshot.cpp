#include "format/history_snapshot.hpp"

#include <string>

#include "base/endian.hpp"
#include "rdb/error.hpp"

namespace rdb::format {

HistorySnapshot HistorySnapshot::parse(Bytes value) {
  if (value.size() != kBytes) {
    throw Error(ErrorCode::corrupted,
                "a history snapshot has " + std::to_string(value.size()) + " bytes instead of 73");
  }
  HistorySnapshot snapshot;
  if (value[0] != std::byte{0}) snapshot.user_root = RootRecord::decode(&value[1]);
  snapshot.wall_clock_ms = base::load_le64(&value[33]);
  snapshot.blob_region_offset = base::load_le64(&value[41]);
  snapshot.blob_region_length = base::load_le64(&value[49]);
  snapshot.blob_next_sequence = base::load_le64(&value[57]);
  snapshot.blob_hlc = base::load_le64(&value[65]);
  return snapshot;
}

std::array<std::byte, HistorySnapshot::kBytes> HistorySnapshot::encode() const noexcept {
  std::array<std::byte, kBytes> out{};
  if (user_root) {
    out[0] = std::byte{1};
    user_root->encode(&out[1]);
  }
  base::store_le64(&out[33], wall_clock_ms);
  base::store_le64(&out[41], blob_region_offset);
  base::store_le64(&out[49], blob_region_length);
  base::store_le64(&out[57], blob_next_sequence);
  base::store_le64(&out[65], blob_hlc);
  return out;
}

}  // namespace rdb::format
