// collection.hpp: the values of one multimap key, as the outer tree stores them.
//
// On disk (spec 02 section 11.2), the value of the key in the outer leaf:
//   inline   u8 1, then a complete leaf image (leaf_view.hpp) of exactly its used bytes, whose
//            keys are the values and whose own values have width 0; offsets from its second byte
//   subtree  u8 3, then a root record (root_record.hpp) of a tree whose keys are the values
// Form 2 belongs to file format version 1. A collection is never empty. Readers accept either form
// at any size; where the writer changes form is kInlineBytesLimit.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "btree/node.hpp"

namespace rdb::btree {

struct Collection {
  std::optional<LeafView> values;  // inline; its offsets are sound
  format::RootRecord subtree;      // when there are no inline values

  uint64_t size() const noexcept { return values ? values->size() : subtree.length; }
};

// Widths of inline leaf images and subtrees of a multimap whose values have this width.
inline Widths collection_widths(std::optional<uint32_t> value_width) { return {value_width, 0}; }

// A leaf image of this many bytes and more gets a page of its own (spec 02 section 11.3).
inline constexpr uint64_t kInlineBytesLimit = format::kPageBytes / 2;

inline constexpr std::byte kInlineCollection{1};

using SubtreeBytes = std::array<std::byte, 1 + format::RootRecord::kBytes>;
SubtreeBytes encode_subtree(const format::RootRecord& root) noexcept;

// Borrows bytes. Judges everything but the order of the values; throws corrupted. strict also
// refuses surplus bytes.
Collection parse_collection(Bytes bytes, std::optional<uint32_t> value_width, bool strict = false);

// Calls found for each subtree of an outer leaf, after judging every collection in it.
void for_each_subtree(const LeafView& outer_leaf, std::optional<uint32_t> value_width,
                      const std::function<void(const format::RootRecord&)>& found);

}  // namespace rdb::btree
