#include "format/leaf_view.hpp"

#include <optional>
#include <string>

#include "format/offset_array.hpp"
#include "rdb/error.hpp"

namespace rdb::format {

void throw_page_corrupted(const char* what, uint64_t index) {
  throw Error(ErrorCode::page_corrupted,
              std::string("a page is corrupted: ") + what + " (" + std::to_string(index) + ")");
}

void LeafView::read(uint32_t first, std::span<Bytes> keys, std::span<Bytes> values) const {
  assert(keys.size() == values.size() && first + keys.size() <= entry_count_);
  if (keys.empty()) return;
  // Read once: a store to the spans could otherwise be one to page_ itself.
  const std::byte* const page = page_.data();
  const uint64_t page_bytes = page_.size();
  const auto run = [&](std::span<Bytes> out, uint64_t begin, std::optional<uint32_t> width,
                       size_t ends, const char* what) {
    // Each begins where the one before ends.
    Bytes* slice = out.data();
    for (size_t i = 0; i < out.size(); ++i) {
      const uint64_t end = width ? begin + *width : base::load_le32(page + ends + 4 * (first + i));
      if (begin > end || end > page_bytes) [[unlikely]]
        throw_page_corrupted(what, first + i);
      *slice++ = {page + begin, end - begin};
      begin = end;
    }
  };
  run(keys, key_range(first).first, widths_.key, 4, "leaf key offsets");
  run(values, value_range(first).first, widths_.value, value_ends_offset_, "leaf value offsets");
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
