#include "format/savepoint_record.hpp"

#include <string>

#include "base/endian.hpp"
#include "rdb/error.hpp"

namespace rdb::format {
namespace {

constexpr std::byte kVersion{3};  // On disk. Never renumber.

[[noreturn]] void throw_savepoint(const std::string& what) {
  throw Error(ErrorCode::corrupted, "a savepoint record is damaged: " + what);
}

}  // namespace

SavepointRecord SavepointRecord::parse(Bytes value) {
  if (value.size() != kBytes) throw_savepoint("it has " + std::to_string(value.size()) + " bytes");
  if (value[0] != kVersion) {
    throw_savepoint("its version is " + std::to_string(std::to_integer<int>(value[0])));
  }
  SavepointRecord record;
  record.id = base::load_le64(&value[1]);
  record.txn_id = base::load_le64(&value[9]);
  if (std::to_integer<int>(value[17]) > 1) throw_savepoint("its root flag is neither 0 nor 1");
  if (value[17] == std::byte{1}) record.user_root = RootRecord::decode(&value[18]);
  return record;
}

std::array<std::byte, SavepointRecord::kBytes> SavepointRecord::encode() const noexcept {
  std::array<std::byte, kBytes> out{};
  out[0] = kVersion;
  base::store_le64(&out[1], id);
  base::store_le64(&out[9], txn_id);
  if (user_root) {
    out[17] = std::byte{1};
    user_root->encode(&out[18]);
  }
  return out;
}

}  // namespace rdb::format
