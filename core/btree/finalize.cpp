#include "btree/finalize.hpp"

#include <vector>

#include "base/checksum.hpp"
#include "format/branch_editor.hpp"

namespace rdb::btree {
namespace {

using base::kDeferredChecksum;

struct Level {
  PageNumber page;
  uint32_t next = 0;  // first child not looked at yet
};

}  // namespace

void finalize(page::PageWriter& writer, TreeRoot& root, const Widths& widths) {
  page::FramePool& pool = writer.pool();
  if (!root || root->checksum != kDeferredChecksum || !writer.owned(root->page)) return;

  // The path of branches above the page in hand; a child's number within its parent is next - 1.
  std::vector<Level> path;
  PageNumber page = root->page;
  bool entering = true;
  for (;;) {
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

}  // namespace rdb::btree
