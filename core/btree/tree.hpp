// tree.hpp: lookups in one B-tree.
//
// All functions require an Operation on pool held by the caller; what they return is valid until it
// ends (or, on pages of the running write transaction, until the next change). They throw corrupted
// for a tree deeper than format::kMaxTreeDepth, and what FramePool::read throws.
#pragma once

#include <optional>
#include <span>

#include "btree/key_order.hpp"
#include "btree/node.hpp"
#include "page/frame_pool.hpp"
#include "page/page_allocator.hpp"

namespace rdb::btree {

// How to read and search the pages of a tree; nothing of it is stored in them.
struct TreeShape {
  format::Widths widths;
  KeyOrder order;
  // Where new leaves lie. Leaves that nearly every commit replaces, as a catalog's, belong with the
  // branches.
  page::PageUse leaf_use = page::PageUse::leaf;
};

struct Found {
  PageNumber leaf;
  Bytes key;  // as stored
  Bytes value;
};

// The entry with this key. Throws unknown_key_type.
std::optional<Found> find(page::FramePool& pool, const TreeRoot& root, const TreeShape& shape,
                          Bytes key);

// out[i] becomes the entry with key keys[i]; requires out.size() == keys.size(). Groups of lookups
// descend side by side so that their cache misses overlap.
void find_batch(page::FramePool& pool, const TreeRoot& root, const TreeShape& shape,
                std::span<const Bytes> keys, std::span<std::optional<Found>> out);

// The smallest and the largest entry, by position: the order need not be known.
std::optional<Found> first_pair(page::FramePool& pool, const TreeRoot& root, const Widths& widths);
std::optional<Found> last_pair(page::FramePool& pool, const TreeRoot& root, const Widths& widths);

}  // namespace rdb::btree
