#include "format/leaf_view.hpp"

#include <string>

#include "format/offset_array.hpp"
#include "rdb/error.hpp"

namespace rdb::format {

void throw_page_corrupted(const char* what, uint64_t index) {
  throw Error(ErrorCode::page_corrupted,
              std::string("a page is corrupted: ") + what + " (" + std::to_string(index) + ")");
}

void LeafView::verify_offsets() const {
  const uint64_t values = [&]() -> uint64_t {
    if (widths_.key) return values_begin();
    if (!ends_ascend(&page_[4], entry_count_, keys_begin_, page_.size())) {
      throw_page_corrupted("key offsets of a leaf with this many entries", entry_count_);
    }
    return key_end(entry_count_ - 1);
  }();
  if (widths_.value) {
    if (values + uint64_t{*widths_.value} * entry_count_ > page_.size()) {
      throw_page_corrupted("values of a leaf with this many entries", entry_count_);
    }
  } else if (!ends_ascend(&page_[value_ends_offset_], entry_count_, values, page_.size())) {
    throw_page_corrupted("value offsets of a leaf with this many entries", entry_count_);
  }
}

}  // namespace rdb::format
