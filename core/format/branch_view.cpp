#include "format/branch_view.hpp"

#include "format/offset_array.hpp"

namespace rdb::format {

void BranchView::verify_offsets() const {
  if (key_width_) return;  // parse() proved it
  if (!ends_ascend(&page_[key_ends_offset_], key_count_, keys_begin_, page_.size())) {
    throw_page_corrupted("key offsets of a branch with this many keys", key_count_);
  }
}

uint64_t page_used_bytes(Bytes page, const Widths& widths) {
  if (page.empty()) throw_page_corrupted("an empty page", 0);
  if (page[0] == kLeafType) return LeafView::parse(page, widths).used_bytes();
  if (page[0] == kBranchType) return BranchView::parse(page, widths).used_bytes();
  throw_page_corrupted("page type", std::to_integer<uint64_t>(page[0]));
}

}  // namespace rdb::format
