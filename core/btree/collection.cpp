#include "btree/collection.hpp"

#include <string>

#include "format/value_envelope.hpp"

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

Bytes open_envelope(Bytes stored, std::vector<std::byte>& opened) {
  try {
    return format::open_value(stored, opened);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::no_memory) throw;
    throw_collection(std::string("does not open: ") + error.what());
  }
}

}  // namespace

SubtreeBytes::SubtreeBytes(const format::RootRecord& root, const CollectionForm& form) noexcept
    : enveloped_(form.enveloped) {
  bytes_[0] = format::kRawEnvelope;
  bytes_[1] = kSubtree;
  root.encode(&bytes_[2]);
}

Collection Collection::parse(Bytes stored, const CollectionForm& form, bool strict) {
  Collection collection;
  const Bytes bytes = form.enveloped ? open_envelope(stored, collection.opened) : stored;
  if (bytes.empty()) throw_collection("is empty");
  if (bytes[0] == kInlineCollection) {
    const Bytes image = bytes.subspan(1);
    collection.values = parse_inline(image, form.value_width);
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
    if (collection.is_compressed()) throw_collection("names its subtree in a compressed envelope");
    collection.subtree = format::RootRecord::decode(&bytes[1]);
  } else if (bytes[0] == kSubtreeV1) {
    throw_collection("has the form of file format version 1");
  } else {
    throw_collection("has an unknown form");
  }
  return collection;
}

void for_each_subtree(const LeafView& outer_leaf, const CollectionForm& form,
                      const std::function<void(const format::RootRecord&)>& found) {
  for (uint32_t i = 0; i < outer_leaf.size(); ++i) {
    const Collection collection = Collection::parse(outer_leaf.value(i), form);
    if (!collection.values) found(collection.subtree);
  }
}

}  // namespace rdb::btree
