#include "btree/walk.hpp"

#include <algorithm>
#include <string>

namespace rdb::btree {
namespace {

constexpr std::byte kInlineCollection{1};
constexpr std::byte kSubtreeV1{2};
constexpr std::byte kSubtree{3};

[[noreturn]] void throw_collection(const char* what) {
  throw Error(ErrorCode::corrupted, std::string("a multimap collection ") + what);
}

}  // namespace

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
    const uint64_t used = format::page_used_bytes(buffer_, widths);
    if (base::checksum(Bytes(buffer_).first(used)) != expected) {
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

TableStats tree_stats(PageReader& reader, const TreeRoot& root, const Widths& widths,
                      uint64_t file_pages) {
  TableStats stats;
  uint64_t pages = 0;
  if (root) stats.entries = root->length;
  walk_pages(reader, root, widths, [&](const PageVisit& page) {
    pages += page.page.base_pages();
    if (pages > file_pages) {
      throw_tree_corrupted(page.page, "its tree has more pages than the file");
    }
    stats.tree_height = std::max(stats.tree_height, page.depth + 1);
    uint64_t used;
    if (page.leaf != nullptr) {
      used = page.leaf->used_bytes();
      const uint64_t stored = used - page.leaf->keys_begin();
      ++stats.leaf_pages;
      stats.stored_leaf_bytes += stored;
      stats.metadata_bytes += used - stored;
    } else {
      used = page.branch->used_bytes();
      ++stats.branch_pages;
      stats.metadata_bytes += used;
    }
    stats.fragmented_bytes += page.page.bytes() - used;
  });
  return stats;
}

Collection parse_collection(Bytes value, std::optional<uint32_t> value_width, bool strict) {
  if (value.empty()) throw_collection("is empty");
  Collection collection;
  if (value[0] == kInlineCollection) {
    const Bytes image = value.subspan(1);
    const LeafView leaf = LeafView::parse(image, collection_widths(value_width));
    leaf.verify_offsets();
    if (strict && leaf.used_bytes() != image.size()) throw_collection("has surplus bytes");
    collection.inline_leaf = image;
  } else if (value[0] == kSubtree) {
    if (value.size() < 1 + format::RootRecord::kBytes)
      throw_collection("ends within its root record");
    if (strict && value.size() > 1 + format::RootRecord::kBytes) {
      throw_collection("has surplus bytes");
    }
    collection.subtree = format::RootRecord::decode(&value[1]);
  } else if (value[0] == kSubtreeV1) {
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
    if (!collection.inline_leaf) found(collection.subtree);
  }
}

}  // namespace rdb::btree
