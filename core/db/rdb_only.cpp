#include "db/rdb_only.hpp"

#include <array>

#include "btree/tree.hpp"
#include "table/table_impl.hpp"
#include "txn/catalog.hpp"
#include "txn/table_rules.hpp"
#include "txn/write_txn.hpp"

namespace rdb::db {

namespace {

constexpr std::string_view kMark = "rdb_only";
constexpr std::array kMarkValue{std::byte{1}};

}  // namespace

bool has_rdb_only_mark(txn::Store& store) {
  page::FramePool& pool = store.pool();
  const format::TreeRoot catalog = store.snapshots().current().user_root;
  const auto record = txn::find_record(pool, {catalog, store.compressed()}, txn::kMetaTable);
  if (!record || record->kind != TableKind::normal) return false;
  const btree::TreeShape shape = txn::tree_shape(*record);
  if (!shape.order.known()) return false;
  const page::Operation operation(pool);
  return btree::find(pool, record->root, shape, as_bytes(kMark)).has_value();
}

void put_rdb_only_mark(const std::shared_ptr<txn::Store>& store) {
  const auto txn = std::make_shared<txn::WriteTxnImpl>(store, WriteTxnOptions{});
  {
    table::TableImpl meta(txn,
                          txn->open_internal_table(txn::kMetaTable, {TypeName::kBuiltin, "&str"},
                                                   {TypeName::kBuiltin, "&[u8]"}));
    meta.put(as_bytes(kMark), kMarkValue, Table::PutMode::upsert);
  }
  txn->commit();
}

}  // namespace rdb::db
