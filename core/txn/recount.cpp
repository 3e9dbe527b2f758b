#include "txn/recount.hpp"

#include <vector>

#include "btree/collection.hpp"
#include "btree/finalize.hpp"
#include "btree/mutator.hpp"
#include "txn/catalog.hpp"

namespace rdb::txn {

namespace {

struct Row {
  std::vector<std::byte> key;
  std::vector<std::byte> collection;
};

// The outer rows whose subtree is miscounted, with the count that is right.
std::vector<Row> corrected_rows(page::FramePool& pool, const format::TableRecord& record,
                                const TableCount& count) {
  const btree::CollectionForm form = collection_form(record);
  std::vector<Row> rows;
  btree::PoolReader reader(pool);
  btree::walk_pages(reader, record.root, record.tree_widths(), [&](const btree::PageVisit& visit) {
    if (visit.leaf == nullptr) return;
    for (uint32_t i = 0; i < visit.leaf->size(); ++i) {
      const Bytes value = visit.leaf->value(i);
      const auto collection = btree::Collection::parse(value, form);
      if (collection.values) continue;
      const auto found = count.subtrees.find(collection.subtree.page.bits());
      if (found == count.subtrees.end()) continue;
      const Bytes key = visit.leaf->key(i);
      format::RootRecord root = collection.subtree;
      root.length = found->second;
      const btree::SubtreeBytes right(root, form);
      const Bytes bytes = right;
      rows.push_back({{key.begin(), key.end()}, {bytes.begin(), bytes.end()}});
    }
  });
  return rows;
}

}  // namespace

void correct_record(page::PageWriter& writer, format::TreeRoot& catalog, bool compressed,
                    const Recount& recount) {
  page::FramePool& pool = writer.pool();
  format::TableRecord record = find_record(pool, {catalog, compressed}, recount.table).value();
  if (record.root) record.root->length = recount.count.entries;
  record.length = recount.count.length(record.kind);
  const btree::TreeShape shape = tree_shape(record);
  if (!recount.count.subtrees.empty() && shape.order.known()) {
    for (const Row& row : corrected_rows(pool, record, recount.count)) {
      const page::Operation operation(pool);
      // An insertion that does not replace would refer to the subtree twice.
      const auto found = btree::find(pool, record.root, shape, row.key);
      if (!found || found->value.size() != row.collection.size()) continue;
      btree::Mutator(writer, record.root, shape).insert(row.key, row.collection);
    }
    btree::finalize(writer, record.root, shape.widths);
  }
  put_record(writer, catalog, recount.table, record);
}

}  // namespace rdb::txn
