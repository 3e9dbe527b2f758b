#include "txn/table_pages.hpp"

#include <unordered_set>

#include "btree/collection.hpp"

namespace rdb::txn {

void walk_table(btree::PageReader& reader, const format::TableRecord& record,
                const btree::ClaimPage& claim) {
  std::vector<format::RootRecord> subtrees;
  // Compressed files hold no subtrees: shodh-redb cannot commit them (spec 01 section 5.5), and rdb
  // does not write multimaps there.
  const bool multimap = record.kind == TableKind::multimap && !record.compressed;
  btree::walk_pages(
      reader, record.root, record.tree_widths(),
      [&](const btree::PageVisit& visit) {
        if (!multimap || visit.leaf == nullptr) return;
        btree::for_each_subtree(*visit.leaf, record.widths.value,
                                [&](const format::RootRecord& root) { subtrees.push_back(root); });
      },
      claim);
  for (const format::RootRecord& root : subtrees) {
    btree::walk_pages(
        reader, root, btree::collection_widths(record.widths.value), [](const btree::PageVisit&) {},
        claim);
  }
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
