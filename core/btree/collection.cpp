#include "btree/collection.hpp"

#include <string>

namespace rdb::btree {
namespace {

constexpr std::byte kSubtreeV1{2};
constexpr std::byte kSubtree{3};

[[noreturn]] void throw_collection(const std::string& what) {
  throw Error(ErrorCode::corrupted, "a multimap collection " + what);
}

LeafView parse_inline(Bytes image, std::optional<uint32_t> value_width) {
  try {
    const LeafView values = LeafView::parse(image, collection_widths(value_width));
    values.verify_offsets();
    return values;
  } catch (const Error& error) {
    throw_collection(std::string("does not parse: ") + error.what());
  }
}

}  // namespace

SubtreeBytes encode_subtree(const format::RootRecord& root) noexcept {
  SubtreeBytes bytes;
  bytes[0] = kSubtree;
  root.encode(&bytes[1]);
  return bytes;
}

Collection parse_collection(Bytes bytes, std::optional<uint32_t> value_width, bool strict) {
  if (bytes.empty()) throw_collection("is empty");
  Collection collection;
  if (bytes[0] == kInlineCollection) {
    const Bytes image = bytes.subspan(1);
    collection.values = parse_inline(image, value_width);
    if (strict && collection.values->used_bytes() != image.size()) {
      throw_collection("has surplus bytes");
    }
  } else if (bytes[0] == kSubtree) {
    if (bytes.size() < 1 + format::RootRecord::kBytes) {
      throw_collection("ends within its root record");
    }
    if (strict && bytes.size() > 1 + format::RootRecord::kBytes) {
      throw_collection("has surplus bytes");
    }
    collection.subtree = format::RootRecord::decode(&bytes[1]);
  } else if (bytes[0] == kSubtreeV1) {
    throw_collection("has the form of file format version 1");
  } else {
    throw_collection("has an unknown form");
  }
  return collection;
}

void for_each_subtree(const LeafView& outer_leaf, std::optional<uint32_t> value_width,
                      const std::function<void(const format::RootRecord&)>& found) {
  for (uint32_t i = 0; i < outer_leaf.size(); ++i) {
    const Collection collection = parse_collection(outer_leaf.value(i), value_width);
    if (!collection.values) found(collection.subtree);
  }
}

}  // namespace rdb::btree
