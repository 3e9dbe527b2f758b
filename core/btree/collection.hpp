// collection.hpp: the values of one multimap key, as the outer tree stores them.
//
// On disk (spec 02 section 11.2), the value of the key in the outer leaf:
//   inline   u8 1, then a complete leaf image (leaf_view.hpp) of exactly its used bytes, whose
//            keys are the values and whose own values have width 0; offsets from its second byte
//   subtree  u8 3, then a root record (root_record.hpp) of a tree whose keys are the values
// Form 2 belongs to file format version 1. A collection is never empty. Readers accept either form
// at any size; where the writer changes form is kInlineBytesLimit.
//
// In a compressed file either lies in an envelope (value_envelope.hpp; spec 02 section 12.5). That
// of a subtree is raw, so that one root record can take the place of another; values in subtrees
// have none.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "btree/node.hpp"

namespace rdb::btree {

// How the outer leaves of one multimap hold collections.
struct CollectionForm {
  std::optional<uint32_t> value_width;
  bool enveloped = false;
};

class Collection {
 public:
  // Borrows stored. Judges everything but the order of the values; throws corrupted. strict also
  // refuses surplus bytes.
  static Collection parse(Bytes stored, const CollectionForm& form, bool strict = false);

  std::optional<LeafView> values;  // inline; its offsets are sound
  format::RootRecord subtree;      // when there are no inline values
  // What values lies in when the envelope compresses it; then it moves along with values.
  std::vector<std::byte> opened;

  uint64_t size() const noexcept { return values ? values->size() : subtree.length; }
  bool is_compressed() const noexcept { return !opened.empty(); }

  Collection(Collection&&) noexcept = default;
  Collection& operator=(Collection&&) noexcept = default;

 private:
  Collection() = default;
};

// Widths of inline leaf images and subtrees of a multimap whose values have this width.
inline Widths collection_widths(std::optional<uint32_t> value_width) { return {value_width, 0}; }

// A leaf image of this many bytes and more gets a page of its own (spec 02 section 11.3).
inline constexpr uint64_t kInlineBytesLimit = format::kPageBytes / 2;

inline constexpr std::byte kInlineCollection{1};

// The collection that names a subtree, as an outer leaf holds it.
class SubtreeBytes {
 public:
  SubtreeBytes(const format::RootRecord& root, const CollectionForm& form) noexcept;
  operator Bytes() const noexcept { return Bytes(bytes_).subspan(enveloped_ ? 0 : 1); }

 private:
  std::array<std::byte, 2 + format::RootRecord::kBytes> bytes_;
  bool enveloped_;
};

// Calls found for each subtree of an outer leaf, after judging every collection in it.
void for_each_subtree(const LeafView& outer_leaf, const CollectionForm& form,
                      const std::function<void(const format::RootRecord&)>& found);

}  // namespace rdb::btree
