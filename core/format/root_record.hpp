// root_record.hpp: how every tree is named from outside.
//
// On disk, 32 bytes: page number 8, checksum of the root page 16, entry count u64. There is no null
// form inside the 32 bytes; each holder has its own flag and writes zeros (spec 02 section 1.2).
#pragma once

#include <cstdint>
#include <optional>

#include "base/checksum.hpp"
#include "format/page_number.hpp"

namespace rdb::format {

struct RootRecord {
  static constexpr size_t kBytes = 32;

  PageNumber page;
  base::Checksum checksum;
  uint64_t length = 0;  // entries in the tree

  static RootRecord decode(const std::byte* in) {
    return {PageNumber::decode(in), base::Checksum::decode(in + 8), base::load_le64(in + 24)};
  }
  void encode(std::byte* out) const noexcept {
    page.encode(out);
    checksum.encode(out + 8);
    base::store_le64(out + 24, length);
  }
  bool operator==(const RootRecord&) const = default;
};

// A tree; nullopt is the empty one, which owns no page.
using TreeRoot = std::optional<RootRecord>;

}  // namespace rdb::format
