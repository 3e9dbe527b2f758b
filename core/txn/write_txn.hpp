// write_txn.hpp: one write transaction.
//
// Tables keep their root here while the transaction runs (staged); commit folds the changed ones
// into the catalog. A renamed table is folded under its new name, so its checksums are always final
// (spec 02 D1).
//
// Threads: calls take mutex(), so tables of one transaction may be used from several threads.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "btree/multimap_mutator.hpp"
#include "btree/mutator.hpp"
#include "btree/tree.hpp"
#include "rdb/options.hpp"
#include "txn/catalog.hpp"
#include "txn/recount.hpp"
#include "txn/store.hpp"
#include "txn/txn_pages.hpp"

namespace rdb::txn {

// Who works on a table over several calls, and must have finished before the commit.
class Lender {
 public:
  virtual ~Lender() = default;
  virtual void settle() = 0;  // ends the work and gives the table back; not under mutex()
};

// A table as its transaction sees it now.
struct StagedTable {
  std::string name;
  format::TableRecord record;  // root and length are those of the catalog; see root
  format::TreeRoot root;
  btree::TreeShape shape;
  // One of the two, by the table's kind; kept for its buffers.
  std::optional<btree::Mutator> mutator;
  std::optional<btree::MultimapMutator> multimap;
  btree::TreeShape values;  // of a multimap's subtrees
  uint64_t pairs = 0;       // of a multimap
  bool open = false;
  bool changed = false;
  bool lent = false;  // to a callback or a lender: nobody else may use it
  Lender* lender = nullptr;
  uint64_t version = 0;  // raised by every change: cursors compare it

  // As the catalog will record it: entries, or pairs of a multimap.
  uint64_t length() const noexcept {
    if (multimap) return pairs;
    return root ? root->length : 0;
  }
};

class WriteTxnImpl {
 public:
  // Takes the writer lock. A closing one is the last of its store: it begins when all others have
  // ended, and its commit leaves the file as a clean close must (spec 01 section 4.6).
  enum class Purpose : bool { user, closing };
  WriteTxnImpl(std::shared_ptr<Store> store, const WriteTxnOptions& options,
               Purpose purpose = Purpose::user);
  ~WriteTxnImpl();  // aborts
  WriteTxnImpl(const WriteTxnImpl&) = delete;
  WriteTxnImpl& operator=(const WriteTxnImpl&) = delete;

  uint64_t id() const noexcept { return id_; }
  Store& store() noexcept { return *store_; }
  std::mutex& mutex() noexcept { return mutex_; }
  page::PageWriter& user_pages() noexcept { return pages_.user(); }
  // Throws closed when the transaction is over, and the reason when it can only be aborted.
  void require_active() const;
  bool active() const noexcept { return active_.load(std::memory_order_acquire); }

  void set_durability(Durability durability);
  void set_two_phase(bool on);
  void set_quick_repair(bool on);

  std::shared_ptr<StagedTable> open_table(std::string_view name, const TypeName& key,
                                          const TypeName& value, TableKind kind);
  // One of the library's own, whose name is refused to others.
  std::shared_ptr<StagedTable> open_internal_table(std::string_view name, const TypeName& key,
                                                   const TypeName& value);
  std::shared_ptr<StagedTable> open_table_raw(std::string_view name, TableKind kind);
  // Opens a table with the types of record, which need not be known, or creates one.
  std::shared_ptr<StagedTable> open_table_like(std::string_view name,
                                               const format::TableRecord& record);
  void close_table(StagedTable& table) noexcept;
  std::vector<TableInfo> list_tables();
  std::optional<TableInfo> find_table(std::string_view name);
  void rename_table(std::string_view from, std::string_view to);
  bool delete_table(std::string_view name);
  // Before any table is opened.
  void correct_records(const std::vector<Recount>& recounts);

  void commit();
  void abort() noexcept;

  // One change of a table, under mutex(): memory is made, then fn(mutator) runs inside an Operation
  // and tells whether it changed anything.
  template <typename Fn>
  bool change(StagedTable& table, Fn&& fn) {
    return change_with(table, *table.mutator, fn);
  }
  // The same for a multimap, whose mutator fn is given.
  template <typename Fn>
  bool change_multimap(StagedTable& table, Fn&& fn) {
    require_multimap_changes(table.name);
    return change_with(table, *table.multimap, fn);
  }
  // Throws misuse while the table is lent.
  static void require_not_lent(const StagedTable& table) {
    if (table.lent) [[unlikely]]
      throw_lent(table);
  }
  // The tree may no longer be what it should: only abort is left.
  void poison(std::string reason);

 private:
  friend class Committer;

  template <typename Mutator, typename Fn>
  bool change_with(StagedTable& table, Mutator& mutator, Fn&& fn) {
    require_active();
    require_not_lent(table);
    pages_.spill_if_needed();
    const page::Operation operation(store_->pool());
    // What was asked may change nothing, or fail halfway, and have copied committed pages all the
    // same: then the root is another page, and the catalog must follow it.
    const format::TreeRoot before = table.root;
    const auto moved = [&] {
      return before.has_value() != table.root.has_value() ||
             (before && before->page != table.root->page);
    };
    try {
      const bool changed = fn(mutator);
      if (!changed && !moved()) return false;
      table.changed = true;
      ++table.version;
      return changed;
    } catch (const std::exception& error) {
      ++table.version;
      table.changed |= moved();
      if (mutator.broken()) poison(error.what());
      throw;
    }
  }

  void require_multimap_changes(std::string_view name) const;
  std::shared_ptr<StagedTable> open_checked(std::string_view name, const TypeName& key,
                                            const TypeName& value, TableKind kind);
  void settle_lenders();
  [[noreturn]] static void throw_lent(const StagedTable& table);
  std::shared_ptr<StagedTable> stage(std::string_view name, const format::TableRecord& record);
  StagedTable* staged(std::string_view name) const;
  std::optional<format::TableRecord> current_record(std::string_view name);
  void end() noexcept;

  std::shared_ptr<Store> store_;
  const bool closing_;  // the closing commit of the database
  mutable std::mutex mutex_;
  std::atomic<bool> active_{false};
  std::string poison_;
  uint64_t id_ = 0;
  Durability durability_ = Durability::immediate;
  bool two_phase_ = false;
  bool quick_repair_ = false;

  Snapshot base_;
  CatalogRoot user_catalog() const { return {user_catalog_, store_->compressed()}; }

  format::TreeRoot user_catalog_;
  format::TreeRoot system_catalog_;
  TxnPages pages_;
  std::map<std::string, std::shared_ptr<StagedTable>, std::less<>> tables_;
};

}  // namespace rdb::txn
