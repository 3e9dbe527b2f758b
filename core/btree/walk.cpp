#include "btree/walk.hpp"

#include <algorithm>

#include "format/page_checksum.hpp"

namespace rdb::btree {

Bytes PoolReader::read(PageNumber page, const Checksum& expected, const Widths& widths,
                       bool verify) {
  operation_.reset();
  operation_.emplace(pool_);
  return pool_.read(page, verify ? expected : base::kDeferredChecksum, widths);
}

Bytes DeviceReader::read(PageNumber page, const Checksum& expected, const Widths& widths,
                         bool verify) {
  layout_.check_page(page);
  buffer_.resize(page.bytes());
  backend_.read(layout_.page_offset(page), buffer_);
  if (verify && expected != base::kDeferredChecksum) {
    if (!format::checksum_matches(buffer_, widths, expected)) {
      throw Error(ErrorCode::page_corrupted,
                  "page " + page.text() + ": its checksum differs from the one its parent records",
                  page.bits());
    }
  }
  return buffer_;
}

void walk_pages(PageReader& reader, const TreeRoot& root, const Widths& widths,
                const VisitPage& visit, const ClaimPage& claim, const WalkOptions& options) {
  if (!root) return;
  struct Pending {
    PageNumber page;
    Checksum expected;
    uint32_t depth;
  };
  std::vector<Pending> stack{{root->page, root->checksum, 0}};
  std::optional<uint32_t> leaf_depth;
  while (!stack.empty()) {
    const Pending next = stack.back();
    stack.pop_back();
    if (claim && !claim(next.page)) throw_tree_corrupted(next.page, "it is referenced twice");
    PageVisit seen;
    seen.page = next.page;
    seen.expected = next.expected;
    seen.depth = next.depth;
    if (options.skip_leaves && leaf_depth == next.depth) {
      visit(seen);
      continue;
    }
    try {
      seen.bytes = reader.read(next.page, next.expected, widths, options.verify);
      if (is_leaf(seen.bytes)) {
        const LeafView leaf = LeafView::parse(seen.bytes, widths);
        if (!leaf_depth) leaf_depth = next.depth;
        seen.leaf = &leaf;
        visit(seen);
        continue;
      }
      const BranchView branch = BranchView::parse(seen.bytes, widths);
      if (next.depth == format::kMaxTreeDepth) throw_too_deep(next.page);
      // The last child lies deepest in the stack.
      for (uint32_t i = branch.child_count(); i-- > 0;) {
        stack.push_back({branch.child(i), branch.child_checksum(i), next.depth + 1});
      }
      seen.branch = &branch;
      visit(seen);
    } catch (const Error& error) {
      rethrow_naming(error, next.page);
    }
  }
}

namespace {

// The pages of one table, which a damaged file may reach again and again.
class PageLimit {
 public:
  explicit PageLimit(uint64_t file_pages) : left_(file_pages) {}
  void take(PageNumber page) {
    if (page.base_pages() > left_) {
      throw_tree_corrupted(page, "its tree has more pages than the file");
    }
    left_ -= page.base_pages();
  }

 private:
  uint64_t left_;
};

// Adds all of a page but what its entries are: that is left to count_leaf.
void add_page(TableStats& stats, const PageVisit& page,
              const std::function<void(const LeafView&)>& count_leaf) {
  stats.tree_height = std::max(stats.tree_height, page.depth + 1);
  uint64_t used;
  if (page.leaf != nullptr) {
    used = page.leaf->used_bytes();
    count_leaf(*page.leaf);
  } else {
    used = page.branch->used_bytes();
    ++stats.branch_pages;
    stats.metadata_bytes += used;
  }
  stats.fragmented_bytes += page.page.bytes() - used;
}

void add_plain_leaf(TableStats& stats, const LeafView& leaf) {
  const uint64_t used = leaf.used_bytes();
  const uint64_t stored = used - leaf.keys_begin();
  ++stats.leaf_pages;
  stats.stored_leaf_bytes += stored;
  stats.metadata_bytes += used - stored;
}

}  // namespace

TableStats tree_stats(PageReader& reader, const TreeRoot& root, const Widths& widths,
                      uint64_t file_pages) {
  TableStats stats;
  PageLimit limit(file_pages);
  if (root) stats.entries = root->length;
  walk_pages(reader, root, widths, [&](const PageVisit& page) {
    limit.take(page.page);
    add_page(stats, page, [&](const LeafView& leaf) { add_plain_leaf(stats, leaf); });
  });
  return stats;
}

TableStats multimap_stats(PageReader& reader, const TreeRoot& root,
                          const std::optional<uint32_t>& key_width, const CollectionForm& form,
                          uint64_t pairs, uint64_t file_pages) {
  TableStats stats;
  PageLimit limit(file_pages);
  std::vector<format::RootRecord> subtrees;
  walk_pages(reader, root, {key_width, std::nullopt}, [&](const PageVisit& page) {
    limit.take(page.page);
    add_page(stats, page, [&](const LeafView& leaf) {
      uint64_t stored = 0;
      const size_t known = subtrees.size();
      for (uint32_t i = 0; i < leaf.size(); ++i) {
        const Collection collection = Collection::parse(leaf.value(i), form);
        if (collection.is_compressed()) {
          stored += leaf.value(i).size();
        } else if (collection.values) {
          stored += collection.values->used_bytes() - collection.values->keys_begin();
        } else {
          subtrees.push_back(collection.subtree);
        }
      }
      ++(subtrees.size() > known ? stats.branch_pages : stats.leaf_pages);
      stats.stored_leaf_bytes += stored;
      stats.metadata_bytes += leaf.used_bytes() - stored;
    });
  });
  const uint32_t outer_height = stats.tree_height;
  for (const format::RootRecord& subtree : subtrees) {
    TableStats inner;
    walk_pages(reader, subtree, collection_widths(form.value_width), [&](const PageVisit& page) {
      limit.take(page.page);
      add_page(inner, page, [&](const LeafView& leaf) { add_plain_leaf(inner, leaf); });
    });
    stats.leaf_pages += inner.leaf_pages;
    stats.branch_pages += inner.branch_pages;
    stats.stored_leaf_bytes += inner.stored_leaf_bytes;
    stats.metadata_bytes += inner.metadata_bytes;
    stats.fragmented_bytes += inner.fragmented_bytes;
    stats.tree_height = std::max(stats.tree_height, outer_height + inner.tree_height);
  }
  stats.entries = pairs;
  return stats;
}

}  // namespace rdb::btree
