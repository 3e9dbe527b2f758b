// image_trees.hpp: finds the roots of trees in a database file, and makes trees no engine would.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "format/branch_builder.hpp"
#include "format/leaf_builder.hpp"
#include "format/leaf_view.hpp"
#include "format/table_record.hpp"
#include "image_edit.hpp"
#include "image_surgeon.hpp"

namespace rdb::test {

enum class Catalog { user, system };

// Makes the checksums of both slots match their bytes.
inline void fix_slots(Image& image) {
  for (size_t offset : format::kSlotOffset) {
    const auto slot = std::span(image).subspan(offset, format::kSlotBytes);
    base::checksum(Bytes(slot).first(112)).encode(&slot[112]);
  }
}

// Offset of the root record of a catalog, in the primary slot.
inline size_t root_of_catalog(const Image& image, Catalog catalog) {
  return format::kSlotOffset[header_of(image).primary] + (catalog == Catalog::user ? 8 : 40);
}

struct FoundRoot {
  size_t offset = 0;  // of the root record in the image
  format::Widths widths;
};

// The root record of a table; its catalog must be a single leaf.
inline FoundRoot root_of_table(const Image& image, Catalog catalog, std::string_view table) {
  const auto root = format::RootRecord::decode(&image[root_of_catalog(image, catalog)]);
  const uint64_t at = header_of(image).layout.page_offset(root.page);
  const auto leaf = format::LeafView::parse(Bytes(image).subspan(at, root.page.bytes()), {});
  for (uint32_t i = 0; i < leaf.size(); ++i) {
    if (as_text(leaf.key(i)) != table) continue;
    const auto record = format::TableRecord::parse(table, leaf.value(i));
    return {at + leaf.value_range(i).first + 10, record.tree_widths()};
  }
  throw std::logic_error("no table " + std::string(table));
}

// Puts a ladder above the tree of a root record: branches, each with the next as both of its
// children, the last with the tree's root. So 2^levels ways lead to every entry. The placeholder of
// pages that were never finalised stands for the checksums, in the root record too; those above
// the root record are the caller's business.
inline void add_ladder(Image& image, const FoundRoot& root, uint32_t levels) {
  format::Header header = header_of(image);
  const uint64_t first = header.layout.total_pages();
  header.layout = header.layout.with_total_pages(first + levels).value();
  image.resize(header.layout.file_bytes());
  store_header(image, header);
  const std::vector<std::byte> key(root.widths.key.value_or(1), std::byte{'m'});
  const Bytes keys[] = {key};
  format::BranchChild child{format::PageNumber::decode(&image[root.offset]),
                            base::kDeferredChecksum};
  for (uint32_t i = levels; i-- > 0;) {
    const std::array children = {child, child};
    child.page = {0, static_cast<uint32_t>(first + i), 0};
    const uint64_t at = header.layout.page_offset(child.page);
    format::build_branch(std::span(image).subspan(at, format::kPageBytes), children, keys,
                         root.widths);
  }
  child.page.encode(&image[root.offset]);
  child.checksum.encode(&image[root.offset + 8]);
}

// The same above a whole catalog, its slot's checksum included.
inline void add_catalog_ladder(Image& image, Catalog catalog, uint32_t levels) {
  add_ladder(image, {root_of_catalog(image, catalog), {}}, levels);
  fix_slots(image);
}

// The page that a root record names.
inline std::span<std::byte> root_page(Image& image, const FoundRoot& root) {
  const auto page = format::PageNumber::decode(&image[root.offset]);
  return std::span(image).subspan(header_of(image).layout.page_offset(page), page.bytes());
}

inline void fix_root(Image& image, const FoundRoot& root) {
  const Bytes page = root_page(image, root);
  base::checksum(page.first(format::page_used_bytes(page, root.widths)))
      .encode(&image[root.offset + 8]);
}

inline void fix_catalog(Image& image, Catalog catalog) {
  fix_root(image, {root_of_catalog(image, catalog), {}});
  fix_slots(image);
}

// And above a table, with the checksums of the catalog's leaf and of the slot.
inline void add_table_ladder(Image& image, Catalog catalog, std::string_view table,
                             uint32_t levels) {
  add_ladder(image, root_of_table(image, catalog, table), levels);
  fix_catalog(image, catalog);
}

// Edits the root page of a table and makes all checksums above it match.
inline void edit_table(
    Image& image, Catalog catalog, std::string_view table,
    const std::function<void(std::span<std::byte>, const format::Widths&)>& edit) {
  const FoundRoot root = root_of_table(image, catalog, table);
  edit(root_page(image, root), root.widths);
  fix_root(image, root);
  fix_catalog(image, catalog);
}

// Gives a table without rows a tree of one leaf, on a page added to the file.
inline void set_only_leaf(Image& image, Catalog catalog, std::string_view table,
                          std::span<const format::LeafEntry> entries) {
  format::Header header = header_of(image);
  const uint64_t page = header.layout.total_pages();
  header.layout = header.layout.with_total_pages(page + 1).value();
  image.resize(header.layout.file_bytes());
  store_header(image, header);
  const FoundRoot root = root_of_table(image, catalog, table);
  format::RootRecord record{{0, static_cast<uint32_t>(page), 0}, {}, entries.size()};
  image[root.offset - 1] = std::byte{1};  // present
  record.encode(&image[root.offset]);
  format::build_leaf(root_page(image, root), entries, root.widths);
  fix_root(image, root);
  fix_catalog(image, catalog);
}

// The stored allocator state says of every page that it is free.
inline void free_all_pages(Image& image) {
  ImageSurgeon surgeon(image);
  surgeon.edit_free_maps([](std::vector<page::FreeMap>& maps) {
    for (page::FreeMap& map : maps) map = page::FreeMap::all_free(map.size());
  });
  surgeon.seal();
}

}  // namespace rdb::test
