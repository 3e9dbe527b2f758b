// system_rows.hpp: rows of the system tables of a file, to be changed in place.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "format/page_list.hpp"
#include "image_surgeon.hpp"

namespace rdb::test {

// Row i of a system table, over all leaves.
struct SystemRow {
  std::span<std::byte> key;
  std::span<std::byte> value;
  format::PageNumber leaf;
};
inline SystemRow system_row(ImageSurgeon& s, const std::string& table, uint32_t i) {
  const SurgeryTree tree = s.table(table, true);
  for (format::PageNumber leaf : s.leaves(tree)) {
    const uint32_t rows = format::LeafView::parse(s.page(leaf), tree.widths).size();
    if (i < rows) return {s.key(leaf, i, tree.widths), s.value(leaf, i, tree.widths), leaf};
    i -= rows;
  }
  throw std::logic_error("no such row");
}

// The pages a row of a page list names.
inline std::vector<format::PageNumber> listed(const SystemRow& row) {
  const auto list = format::PageListView::parse(row.value);
  std::vector<format::PageNumber> pages;
  for (uint32_t i = 0; i < list.size(); ++i) pages.push_back(list.at(i).value());
  return pages;
}

inline void append(const SystemRow& row, format::PageNumber page) {
  std::vector<format::PageNumber> pages = listed(row);
  pages.push_back(page);
  format::encode_page_list(row.value, pages);
}

}  // namespace rdb::test
