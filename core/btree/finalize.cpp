#include "btree/finalize.hpp"

#include <vector>

#include "base/checksum.hpp"
#include "format/branch_editor.hpp"
#include "format/leaf_editor.hpp"

namespace rdb::btree {
namespace {

using base::kDeferredChecksum;

struct Level {
  PageNumber page;
  uint32_t next = 0;  // first child not looked at yet
};

}  // namespace

void finalize(page::PageWriter& writer, TreeRoot& root, const Widths& widths,
              const std::function<void(PageNumber)>& before_leaf) {
  page::FramePool& pool = writer.pool();
  const auto is_leaf_page = [&](PageNumber page) {
    const page::Operation operation(pool);
    return is_leaf(pool.read(page, kDeferredChecksum, widths));
  };
  if (!root || root->checksum != kDeferredChecksum || !writer.owned(root->page)) return;

  // The path of branches above the page in hand; a child's number within its parent is next - 1.
  std::vector<Level> path;
  PageNumber page = root->page;
  bool entering = true;
  for (;;) {
    if (before_leaf && entering && is_leaf_page(page)) before_leaf(page);
    const page::Operation operation(pool);
    try {
      Bytes bytes = pool.read(page, kDeferredChecksum, widths);
      if (!is_leaf(bytes)) {
        const BranchView branch = BranchView::parse(bytes, widths);
        if (entering) {
          if (path.size() == format::kMaxTreeDepth) throw_too_deep(page);
          path.push_back({page, 0});
        }
        Level& level = path.back();
        uint32_t i = level.next;
        while (i < branch.child_count() &&
               (branch.child_checksum(i) != kDeferredChecksum || !writer.owned(branch.child(i)))) {
          ++i;
        }
        if (i < branch.child_count()) {
          level.next = i + 1;
          page = branch.child(i);
          entering = true;
          continue;
        }
        path.pop_back();
      }

      // Everything below is final.
      const uint64_t used = format::page_used_bytes(bytes, widths);
      const Checksum sum = base::checksum(bytes.first(used));
      if (page.order > 0) writer.set_live_bytes(page, used);
      if (path.empty()) {
        root->checksum = sum;
        return;
      }
      const Level& parent = path.back();
      static_cast<void>(pool.read(parent.page, kDeferredChecksum, widths));
      format::BranchEditor(writer.edit(parent.page), widths)
          .set_child_checksum(parent.next - 1, sum);
      page = parent.page;
      entering = false;
    } catch (const Error& error) {
      rethrow_naming(error, page);
    }
  }
}

void finalize_multimap(page::PageWriter& writer, TreeRoot& root,
                       const std::optional<uint32_t>& key_width, const CollectionForm& form,
                       const std::function<void()>& make_room) {
  page::FramePool& pool = writer.pool();
  const Widths outer_widths{key_width, std::nullopt};
  const auto outer_leaf = [&](PageNumber page) {
    return LeafView::parse(pool.read(page, kDeferredChecksum, outer_widths), outer_widths);
  };
  struct Subtree {
    uint32_t index;
    TreeRoot root;
  };
  std::vector<Subtree> deferred;
  finalize(writer, root, outer_widths, [&](PageNumber page) {
    deferred.clear();
    {
      const page::Operation operation(pool);
      const LeafView leaf = outer_leaf(page);
      for (uint32_t i = 0; i < leaf.size(); ++i) {
        const Collection collection = Collection::parse(leaf.value(i), form);
        if (collection.values || collection.subtree.checksum != kDeferredChecksum) continue;
        if (writer.owned(collection.subtree.page)) deferred.push_back({i, collection.subtree});
      }
    }
    if (deferred.empty()) return;
    for (Subtree& subtree : deferred) {
      finalize(writer, subtree.root, collection_widths(form.value_width));
      make_room();
    }
    const page::Operation operation(pool);
    outer_leaf(page).verify_offsets();
    format::LeafEditor editor(writer.edit(page), outer_widths);
    for (const Subtree& subtree : deferred) {
      editor.replace_value(subtree.index, SubtreeBytes(*subtree.root, form));
    }
  });
}

}  // namespace rdb::btree
