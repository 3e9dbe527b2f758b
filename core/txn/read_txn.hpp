// read_txn.hpp: one read transaction: a snapshot and a hold on it.
//
// Threads: any, concurrently.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "format/table_record.hpp"
#include "txn/catalog.hpp"
#include "txn/store.hpp"

namespace rdb::txn {

class ReadTxnImpl {
 public:
  explicit ReadTxnImpl(std::shared_ptr<Store> store);
  ~ReadTxnImpl();
  ReadTxnImpl(const ReadTxnImpl&) = delete;
  ReadTxnImpl& operator=(const ReadTxnImpl&) = delete;

  uint64_t id() const noexcept { return snapshot_.txn_id; }
  Store& store() const noexcept { return *store_; }
  const Snapshot& snapshot() const noexcept { return snapshot_; }
  void require_active() const {
    if (!active_.load(std::memory_order_acquire) || store_->closing()) [[unlikely]]
      throw_closed();
  }

  format::TableRecord record(std::string_view name) const;  // or table_missing
  std::vector<TableInfo> list_tables() const;
  std::optional<TableInfo> find_table(std::string_view name) const;
  void close() noexcept;

 private:
  [[noreturn]] static void throw_closed();
  CatalogRoot user_catalog() const { return {snapshot_.user_root, store_->compressed()}; }

  std::shared_ptr<Store> store_;
  Snapshot snapshot_;
  std::atomic<bool> active_{true};
};

}  // namespace rdb::txn
