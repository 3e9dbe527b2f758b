// multimap_impl.hpp: one open multimap of a read or of a write transaction.
//
// The outer tree is an ordinary table to TableImpl, whose values are collections.
//
// Threads: as its transaction (table.hpp). Calls of a write transaction take its mutex.
#pragma once

#include <string>

#include "btree/collection.hpp"
#include "rdb/error.hpp"
#include "rdb/multimap.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {

class MultimapImpl {
 public:
  MultimapImpl(std::shared_ptr<txn::ReadTxnImpl> txn, std::string_view name,
               const format::TableRecord& record);
  MultimapImpl(std::shared_ptr<txn::WriteTxnImpl> txn, std::shared_ptr<txn::StagedTable> staged);

  void close() noexcept { outer_.close(); }

  const TableInfo& info() const noexcept { return outer_.info(); }
  uint64_t len() const;
  uint64_t key_count() const { return outer_.len(); }
  TableStats stats(const CancelToken* cancel) const;

  bool contains(Bytes key) const { return outer_.contains(key); }
  bool contains(Bytes key, Bytes value) const;
  uint64_t value_count(Bytes key) const;
  bool get(Bytes key, BatchResult& out) const;

  bool put(Bytes key, Bytes value);
  uint64_t put_batch(std::span<const Table::Record> records);
  bool erase(Bytes key, Bytes value);
  uint64_t erase_key(Bytes key);
  uint64_t drain(const KeyRange& range);

  // For cursors.
  const TableImpl& outer() const noexcept { return outer_; }
  const btree::TreeShape& values() const noexcept { return values_; }
  void check_value(Bytes value) const;  // of a search: width and order
  btree::CollectionForm form() const { return {values_.widths.key, outer_.compressed()}; }
  // As erase(); mutex held by the caller, outside Operations.
  bool erase_held(Bytes key, Bytes value);

  // Runs work and says which table it is about when that finds damage.
  template <typename Work>
  auto naming_table(Work&& work) const {
    try {
      return work();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupted && error.code() != ErrorCode::page_corrupted) throw;
      throw Error(error.code(), "table \"" + info().name + "\": " + error.what(), error.position());
    }
  }

 private:
  std::optional<btree::Collection> find(const TreeRoot& root, Bytes key) const;
  uint64_t erase_key_held(Bytes key);
  uint64_t put_values(Bytes key, std::span<const Bytes> values);

  TableImpl outer_;
  std::shared_ptr<txn::WriteTxnImpl> write_;
  std::shared_ptr<txn::StagedTable> staged_;  // with write_
  btree::TreeShape values_;
  uint64_t pairs_ = 0;  // in a read transaction
};

}  // namespace rdb::table
