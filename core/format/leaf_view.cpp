#include "format/leaf_view.hpp"

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
  // Each begins where the one before ends.
  const auto run = [&](std::span<Bytes> out, uint64_t begin, const auto& end_of, const char* what) {
    for (size_t i = 0; i < out.size(); ++i) {
      const uint64_t end = end_of(static_cast<uint32_t>(first + i), begin);
      if (begin > end || end > page_.size()) [[unlikely]]
        throw_page_corrupted(what, first + i);
      out[i] = {page_.data() + begin, end - begin};
      begin = end;
    }
  };
  const auto of_width = [](uint32_t width) {
    return [width](uint32_t, uint64_t begin) { return begin + width; };
  };
  const uint64_t keys_begin = key_range(first).first;
  if (widths_.key) {
    run(keys, keys_begin, of_width(*widths_.key), "leaf key offsets");
  } else {
    run(
        keys, keys_begin, [&](uint32_t i, uint64_t) { return key_end(i); }, "leaf key offsets");
  }
  const uint64_t values_begin = value_range(first).first;
  if (widths_.value) {
    run(values, values_begin, of_width(*widths_.value), "leaf value offsets");
  } else {
    run(
        values, values_begin, [&](uint32_t i, uint64_t) { return value_end(i); },
        "leaf value offsets");
  }
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
