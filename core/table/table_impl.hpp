// table_impl.hpp: one open table of a read or of a write transaction.
//
// Threads: as its transaction (table.hpp). Calls of a write transaction take its mutex.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/database_clock.hpp"
#include "btree/tree.hpp"
#include "btree/tree_filter.hpp"
#include "format/encoding.hpp"
#include "format/value_envelope.hpp"
#include "rdb/table.hpp"
#include "table/expiring_values.hpp"
#include "txn/read_txn.hpp"
#include "txn/write_txn.hpp"

namespace rdb::table {

using format::PageNumber;
using format::TreeRoot;

class TableImpl {
 public:
  // expiring: values are shown without their expiry (format/ttl_value.hpp), and only while they
  // live. Requires a value type that is_ttl_type().
  enum class Values : bool { as_stored, expiring };
  TableImpl(std::shared_ptr<txn::ReadTxnImpl> txn, std::string_view name,
            const format::TableRecord& record, Values values = Values::as_stored);
  TableImpl(std::shared_ptr<txn::WriteTxnImpl> txn, std::shared_ptr<txn::StagedTable> staged,
            Values values = Values::as_stored);
  ~TableImpl();
  TableImpl(const TableImpl&) = delete;
  TableImpl& operator=(const TableImpl&) = delete;

  // Other opens of the name become possible; cursors go on.
  void close() noexcept;

  const TableInfo& info() const noexcept { return info_; }
  const btree::TreeShape& shape() const noexcept { return shape_; }
  const std::shared_ptr<page::FramePool>& shared_pool() const;
  page::FramePool& pool() const { return *shared_pool(); }
  bool writable() const noexcept { return write_ != nullptr; }
  bool compressed() const noexcept { return compressed_; }

  // Throws closed once the transaction is over, and misuse while the table is lent.
  void require_active() const;
  void require_transaction() const;  // the first half of it
  uint64_t len() const;
  TableStats stats(const CancelToken* cancel) const;

  bool contains(Bytes key) const;
  std::optional<Value> get(Bytes key) const;
  std::optional<bool> get_into(Bytes key, std::span<std::byte> out, size_t& value_size) const;
  void get_batch(std::span<const Bytes> keys, BatchResult& out) const;

  bool put(Bytes key, Bytes value, Table::PutMode mode);
  uint64_t put_batch(std::span<const Table::Record> records, Table::PutMode mode);
  bool exchange(Bytes key, Bytes value, Table::PutMode mode,
                std::optional<std::vector<std::byte>>& old);
  bool take(Bytes key, std::vector<std::byte>& old);
  Table::Compared compare_and_put(Bytes key, std::optional<Bytes> expected,
                                  std::optional<Bytes> value);
  uint64_t drain(const std::shared_ptr<TableImpl>& self, const KeyRange& range);
  void merge(Bytes key, Bytes operand, MergeKind kind);
  void merge(Bytes key, Bytes operand, MergeFunction& function);
  void merge_batch(std::span<const Table::Record> records, MergeKind kind);
  void merge_batch(std::span<const Table::Record> records, MergeFunction& function);
  bool erase(Bytes key);
  enum class End : bool { first, last };
  bool pop(End end, std::vector<std::byte>& key, std::vector<std::byte>& value);

  // The value that stored bytes of this table stand for, expiry included; lies in them or in
  // scratch.
  Bytes value_of(Bytes stored, std::vector<std::byte>& scratch) const {
    return compressed_ ? open_envelope(stored, scratch) : stored;
  }
  // The value as the caller sees it, or nothing when it has expired. Likewise.
  std::optional<Bytes> shown(Bytes stored, std::vector<std::byte>& scratch,
                             base::Moment& now) const {
    return shown(value_of(stored, scratch), now);
  }
  // Likewise, of value_of().
  std::optional<Bytes> shown(Bytes value, base::Moment& now) const {
    if (!expiring_) [[likely]]
      return value;
    return shown_if_live(value, now);
  }
  base::Moment moment() const noexcept { return base::Moment(store().clock()); }

  // Of tables whose values expire (ttl.hpp).
  bool expiring() const noexcept { return expiring_.has_value(); }
  ExpiringValues& expiring_values() { return *expiring_; }
  const ExpiringValues& expiring_values() const { return *expiring_; }
  bool put_for(Bytes key, Bytes value, uint64_t ttl_ms, Table::PutMode mode);
  bool touch(Bytes key, uint64_t ttl_ms);
  std::optional<uint64_t> expiry(Bytes key) const;
  uint64_t live_count(const CancelToken* cancel) const;
  PurgeStep purge(std::optional<Bytes> after, uint64_t max_entries, const CancelToken* cancel);

  // For cursors. In a write transaction: mutex() held by the caller.
  std::unique_lock<std::mutex> lock() const;
  std::unique_lock<std::mutex> lock_writer() const;  // throws read_only
  // Of a write transaction, whether it goes on; mutex() need not be held.
  bool being_written() const noexcept { return write_ != nullptr && write_->active(); }
  TreeRoot root() const { return write_ != nullptr ? staged_->root : root_; }
  uint64_t version() const noexcept { return write_ != nullptr ? staged_->version : 0; }
  // Deletes the entry at a position of the tree (cursor.hpp of btree); mutex held, outside
  // Operations.
  void erase_at(std::span<const uint32_t> position);
  // Throws for what replace_at() must not be given.
  void check_replacement(Bytes key, Bytes value) const;
  // Likewise; the expiry is that of a TTL table's value.
  void replace_at(std::span<const uint32_t> position, Bytes value, uint64_t expiry_ms);
  // Takes many entries out; NULL: all. The number of them. Likewise, and the table is not lent.
  uint64_t remove(btree::Removal* removal);
  // For extractions: lends the table to lender, or NULL: takes it back. Likewise.
  void lend(txn::Lender* lender);
  void lend_to_callback();  // no commit may settle it
  // The rows of a table of the same types; returns their number.
  uint64_t copy_rows(const std::shared_ptr<TableImpl>& source, const CancelToken* cancel);
  void check_key(Bytes key) const;
  void check_range(const KeyRange& range) const;
  void check_record(Bytes key, Bytes value) const;
  void require_order() const;                 // throws unknown_key_type naming the table
  txn::WriteTxnImpl& require_writer() const;  // throws read_only naming the table

 private:
  // Runs fn(root) inside an Operation on the state the transaction sees.
  template <typename Fn>
  auto read(Fn&& fn) const;
  // Runs fn(mutator), which tells whether it changed anything.
  template <typename Fn>
  bool change(Fn&& fn);
  // Inside an Operation, with the mutex held.
  std::optional<std::vector<std::byte>> value_before(Bytes key) const;
  txn::Store& store() const noexcept {
    return write_ != nullptr ? write_->store() : read_->store();
  }
  void init_expiring(Values values, const TypeName& stored_type);
  Bytes open_envelope(Bytes stored, std::vector<std::byte>& scratch) const;
  static std::optional<Bytes> shown_if_live(Bytes value, base::Moment& now);
  // What to store for value; valid until the next call. The expiry is that of a TTL table's value,
  // and of no other's.
  Bytes stored_form(Bytes value) {
    return stored_form(value, expiring_ ? expiring_->default_expiry() : format::kNeverExpires);
  }
  Bytes stored_form(Bytes value, uint64_t expiry_ms) {
    if (expiring_) value = expiring_->stamp(value, expiry_ms);
    return sealer_ ? sealer_->seal(value) : value;
  }
  // Inside change(): mutator.insert() by the caller's view, in which an expired entry is not there.
  bool insert(btree::Mutator& mutator, Bytes key, Bytes value, uint64_t expiry_ms,
              Table::PutMode mode);
  bool insert(btree::Mutator& mutator, Bytes key, Bytes value, Table::PutMode mode) {
    return insert(mutator, key, value,
                  expiring_ ? expiring_->default_expiry() : format::kNeverExpires, mode);
  }
  bool has_live(Bytes key) const;  // inside an Operation
  bool pop_live(End end, std::vector<std::byte>& key, std::vector<std::byte>& value);
  void check_value(Bytes value) const;
  void check_new_key(Bytes key) const;
  void check_merged(Bytes value) const;
  // Of the result of a merge: judged, and as it is stored, with the expiry of the stored bytes that
  // it replaces.
  Bytes merged_form(Bytes value, std::optional<Bytes> old);
  // shown(), or nothing where values lie in their pages as they are.
  std::function<std::optional<Bytes>(Bytes, std::vector<std::byte>&)> opener() const;
  std::exception_ptr check_merge_keys(std::span<const Table::Record>& records) const;
  bool sortable_merges(std::span<const Table::Record> records, MergeKind kind) const;
  // put_batch() of records that break no rule.
  uint64_t put_in_order(std::span<const Table::Record> records, std::span<const uint32_t> order,
                        Table::PutMode mode);
  uint64_t build(std::span<const Table::Record> records, std::span<const uint32_t> order,
                 Table::PutMode mode);
  // Of what the table's root is now.
  void commit(btree::TreeFilter& filter);
  // Into an empty table: entries in key order, as next() hands them out; nothing at the end.
  uint64_t append_all(const std::function<size_t(std::span<Bytes>, std::span<Bytes>)>& next);
  bool copy_needed(PageNumber leaf) const;

  std::shared_ptr<txn::ReadTxnImpl> read_;  // exactly one of the two is set
  std::shared_ptr<txn::WriteTxnImpl> write_;
  std::shared_ptr<txn::StagedTable> staged_;  // with write_
  TreeRoot root_;                             // with read_
  TableInfo info_;
  btree::TreeShape shape_;
  format::EncodingRule key_rule_;
  format::EncodingRule value_rule_;
  const bool compressed_;
  std::optional<format::ValueSealer> sealer_;  // of a writer's table in a compressed file
  std::optional<ExpiringValues> expiring_;
  std::optional<uint32_t> value_width_;  // of the values that come and go
  bool closed_ = false;
};

}  // namespace rdb::table
