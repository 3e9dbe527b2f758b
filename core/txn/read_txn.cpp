#include "txn/read_txn.hpp"

#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/table_rules.hpp"

namespace rdb::txn {

ReadTxnImpl::ReadTxnImpl(std::shared_ptr<Store> store) : store_(std::move(store)) {
  store_->transaction_began();
  try {
    snapshot_ = store_->snapshots().capture();
  } catch (...) {
    store_->transaction_ended();
    throw;
  }
}

ReadTxnImpl::~ReadTxnImpl() { close(); }

void ReadTxnImpl::close() noexcept {
  if (!active_.exchange(false)) return;
  store_->snapshots().release(snapshot_.txn_id);
  store_->transaction_ended();
}

void ReadTxnImpl::throw_closed() {
  throw Error(ErrorCode::closed, "the read transaction or its database is closed");
}

format::TableRecord ReadTxnImpl::record(std::string_view name) const {
  require_active();
  auto record = find_record(store_->pool(), user_catalog(), name);
  if (!record) throw_table_missing(name);
  return *std::move(record);
}

std::vector<TableInfo> ReadTxnImpl::list_tables() const {
  require_active();
  std::vector<TableInfo> tables;
  for (const CatalogRow& row : list_records(store_->pool(), user_catalog())) {
    if (row.name == kMetaTable) continue;
    if (!row.record) throw Error(ErrorCode::corrupted, row.problem);
    tables.push_back(table_info(row.name, *row.record));
  }
  return tables;
}

std::optional<TableInfo> ReadTxnImpl::find_table(std::string_view name) const {
  require_active();
  const auto record = find_record(store_->pool(), user_catalog(), name);
  if (!record) return std::nullopt;
  return table_info(name, *record);
}

}  // namespace rdb::txn
