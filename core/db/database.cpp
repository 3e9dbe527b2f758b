// The public faces of database.hpp and txn.hpp over their implementations.
#include "rdb/database.hpp"

#include <mutex>
#include <utility>

#include "base/fork_guard.hpp"
#include "db/open.hpp"
#include "db/verify.hpp"
#include "format/ttl_value.hpp"
#include "io/file_backend.hpp"
#include "io/memory_backend.hpp"
#include "io/prewriting_backend.hpp"
#include "rdb/error.hpp"
#include "table/multimap_impl.hpp"
#include "table/table_impl.hpp"
#include "txn/read_txn.hpp"
#include "txn/table_rules.hpp"
#include "txn/write_txn.hpp"

namespace rdb {

namespace db {

// Store and what is known about how it was opened. A database in memory has nothing to close.
class DatabaseImpl {
 public:
  DatabaseImpl(std::unique_ptr<StorageBackend> backend, const OpenOptions& options, bool in_memory)
      : store_(open_store(std::move(backend), options, report_)), in_memory_(in_memory) {
    base::install_fork_guard();
  }
  ~DatabaseImpl() { close_deferred(); }

  const std::shared_ptr<txn::Store>& store() const noexcept { return store_; }
  const RecoveryReport& report() const noexcept { return report_; }

  void close() {
    store_->begin_closing();
    finish(store_, in_memory_);
  }

  void close_deferred() noexcept {
    store_->close_when_idle([store = store_.get(), in_memory = in_memory_] {
      try {
        finish(store->shared_from_this(), in_memory);
      } catch (const std::exception&) {
        // Nobody is left to tell; the recovery bit tells the next open.
      }
    });
  }

 private:
  static void finish(const std::shared_ptr<txn::Store>& store, bool in_memory) {
    if (in_memory) {
      store->close_backend();
    } else {
      close_store(store);
    }
  }

  RecoveryReport report_;
  std::shared_ptr<txn::Store> store_;
  bool in_memory_;
};

}  // namespace db

Database::Database(std::shared_ptr<db::DatabaseImpl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Database Database::open(const std::filesystem::path& path, const OpenOptions& options) {
  return Database(std::make_shared<db::DatabaseImpl>(
      std::make_unique<io::PrewritingBackend>(
          io::FileBackend::open(path, options.mode, options.allow_unlocked)),
      options, false));
}

Database Database::open_memory(const OpenOptions& options) {
  OpenOptions memory = options;
  memory.mode = OpenMode::create;
  memory.eof_mirror = false;
  return Database(
      std::make_shared<db::DatabaseImpl>(std::make_unique<io::MemoryBackend>(), memory, true));
}

Database Database::open_backend(std::unique_ptr<StorageBackend> backend,
                                const OpenOptions& options) {
  return Database(std::make_shared<db::DatabaseImpl>(std::move(backend), options, false));
}

ReadTxn Database::begin_read() const {
  return ReadTxn(std::make_shared<txn::ReadTxnImpl>(impl_->store()));
}

WriteTxn Database::begin_write(const WriteTxnOptions& options) {
  return WriteTxn(std::make_shared<txn::WriteTxnImpl>(impl_->store(), options));
}

uint64_t Database::clock_now() const {
  impl_->store()->require_usable();
  return impl_->store()->clock().now_ms();
}
void Database::set_clock(uint64_t now_ms) {
  impl_->store()->require_usable();
  impl_->store()->clock().stop_at(now_ms);
}

DatabaseStats Database::stats() const {
  txn::Store& store = *impl_->store();
  if (store.closing()) throw Error(ErrorCode::closed, "the database is closed");
  const page::FramePool& pool = store.pool();
  const io::IoCounters& io = store.io_counters();
  DatabaseStats stats;
  stats.file_bytes = store.file_bytes();
  stats.page_bytes = format::kPageBytes;
  if (!store.read_only()) {
    stats.allocated_pages = store.allocated_base_pages.load();
    stats.free_pages = store.free_base_pages.load();
  }
  stats.pending_free_pages = store.pending_base_pages();
  stats.resident_bytes = pool.resident_bytes();
  stats.pinned_bytes = pool.pinned_bytes();
  stats.opened_bytes = pool.opened_leaves().kept_bytes();
  stats.memory_budget_bytes = pool.budget_bytes();
  stats.live_readers = store.snapshots().live();
  stats.last_txn_id = store.snapshots().current().txn_id;
  stats.durable_txn_id = store.snapshots().durable_txn_id();
  stats.commits = store.commit_count.load();
  stats.bytes_written = io.bytes_written.load();
  stats.write_calls = io.write_calls.load();
  stats.bytes_read = io.bytes_read.load();
  stats.read_calls = io.read_calls.load();
  stats.syncs = io.syncs.load();
  stats.pages_allocated = store.pages_allocated.load();
  stats.pages_evicted = pool.pages_evicted();
  return stats;
}

const RecoveryReport& Database::recovery() const { return impl_->report(); }

VerifyReport Database::verify(VerifyLevel level, ProgressSink* progress,
                              const CancelToken* cancel) const {
  return db::verify_store(*impl_->store(), level, progress, cancel);
}

void Database::close() { impl_->close(); }
void Database::close_deferred() noexcept { impl_->close_deferred(); }

// ---- transactions
// --------------------------------------------------------------------------------

namespace {

[[noreturn]] void throw_no_ttl_type(std::string_view name, const format::TableRecord& record) {
  throw Error(ErrorCode::table_type, "table \"" + std::string(name) + "\" has values of type \"" +
                                         record.value_type.name + "\", which do not expire");
}

}  // namespace

ReadTxn::ReadTxn(std::shared_ptr<txn::ReadTxnImpl> impl) : impl_(std::move(impl)) {}
ReadTxn::ReadTxn(ReadTxn&&) noexcept = default;
ReadTxn& ReadTxn::operator=(ReadTxn&& other) noexcept {
  if (impl_ != nullptr) impl_->close();
  impl_ = std::move(other.impl_);
  return *this;
}
ReadTxn::~ReadTxn() {
  if (impl_ != nullptr) impl_->close();
}
uint64_t ReadTxn::id() const {
  impl_->require_active();
  return impl_->id();
}

Table ReadTxn::open_table(std::string_view name, const TypeName& key, const TypeName& value) const {
  format::TableRecord record = impl_->record(name);
  txn::check_table_types(name, record, key, value, TableKind::normal);
  record.key_type.reading = key.reading;
  record.value_type.reading = value.reading;
  return Table(std::make_shared<table::TableImpl>(impl_, name, record));
}

Table ReadTxn::open_table_raw(std::string_view name) const {
  const format::TableRecord record = impl_->record(name);
  txn::check_table_types(name, record, record.key_type, record.value_type, TableKind::normal);
  return Table(std::make_shared<table::TableImpl>(impl_, name, record));
}

Multimap ReadTxn::open_multimap(std::string_view name, const TypeName& key,
                                const TypeName& value) const {
  format::TableRecord record = impl_->record(name);
  txn::check_table_types(name, record, key, value, TableKind::multimap);
  record.key_type.reading = key.reading;
  record.value_type.reading = value.reading;
  return Multimap(std::make_shared<table::MultimapImpl>(impl_, name, record));
}

Multimap ReadTxn::open_multimap_raw(std::string_view name) const {
  const format::TableRecord record = impl_->record(name);
  txn::check_table_types(name, record, record.key_type, record.value_type, TableKind::multimap);
  return Multimap(std::make_shared<table::MultimapImpl>(impl_, name, record));
}

TtlTable ReadTxn::open_ttl(std::string_view name, const TypeName& key,
                           const TypeName& value) const {
  const TypeName stored = format::ttl_type_of(value);
  format::TableRecord record = impl_->record(name);
  txn::check_table_types(name, record, key, stored, TableKind::normal);
  record.key_type.reading = key.reading;
  record.value_type.reading = stored.reading;
  return TtlTable(
      std::make_shared<table::TableImpl>(impl_, name, record, table::TableImpl::Values::expiring));
}

TtlTable ReadTxn::open_ttl_raw(std::string_view name) const {
  const format::TableRecord record = impl_->record(name);
  txn::check_table_types(name, record, record.key_type, record.value_type, TableKind::normal);
  if (!format::is_ttl_type(record.value_type)) throw_no_ttl_type(name, record);
  return TtlTable(
      std::make_shared<table::TableImpl>(impl_, name, record, table::TableImpl::Values::expiring));
}

std::vector<TableInfo> ReadTxn::list_tables() const { return impl_->list_tables(); }
std::optional<TableInfo> ReadTxn::find_table(std::string_view name) const {
  return impl_->find_table(name);
}
void ReadTxn::close() { impl_->close(); }

WriteTxn::WriteTxn(std::shared_ptr<txn::WriteTxnImpl> impl) : impl_(std::move(impl)) {}
WriteTxn::WriteTxn(WriteTxn&&) noexcept = default;
WriteTxn& WriteTxn::operator=(WriteTxn&& other) noexcept {
  if (impl_ != nullptr) impl_->abort();
  impl_ = std::move(other.impl_);
  return *this;
}
WriteTxn::~WriteTxn() {
  if (impl_ != nullptr) impl_->abort();
}
uint64_t WriteTxn::id() const {
  impl_->require_active();
  return impl_->id();
}
void WriteTxn::set_durability(Durability durability) { impl_->set_durability(durability); }
void WriteTxn::set_two_phase_commit(bool on) { impl_->set_two_phase(on); }
void WriteTxn::set_quick_repair(bool on) { impl_->set_quick_repair(on); }
Table WriteTxn::open_table(std::string_view name, const TypeName& key, const TypeName& value) {
  return Table(std::make_shared<table::TableImpl>(
      impl_, impl_->open_table(name, key, value, TableKind::normal)));
}
Table WriteTxn::open_table_raw(std::string_view name) {
  return Table(
      std::make_shared<table::TableImpl>(impl_, impl_->open_table_raw(name, TableKind::normal)));
}
Multimap WriteTxn::open_multimap(std::string_view name, const TypeName& key,
                                 const TypeName& value) {
  return Multimap(std::make_shared<table::MultimapImpl>(
      impl_, impl_->open_table(name, key, value, TableKind::multimap)));
}
Multimap WriteTxn::open_multimap_raw(std::string_view name) {
  return Multimap(std::make_shared<table::MultimapImpl>(
      impl_, impl_->open_table_raw(name, TableKind::multimap)));
}
TtlTable WriteTxn::open_ttl(std::string_view name, const TypeName& key, const TypeName& value) {
  return TtlTable(std::make_shared<table::TableImpl>(
      impl_, impl_->open_table(name, key, format::ttl_type_of(value), TableKind::normal),
      table::TableImpl::Values::expiring));
}
TtlTable WriteTxn::open_ttl_raw(std::string_view name) {
  auto staged = impl_->open_table_raw(name, TableKind::normal);
  if (!format::is_ttl_type(staged->record.value_type)) {
    impl_->close_table(*staged);
    throw_no_ttl_type(name, staged->record);
  }
  return TtlTable(std::make_shared<table::TableImpl>(impl_, std::move(staged),
                                                     table::TableImpl::Values::expiring));
}
std::vector<TableInfo> WriteTxn::list_tables() const { return impl_->list_tables(); }
std::optional<TableInfo> WriteTxn::find_table(std::string_view name) const {
  return impl_->find_table(name);
}
void WriteTxn::rename_table(std::string_view from, std::string_view to) {
  impl_->rename_table(from, to);
}
bool WriteTxn::delete_table(std::string_view name) { return impl_->delete_table(name); }
uint64_t WriteTxn::copy_table(const Table& source, std::string_view name,
                              const CancelToken* cancel) {
  const TableInfo& info = source.info();
  format::TableRecord record;
  record.widths = {info.key_width, info.value_width};
  record.key_type = info.key_type;
  record.value_type = info.value_type;
  source.len();  // throws closed before a table is made
  table::TableImpl target(impl_, impl_->open_table_like(name, record));
  return target.copy_rows(source.shared_impl(), cancel);
}
void WriteTxn::commit() { impl_->commit(); }
void WriteTxn::abort() { impl_->abort(); }

}  // namespace rdb
