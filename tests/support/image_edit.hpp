// image_edit.hpp: changes bytes of a database file and makes the checksums above them match again.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/checksum.hpp"
#include "format/branch_view.hpp"
#include "format/header.hpp"

namespace rdb::test {

using Image = std::vector<std::byte>;

inline format::Header header_of(const Image& image) {
  return format::Header::parse(
      std::span<const std::byte, format::kHeaderBytes>(image.data(), format::kHeaderBytes));
}

inline void store_header(Image& image, const format::Header& header) {
  const auto bytes = header.encode();
  std::copy(bytes.begin(), bytes.end(), image.begin());
}

inline void edit_header(Image& image, const std::function<void(format::Header&)>& edit) {
  format::Header header = header_of(image);
  edit(header);
  store_header(image, header);
}

// Edits the root page of the catalog of user tables of the primary slot; requires that it is a
// leaf.
inline void edit_catalog(Image& image, const std::function<void(std::span<std::byte>)>& edit) {
  edit_header(image, [&](format::Header& header) {
    format::CommitSlot commit = header.slot(header.primary);
    format::RootRecord& root = commit.user_root.value();
    const std::span<std::byte> page =
        std::span(image).subspan(header.layout.page_offset(root.page), root.page.bytes());
    edit(page);
    root.checksum =
        base::checksum(Bytes(page).first(format::page_used_bytes(page, format::Widths{})));
    header.set_slot(header.primary, commit);
  });
}

// Replaces the first occurrence of a text in a page by one of the same length.
inline void replace_text(std::span<std::byte> page, std::string_view from, std::string_view to) {
  const Bytes wanted = as_bytes(from);
  const auto at = std::search(page.begin(), page.end(), wanted.begin(), wanted.end());
  if (at == page.end() || from.size() != to.size()) throw std::logic_error("nothing to replace");
  std::copy(as_bytes(to).begin(), as_bytes(to).end(), at);
}

}  // namespace rdb::test
