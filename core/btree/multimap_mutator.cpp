#include "btree/multimap_mutator.hpp"

#include <cstring>
#include <string>

#include "btree/tree_builder.hpp"
#include "format/leaf_editor.hpp"

namespace rdb::btree {
namespace {

using format::LeafEditor;

}  // namespace

// ---- public calls
// --------------------------------------------------------------------------------

bool MultimapMutator::insert(Bytes key, Bytes value) {
  values_.order.require_known("insert");
  const std::optional<Collection> collection = locate(key);
  require_pairs(pairs_ + 1);
  if (!collection) {
    entries_.assign(1, {value, {}});
    return put_entries(key, 1) > 0;
  }
  if (collection->values) {
    const LeafView& leaf = *collection->values;
    const KeyOrder::Place place = values_.order.lower_bound(leaf, value);
    if (place.equal) return false;
    const uint64_t used = leaf.used_bytes();
    const uint64_t grown = used + value.size() + (values_.widths.key ? 0 : 4);
    if (grown < kInlineBytesLimit) {
      image_.resize(1 + grown);
      image_[0] = kInlineCollection;
      std::memcpy(&image_[1], leaf.page().data(), used);
      LeafEditor(std::span(image_).subspan(1), values_.widths).insert(place.index, value, {});
      put_image(key);
      add_pairs(1);
      return true;
    }
    entries_.clear();
    for (uint32_t i = 0; i < leaf.size(); ++i) entries_.push_back({leaf.key(i), {}});
    entries_.insert(entries_.begin() + place.index, {value, {}});
    return put_entries(key, 1) > 0;
  }
  subtree_root_ = collection->subtree;
  if (!place_.owned) {
    if (subtree_contains(value)) return false;
    own_outer_leaf(key);
  }
  if (subtree_.insert(value, {}, InsertMode::insert_only) == InsertResult::refused) return false;
  exchange_root(key);
  add_pairs(1);
  return true;
}

uint64_t MultimapMutator::insert_sorted(Bytes key, std::span<const Bytes> values) {
  if (values.size() == 1) return insert(key, values[0]) ? 1 : 0;
  values_.order.require_known("insert");
  const std::optional<Collection> collection = locate(key);
  require_pairs(pairs_ + values.size());
  if (collection && !collection->values) {
    subtree_root_ = collection->subtree;
    if (!place_.owned) own_outer_leaf(key);
    uint64_t added = 0;
    try {
      for (const Bytes value : values) {
        added += subtree_.insert(value, {}, InsertMode::insert_only) == InsertResult::inserted;
      }
    } catch (...) {  // what was inserted stays
      if (!subtree_.broken() && added > 0) {
        exchange_root(key);
        add_pairs(added);
      }
      throw;
    }
    if (added > 0) exchange_root(key);
    add_pairs(added);
    return added;
  }
  entries_.clear();
  uint64_t added = 0;
  const auto add_new = [&](Bytes value) {
    entries_.push_back({value, {}});
    ++added;
  };
  size_t next = 0;
  if (collection) {
    const LeafView& leaf = *collection->values;
    for (uint32_t i = 0; i < leaf.size(); ++i) {
      const Bytes stored = leaf.key(i);
      int order = 1;
      for (; next < values.size(); ++next) {
        order = values_.order.compare(values[next], stored);
        if (order >= 0) break;
        add_new(values[next]);
      }
      if (next < values.size() && order == 0) ++next;
      entries_.push_back({stored, {}});
    }
  }
  for (; next < values.size(); ++next) add_new(values[next]);
  return added == 0 ? 0 : put_entries(key, added);
}

void MultimapMutator::check_sizes(Bytes key, Bytes value) const {
  outer_.check_sizes(key.size(), 0);
  subtree_.check_sizes(value.size(), 0);
}

bool MultimapMutator::erase(Bytes key, Bytes value) {
  values_.order.require_known("erase");
  const std::optional<Collection> collection = locate(key);
  if (!collection) return false;

  // 1. Values in one leaf, inline or of a page: the collection becomes inline, or goes.
  std::optional<LeafView> leaf = collection->values;
  if (!leaf) {
    const Bytes page =
        writer_.pool().read(collection->subtree.page, collection->subtree.checksum, values_.widths);
    if (is_leaf(page)) leaf = subtree_leaf(*collection, page);
  }
  if (leaf) {
    const KeyOrder::Place place = values_.order.lower_bound(*leaf, value);
    if (!place.equal) return false;
    if (pairs_ == 0) throw Error(ErrorCode::corrupted, "the multimap counts no pairs");
    const PageNumber page = collection->subtree.page;
    const std::span<const PageNumber> freed(&page, collection->values ? 0 : 1);
    if (leaf->size() == 1) {
      outer_.erase_located();
      --pairs_;
      free_pages(freed);
      return true;
    }
    leaf->verify_offsets();
    const uint64_t used = leaf->used_bytes();
    const uint64_t shrunk = used - leaf->key(place.index).size() - (values_.widths.key ? 0 : 4);
    if (collection->values || shrunk < kInlineBytesLimit) {
      image_.resize(1 + used);
      image_[0] = kInlineCollection;
      std::memcpy(&image_[1], leaf->page().data(), used);
      LeafEditor(std::span(image_).subspan(1), values_.widths).remove(place.index);
      image_.resize(1 + shrunk);
      put_image(key);
      --pairs_;
      free_pages(freed);
      return true;
    }
  }

  // 2. A subtree that stays one.
  subtree_root_ = collection->subtree;
  if (!place_.owned) {
    if (!subtree_contains(value)) return false;
    own_outer_leaf(key);
  }
  if (pairs_ == 0) throw Error(ErrorCode::corrupted, "the multimap counts no pairs");
  if (!subtree_.erase(value)) return false;
  if (!subtree_root_) {
    broken_ = true;
    throw Error(ErrorCode::corrupted, "a multimap collection lost all its values at once");
  }
  exchange_root(key);
  --pairs_;
  return true;
}

uint64_t MultimapMutator::erase_key(Bytes key, std::span<const PageNumber> subtree_pages) {
  const std::optional<Collection> collection = locate(key);
  if (!collection) return 0;
  const uint64_t count = collection->size();
  if (count > pairs_) {
    throw Error(ErrorCode::corrupted, "the multimap counts " + std::to_string(pairs_) +
                                          " pairs, one of its keys " + std::to_string(count));
  }
  outer_.erase_located();
  pairs_ -= count;
  free_pages(subtree_pages);
  return count;
}

void MultimapMutator::clear(std::span<const PageNumber> pages) {
  require_usable();
  root_.reset();
  pairs_ = 0;
  free_pages(pages);
}

// ---- parts
// --------------------------------------------------------------------------------------

void MultimapMutator::require_usable() const {
  if (!broken()) return;
  throw Error(ErrorCode::misuse,
              "an earlier failure left this table in doubt; the transaction can only be aborted");
}

// The collection of key, valid until the outer tree changes; place_ says where it is.
std::optional<Collection> MultimapMutator::locate(Bytes key) {
  require_usable();
  place_ = outer_.locate(key);
  if (!place_.found) return std::nullopt;
  Collection collection = Collection::parse(place_.value, form());
  if (!collection.values && !place_.owned && writer_.owned(collection.subtree.page)) {
    throw_tree_corrupted(collection.subtree.page,
                         "a committed multimap refers to it, but it was free (U2)");
  }
  return collection;
}

// The leaf that is a whole subtree.
LeafView MultimapMutator::subtree_leaf(const Collection& collection, Bytes page) const {
  try {
    const LeafView leaf = LeafView::parse(page, values_.widths);
    if (leaf.size() != collection.subtree.length) {
      throw_tree_corrupted(collection.subtree.page, "it contradicts the entry count of its tree");
    }
    return leaf;
  } catch (const Error& error) {
    rethrow_naming(error, collection.subtree.page);
  }
}

// Puts the collection in hand where it is already, so that its leaf is owned (M1, M2).
void MultimapMutator::own_outer_leaf(Bytes key) {
  const std::vector<std::byte> same(place_.value.begin(), place_.value.end());
  outer_.put_located(key, same);
  place_ = outer_.locate(key);
}

bool MultimapMutator::subtree_contains(Bytes value) {
  return find(writer_.pool(), subtree_root_, values_, value).has_value();
}

void MultimapMutator::exchange_root(Bytes key) {
  const bool was_broken = broken_;
  broken_ = true;  // should this fail, the collection names pages it no longer has
  outer_.put_located(key, SubtreeBytes(*subtree_root_, form()));
  broken_ = was_broken;
}

void MultimapMutator::put_image(Bytes key) {
  outer_.put_located(key, sealer_ ? sealer_->seal(image_) : Bytes(image_));
}

// Makes entries_ the collection of key, inline or as a new subtree; added of them are new.
uint64_t MultimapMutator::put_entries(Bytes key, uint64_t added) {
  const uint64_t required = format::leaf_required_bytes(entries_, values_.widths);
  if (required < kInlineBytesLimit) {
    image_.resize(1 + required);
    image_[0] = kInlineCollection;
    format::build_leaf(std::span(image_).subspan(1), entries_, values_.widths);
    put_image(key);
    add_pairs(added);
    return added;
  }
  TreeBuilder builder(writer_, values_);
  try {
    for (const format::LeafEntry& entry : entries_) builder.add(entry.key, entry.value);
    const TreeRoot root = builder.finish();
    outer_.put_located(key, SubtreeBytes(*root, form()));
  } catch (...) {
    if (!builder.abandon()) broken_ = true;
    throw;
  }
  add_pairs(added);
  return added;
}

void MultimapMutator::free_pages(std::span<const PageNumber> pages) {
  broken_ = true;  // a page that cannot be given back is lost
  for (const PageNumber page : pages) writer_.free(page);
  broken_ = false;
}

void MultimapMutator::add_pairs(uint64_t count) { pairs_ += count; }

// count: of pairs once a change is made.
void MultimapMutator::require_pairs(uint64_t count) const {
  if (count < pairs_) {
    throw Error(ErrorCode::corrupted, "the count of the multimap's pairs is at its end");
  }
}

}  // namespace rdb::btree
