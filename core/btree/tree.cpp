#include "btree/tree.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace rdb::btree {
namespace {

// Lookups that descend side by side. More hide no more latency (performance.md section 2.2: 8, 16
// and 32 measured alike) and need more cache for what they have fetched.
constexpr size_t kLanes = 32;

// Follows choose(branch) from the root to a leaf and returns visit(leaf page, leaf).
template <typename Choose, typename Visit>
auto descend(page::FramePool& pool, const TreeRoot& root, const Widths& widths, Choose&& choose,
             Visit&& visit) {
  PageNumber page = root->page;
  Checksum expected = root->checksum;
  try {
    for (uint32_t depth = 0;; ++depth) {
      const Bytes bytes = pool.read(page, expected, widths);
      if (is_leaf(bytes)) return visit(page, LeafView::parse(bytes, widths));
      const BranchView branch = BranchView::parse(bytes, widths);
      if (depth == format::kMaxTreeDepth) throw_too_deep(page);
      const uint32_t i = choose(branch);
      page = branch.child(i);
      pool.prefetch(page);
      expected = branch.child_checksum(i);
    }
  } catch (const Error& error) {
    rethrow_naming(error, page);
  }
}

std::optional<Found> pair_at(PageNumber page, const LeafView& leaf, uint32_t i) {
  return Found{page, leaf.key(i), leaf.value(i)};
}

}  // namespace

std::optional<Found> find(page::FramePool& pool, const TreeRoot& root, const TreeShape& shape,
                          Bytes key) {
  shape.order.require_known("lookup");
  if (!root) return std::nullopt;
  return descend(
      pool, root, shape.widths,
      [&](const BranchView& branch) { return shape.order.child_index(branch, shape.widths, key); },
      [&](PageNumber page, const LeafView& leaf) -> std::optional<Found> {
        const KeyOrder::Place place = shape.order.lower_bound(leaf, key);
        if (!place.equal) return std::nullopt;
        return pair_at(page, leaf, place.index);
      });
}

void find_batch(page::FramePool& pool, const TreeRoot& root, const TreeShape& shape,
                std::span<const Bytes> keys, std::span<std::optional<Found>> out) {
  assert(keys.size() == out.size());
  shape.order.require_known("lookup");
  std::fill(out.begin(), out.end(), std::nullopt);
  if (!root) return;

  struct Lane {
    PageNumber page;
    Checksum expected;
    uint32_t key;  // index into the group
  };
  std::array<Lane, kLanes> lanes;
  for (size_t begin = 0; begin < keys.size(); begin += kLanes) {
    size_t running = std::min(kLanes, keys.size() - begin);
    for (uint32_t i = 0; i < running; ++i) lanes[i] = {root->page, root->checksum, i};
    for (uint32_t depth = 0; running > 0; ++depth) {
      size_t still_running = 0;
      for (size_t i = 0; i < running; ++i) {
        Lane lane = lanes[i];
        const Bytes key = keys[begin + lane.key];
        try {
          const Bytes bytes = pool.read(lane.page, lane.expected, shape.widths);
          if (is_leaf(bytes)) {
            const LeafView leaf = LeafView::parse(bytes, shape.widths);
            const KeyOrder::Place place = shape.order.lower_bound(leaf, key);
            if (place.equal) {
              const std::optional<Found> found = pair_at(lane.page, leaf, place.index);
              __builtin_prefetch(found->value.data());
              out[begin + lane.key] = found;
            }
            continue;
          }
          const BranchView branch = BranchView::parse(bytes, shape.widths);
          if (depth == format::kMaxTreeDepth) throw_too_deep(lane.page);
          const uint32_t child = shape.order.child_index(branch, shape.widths, key);
          lane.expected = branch.child_checksum(child);
          lane.page = branch.child(child);
          pool.prefetch(lane.page);
          lanes[still_running++] = lane;
        } catch (const Error& error) {
          rethrow_naming(error, lane.page);
        }
      }
      running = still_running;
    }
  }
}

std::optional<Found> first_pair(page::FramePool& pool, const TreeRoot& root, const Widths& widths) {
  if (!root) return std::nullopt;
  return descend(
      pool, root, widths, [](const BranchView&) { return 0u; },
      [](PageNumber page, const LeafView& leaf) { return pair_at(page, leaf, 0); });
}

std::optional<Found> last_pair(page::FramePool& pool, const TreeRoot& root, const Widths& widths) {
  if (!root) return std::nullopt;
  return descend(
      pool, root, widths, [](const BranchView& branch) { return branch.key_count(); },
      [](PageNumber page, const LeafView& leaf) { return pair_at(page, leaf, leaf.size() - 1); });
}

}  // namespace rdb::btree
