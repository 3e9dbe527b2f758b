// branch_builder.hpp: writes a fresh branch page. Layout: branch_view.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "base/checksum.hpp"
#include "format/page_number.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct BranchChild {
  PageNumber page;
  base::Checksum checksum;

  bool operator==(const BranchChild&) const = default;
};

// Bytes a branch with these separators needs.
uint64_t branch_required_bytes(std::span<const Bytes> keys, const Widths& widths) noexcept;

// Writes the branch to the front of page and returns the bytes used. Bytes behind them stay as they
// are; no checksum covers them.
//
// Requires 1..65535 keys, one child more than keys, key lengths that obey widths and whose bytes do
// not lie inside page, and page.size() >= branch_required_bytes().
uint64_t build_branch(std::span<std::byte> page, std::span<const BranchChild> children,
                      std::span<const Bytes> keys, const Widths& widths) noexcept;

}  // namespace rdb::format
