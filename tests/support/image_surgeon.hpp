// image_surgeon.hpp: changes whole structures of a database file: pages of any tree, rows, records.
// seal() then makes every checksum match again, so that only the intended damage is left.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "btree/collection.hpp"
#include "btree/walk.hpp"
#include "format/allocator_key.hpp"
#include "format/branch_editor.hpp"
#include "format/leaf_editor.hpp"
#include "format/system_tables.hpp"
#include "format/table_record.hpp"
#include "image_edit.hpp"
#include "page/allocator_codec.hpp"

namespace rdb::test {

// The tree of a table, or a catalog.
struct SurgeryTree {
  format::TreeRoot root;
  format::Widths widths;
};

class ImageSurgeon {
 public:
  using PageNumber = format::PageNumber;
  using MutableBytes = std::span<std::byte>;

  explicit ImageSurgeon(Image& image) : image_(image), header_(header_of(image)) {
    commit_ = header_.slot(header_.primary);
  }

  format::Header& header() { return header_; }
  format::CommitSlot& commit() { return commit_; }
  const format::Layout& layout() const { return header_.layout; }

  MutableBytes page(PageNumber page) {
    return MutableBytes(image_).subspan(layout().page_offset(page), page.bytes());
  }

  SurgeryTree catalog(bool system) const {
    return {system ? commit_.system_root : commit_.user_root, format::kVariableWidths};
  }
  format::TableRecord record(const std::string& name, bool system = false) {
    format::TableRecord record;
    at_record(name, system, [&](MutableBytes bytes, PageNumber, uint32_t) {
      record = format::TableRecord::parse(name, bytes, !system && header_.compression != 0);
    });
    return record;
  }
  SurgeryTree table(const std::string& name, bool system = false) {
    const format::TableRecord found = record(name, system);
    return {found.root, found.tree_widths()};
  }
  std::vector<std::string> names(bool system) {
    std::vector<std::string> names;
    each_leaf(catalog(system), [&](PageNumber, const format::LeafView& leaf) {
      for (uint32_t i = 0; i < leaf.size(); ++i) names.emplace_back(as_text(leaf.key(i)));
    });
    return names;
  }

  // Changes the bytes of a record in place.
  void edit_record(const std::string& name, bool system,
                   const std::function<void(MutableBytes)>& edit) {
    at_record(name, system, [&](MutableBytes bytes, PageNumber, uint32_t) { edit(bytes); });
  }
  // Also one that encodes to the same length.
  void set_record(const std::string& name, bool system, const format::TableRecord& record) {
    edit_record(name, system, [&](MutableBytes bytes) {
      const auto encoded = record.encode();
      if (encoded.size() != bytes.size()) throw std::logic_error("the record changes its length");
      std::copy(encoded.begin(), encoded.end(), bytes.begin());
    });
  }
  // Takes a record out of its catalog; the pages of the table stay as they are.
  void forget_table(const std::string& name, bool system = false) {
    std::optional<std::pair<PageNumber, uint32_t>> place;
    at_record(name, system, [&](MutableBytes, PageNumber page, uint32_t i) { place = {page, i}; });
    format::LeafEditor(page(place->first), format::kVariableWidths).remove(place->second);
    format::TreeRoot& root = system ? commit_.system_root : commit_.user_root;
    --root.value().length;
  }

  // Makes the two sizes of a compressed value differ, in a table of one leaf with so many entries.
  void spoil_value(const std::string& name, uint32_t entries, uint32_t entry) {
    const SurgeryTree tree = table(name);
    const MutableBytes bytes = page(tree.root->page);
    const auto leaf = format::LeafView::parse(bytes, tree.widths);
    if (leaf.size() != entries) throw std::logic_error("the table has other entries");
    bytes[leaf.value_range(entry).first + 1] ^= std::byte{1};
  }

  // Pages of a tree, parents first.
  std::vector<PageNumber> pages(const SurgeryTree& tree) {
    std::vector<PageNumber> found;
    each_page(tree, [&](PageNumber page) { found.push_back(page); });
    return found;
  }
  std::vector<PageNumber> leaves(const SurgeryTree& tree) {
    std::vector<PageNumber> found;
    each_leaf(tree, [&](PageNumber page, const format::LeafView&) { found.push_back(page); });
    return found;
  }
  // Key and value i of a leaf, to be changed in place.
  MutableBytes key(PageNumber leaf, uint32_t i, const format::Widths& widths) {
    const auto [begin, end] = format::LeafView::parse(page(leaf), widths).key_range(i);
    return page(leaf).subspan(begin, end - begin);
  }
  MutableBytes value(PageNumber leaf, uint32_t i, const format::Widths& widths) {
    const auto [begin, end] = format::LeafView::parse(page(leaf), widths).value_range(i);
    return page(leaf).subspan(begin, end - begin);
  }

  // The stored free maps, to be changed; requires that the file was closed by rdb.
  void edit_free_maps(const std::function<void(std::vector<page::FreeMap>&)>& edit) {
    const SurgeryTree state = table(std::string(format::kAllocatorState.name), true);
    std::vector<page::FreeMap> maps;
    std::vector<MutableBytes> rows;
    each_leaf(state, [&](PageNumber page, const format::LeafView& leaf) {
      for (uint32_t i = 0; i < leaf.size(); ++i) {
        const auto key = format::AllocatorKey::decode(leaf.key(i).data());
        if (key.kind != format::AllocatorKey::Kind::region) continue;
        rows.push_back(value(page, i, state.widths));
        maps.push_back(page::decode_region(rows.back(), layout().region_max_data_pages));
      }
    });
    edit(maps);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto encoded = page::encode_region(maps[i], layout().region_max_data_pages);
      if (encoded.size() != rows[i].size()) throw std::logic_error("the state changes its size");
      std::copy(encoded.begin(), encoded.end(), rows[i].begin());
    }
  }

  // Recomputes every checksum of the primary slot's commit and writes the header.
  void seal() {
    for (const bool system : {false, true}) {
      each_leaf(catalog(system), [&](PageNumber page, const format::LeafView& leaf) {
        for (uint32_t i = 0; i < leaf.size(); ++i) {
          seal_record(std::string(as_text(leaf.key(i))), value(page, i, format::kVariableWidths),
                      !system && header_.compression != 0);
        }
      });
    }
    seal_catalogs();
  }
  // The same for the catalogs and the header alone: what the records say stays.
  void seal_catalogs() {
    for (const bool system : {false, true}) {
      format::TreeRoot& root = system ? commit_.system_root : commit_.user_root;
      if (root) root->checksum = seal_tree(root->page, format::kVariableWidths);
    }
    header_.set_slot(header_.primary, commit_);
    store_header(image_, header_);
  }

 private:
  void each_page(const SurgeryTree& tree, const std::function<void(PageNumber)>& visit) {
    if (tree.root) each_page_below(tree.root->page, tree.widths, visit);
  }
  void each_page_below(PageNumber at, const format::Widths& widths,
                       const std::function<void(PageNumber)>& visit) {
    visit(at);
    if (btree::is_leaf(page(at))) return;
    const auto branch = format::BranchView::parse(page(at), widths);
    for (uint32_t i = 0; i < branch.child_count(); ++i) {
      each_page_below(branch.child(i), widths, visit);
    }
  }
  void each_leaf(const SurgeryTree& tree,
                 const std::function<void(PageNumber, const format::LeafView&)>& visit) {
    each_page(tree, [&](PageNumber at) {
      if (btree::is_leaf(page(at))) visit(at, format::LeafView::parse(page(at), tree.widths));
    });
  }
  void at_record(const std::string& name, bool system,
                 const std::function<void(MutableBytes, PageNumber, uint32_t)>& visit) {
    bool found = false;
    each_leaf(catalog(system), [&](PageNumber page, const format::LeafView& leaf) {
      for (uint32_t i = 0; i < leaf.size(); ++i) {
        if (as_text(leaf.key(i)) != name) continue;
        found = true;
        visit(value(page, i, format::kVariableWidths), page, i);
      }
    });
    if (!found) throw std::logic_error("no table " + name);
  }
  void seal_record(const std::string& name, MutableBytes bytes, bool compressed) {
    format::TableRecord record;
    try {
      record = format::TableRecord::parse(name, bytes, compressed);
    } catch (const Error&) {
      return;  // the intended damage
    }
    if (!record.root || !layout().contains(record.root->page)) return;
    if (record.kind == TableKind::multimap) {
      each_leaf({record.root, record.tree_widths()},
                [&](PageNumber page, const format::LeafView& leaf) {
                  for (uint32_t i = 0; i < leaf.size(); ++i) {
                    seal_collection(value(page, i, record.tree_widths()), record.widths.value);
                  }
                });
    }
    record.root->checksum = seal_tree(record.root->page, record.tree_widths());
    record.root->encode(&bytes[10]);
  }
  void seal_collection(MutableBytes bytes, std::optional<uint32_t> value_width) {
    if (bytes[0] != std::byte{3} || bytes.size() < 1 + format::RootRecord::kBytes) return;
    format::RootRecord root;
    try {
      root = format::RootRecord::decode(&bytes[1]);
    } catch (const Error&) {
      return;  // the intended damage
    }
    if (!layout().contains(root.page)) return;
    root.checksum = seal_tree(root.page, btree::collection_widths(value_width));
    root.encode(&bytes[1]);
  }
  base::Checksum seal_tree(PageNumber at, const format::Widths& widths) {
    const MutableBytes bytes = page(at);
    if (!btree::is_leaf(bytes)) {
      format::BranchEditor branch(bytes, widths);
      for (uint32_t i = 0; i < branch.child_count(); ++i) {
        const PageNumber child = branch.view().child(i);
        if (layout().contains(child)) branch.set_child_checksum(i, seal_tree(child, widths));
      }
    }
    return base::checksum(Bytes(bytes).first(format::page_used_bytes(bytes, widths)));
  }

  Image& image_;
  format::Header header_;
  format::CommitSlot commit_;
};

}  // namespace rdb::test
