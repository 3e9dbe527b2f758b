#include "txn/table_pages.hpp"

#include <unordered_set>

#include "txn/catalog.hpp"

namespace rdb::txn {

TableCount walk_table(btree::PageReader& reader, const format::TableRecord& record,
                      const btree::ClaimPage& claim) {
  TableCount count;
  std::vector<format::RootRecord> subtrees;
  const format::Widths subtree_widths = btree::collection_widths(record.widths.value);
  const bool multimap = record.kind == TableKind::multimap;
  const btree::CollectionForm form = collection_form(record);
  btree::walk_pages(
      reader, record.root, record.tree_widths(),
      [&](const btree::PageVisit& visit) {
        if (visit.leaf == nullptr) return;
        count.entries += visit.leaf->size();
        for (uint32_t i = 0; multimap && i < visit.leaf->size(); ++i) {
          const auto collection = btree::Collection::parse(visit.leaf->value(i), form);
          if (collection.values) {
            count.values += collection.values->size();
          } else {
            subtrees.push_back(collection.subtree);
          }
        }
      },
      claim);
  for (const format::RootRecord& root : subtrees) {
    uint64_t entries = 0;
    btree::walk_pages(
        reader, root, subtree_widths,
        [&](const btree::PageVisit& visit) {
          if (visit.leaf != nullptr) entries += visit.leaf->size();
        },
        claim);
    count.values += entries;
    if (entries != root.length) count.subtrees.emplace(root.page.bits(), entries);
  }
  return count;
}

std::vector<format::PageNumber> list_table_pages(page::FramePool& pool,
                                                 const format::TableRecord& record) {
  std::vector<format::PageNumber> pages;
  std::unordered_set<uint64_t> seen;
  btree::PoolReader reader(pool);
  walk_table(reader, record, [&](format::PageNumber page) {
    if (!seen.insert(page.bits()).second) return false;
    pages.push_back(page);
    return true;
  });
  return pages;
}

}  // namespace rdb::txn
