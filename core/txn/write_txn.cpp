#include "txn/write_txn.hpp"

#include <algorithm>

#include "btree/walk.hpp"
#include "format/type_info.hpp"
#include "rdb/error.hpp"
#include "txn/commit.hpp"
#include "txn/table_pages.hpp"
#include "txn/table_rules.hpp"

namespace rdb::txn {

WriteTxnImpl::WriteTxnImpl(std::shared_ptr<Store> store, const WriteTxnOptions& options,
                           Purpose purpose)
    : store_(std::move(store)), closing_(purpose == Purpose::closing), pages_(*store_) {
  if (store_->read_only()) {
    throw Error(ErrorCode::read_only, "the database was opened read-only");
  }
  if (!closing_) store_->require_usable();
  store_->writer_lock().acquire(options);
  if (!closing_) {
    try {
      store_->transaction_began();
    } catch (...) {
      store_->writer_lock().release();
      throw;
    }
  }
  active_.store(true, std::memory_order_release);
  pages_.begin();
  try {
    store_->reclaim();
    id_ = store_->next_txn_id();
  } catch (...) {
    end();
    throw;
  }
  base_ = store_->snapshots().current();
  user_catalog_ = base_.user_root;
  system_catalog_ = base_.system_root;
  if (closing_) pages_.allocate_lowest();
}

WriteTxnImpl::~WriteTxnImpl() { abort(); }

void WriteTxnImpl::require_active() const {
  if (!active_.load(std::memory_order_acquire)) {
    throw Error(ErrorCode::closed, "the write transaction is over");
  }
  store_->require_usable();
  if (!poison_.empty()) {
    throw Error(ErrorCode::misuse, "the write transaction can only be aborted: " + poison_);
  }
}

void WriteTxnImpl::throw_lent(const StagedTable& table) {
  throw Error(
      ErrorCode::misuse,
      "table \"" + table.name + "\" is in use by a callback or an extraction, and by nothing else");
}

void WriteTxnImpl::poison(std::string reason) {
  if (poison_.empty()) poison_ = std::move(reason);
}

void WriteTxnImpl::set_durability(Durability durability) {
  const std::lock_guard lock(mutex_);
  require_active();
  durability_ = durability;
}

void WriteTxnImpl::set_two_phase(bool on) {
  const std::lock_guard lock(mutex_);
  require_active();
  two_phase_ = on;
}

void WriteTxnImpl::set_quick_repair(bool on) {
  const std::lock_guard lock(mutex_);
  require_active();
  quick_repair_ = on;
}

// ---- tables
// --------------------------------------------------------------------------------------

StagedTable* WriteTxnImpl::staged(std::string_view name) const {
  const auto it = tables_.find(name);
  return it == tables_.end() ? nullptr : it->second.get();
}

std::optional<format::TableRecord> WriteTxnImpl::current_record(std::string_view name) {
  if (const StagedTable* table = staged(name)) {
    format::TableRecord record = table->record;
    record.root = table->root;
    record.length = table->length();
    return record;
  }
  return find_record(store_->pool(), user_catalog(), name);
}

std::shared_ptr<StagedTable> WriteTxnImpl::stage(std::string_view name,
                                                 const format::TableRecord& record) {
  const auto known = tables_.find(name);
  if (known != tables_.end()) {
    StagedTable& table = *known->second;
    // Another open may read the same types in another way; the mutator looks at the shape anew.
    btree::TreeShape shape = tree_shape(record);
    table.record.key_type.reading = record.key_type.reading;
    table.record.value_type.reading = record.value_type.reading;
    btree::KeyOrder value_order =
        record.kind == TableKind::multimap ? collection_shape(record).order : btree::KeyOrder();
    table.shape.order = std::move(shape.order);
    table.values.order = std::move(value_order);
    table.open = true;
    return known->second;
  }
  // Complete before it is listed: commit goes over the list, also after memory ran out here.
  auto table = std::make_shared<StagedTable>();
  table->name = name;
  table->record = record;
  table->root = record.root;
  table->shape = tree_shape(record);
  if (record.kind == TableKind::multimap) {
    table->values = collection_shape(record);
    table->pairs = record.length;
    table->multimap.emplace(pages_.user(), table->root, table->pairs, table->shape, table->values,
                            store_->make_sealer());
  } else {
    table->mutator.emplace(pages_.user(), table->root, table->shape);
  }
  tables_.emplace(name, table);
  table->open = true;
  return table;
}

namespace {

void require_not_open(const StagedTable* table) {
  if (table != nullptr) WriteTxnImpl::require_not_lent(*table);
  if (table != nullptr && table->open) {
    throw Error(ErrorCode::table_open,
                "table \"" + table->name + "\" is already open in this transaction");
  }
}

format::TableRecord new_record(const TypeName& key, const TypeName& value, TableKind kind) {
  const format::TypeInfo key_info = format::describe_type(key);
  const format::TypeInfo value_info = format::describe_type(value);
  const bool key_told = key_info.known || key.reading.user_width != 0;
  if (!key_told || key_info.order == format::KeyOrderKind::unknown) {
    throw Error(ErrorCode::unknown_key_type, "no table can be created with the key type \"" +
                                                 key.name +
                                                 "\": its order is not known to this release");
  }
  if (!value_info.known && value.reading.user_width == 0) {
    throw Error(ErrorCode::unsupported, "no table can be created with the value type \"" +
                                            value.name + "\": it is not known to this release");
  }
  if (kind == TableKind::multimap && value_info.order == format::KeyOrderKind::unknown) {
    throw Error(ErrorCode::unknown_key_type,
                "no multimap can be created with the value type \"" + value.name +
                    "\": its values must have an order, and none is known to this release");
  }
  format::TableRecord record;
  record.kind = kind;
  record.widths = {key_info.width, value_info.width};
  record.key_type = key;
  record.value_type = value;
  return record;
}

}  // namespace

std::shared_ptr<StagedTable> WriteTxnImpl::open_table(std::string_view name, const TypeName& key,
                                                      const TypeName& value, TableKind kind) {
  const std::lock_guard lock(mutex_);
  require_active();
  if (name == kMetaTable || !current_record(name)) check_table_name(name);
  return open_checked(name, key, value, kind);
}

std::shared_ptr<StagedTable> WriteTxnImpl::open_internal_table(std::string_view name,
                                                               const TypeName& key,
                                                               const TypeName& value) {
  const std::lock_guard lock(mutex_);
  require_active();
  return open_checked(name, key, value, TableKind::normal);
}

std::shared_ptr<StagedTable> WriteTxnImpl::open_checked(std::string_view name, const TypeName& key,
                                                        const TypeName& value, TableKind kind) {
  require_not_open(staged(name));
  auto record = current_record(name);
  const bool created = !record;
  if (created) {
    if (kind == TableKind::multimap) require_multimap_changes(name);
    record = new_record(key, value, kind);
    record->compressed = store_->compressed();
  }
  check_table_types(name, *record, key, value, kind);
  if (created) {
    pages_.spill_if_needed();
    put_record(pages_.user(), user_catalog_, name, *record);
  }
  record->key_type.reading = key.reading;
  record->value_type.reading = value.reading;
  return stage(name, *record);
}

std::shared_ptr<StagedTable> WriteTxnImpl::open_table_like(std::string_view name,
                                                           const format::TableRecord& record) {
  const std::lock_guard lock(mutex_);
  require_active();
  require_not_open(staged(name));
  auto existing = current_record(name);
  if (!existing) {
    check_table_name(name);
    existing.emplace();
    existing->widths = record.widths;
    existing->key_type = record.key_type;
    existing->value_type = record.value_type;
    existing->compressed = store_->compressed();
    pages_.spill_if_needed();
    put_record(pages_.user(), user_catalog_, name, *existing);
  }
  check_table_types(name, *existing, record.key_type, record.value_type, TableKind::normal);
  existing->key_type.reading = record.key_type.reading;
  existing->value_type.reading = record.value_type.reading;
  return stage(name, *existing);
}

std::shared_ptr<StagedTable> WriteTxnImpl::open_table_raw(std::string_view name, TableKind kind) {
  const std::lock_guard lock(mutex_);
  require_active();
  if (name == kMetaTable) check_table_name(name);
  require_not_open(staged(name));
  auto record = current_record(name);
  if (!record) throw_table_missing(name);
  record->key_type.reading = {};
  record->value_type.reading = {};
  check_table_types(name, *record, record->key_type, record->value_type, kind);
  return stage(name, *record);
}

// Spec 01 section 5.5: no commit of shodh-redb could be trusted with the table afterwards.
void WriteTxnImpl::require_multimap_changes(std::string_view name) const {
  if (!store_->compressed() || store_->rdb_only()) return;
  throw Error(ErrorCode::unsupported,
              "table \"" + std::string(name) +
                  "\": shodh-redb cannot read multimaps of compressed files back; opened with the "
                  "option rdb_only the file can have them, and is marked so");
}

void WriteTxnImpl::close_table(StagedTable& table) noexcept {
  const std::lock_guard lock(mutex_);
  table.open = false;
}

std::vector<TableInfo> WriteTxnImpl::list_tables() {
  const std::lock_guard lock(mutex_);
  require_active();
  std::vector<TableInfo> tables;
  for (const CatalogRow& row : list_records(store_->pool(), user_catalog())) {
    if (row.name == kMetaTable) continue;
    if (!row.record) throw Error(ErrorCode::corrupted, row.problem);
    tables.push_back(table_info(row.name, *current_record(row.name)));
  }
  return tables;
}

std::optional<TableInfo> WriteTxnImpl::find_table(std::string_view name) {
  const std::lock_guard lock(mutex_);
  require_active();
  const auto record = current_record(name);
  if (!record) return std::nullopt;
  return table_info(name, *record);
}

void WriteTxnImpl::rename_table(std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  require_active();
  check_table_name(from);
  check_table_name(to);
  require_not_open(staged(from));
  const auto record = find_record(store_->pool(), user_catalog(), from);
  if (!record) throw_table_missing(from);
  if (const auto existing = find_record(store_->pool(), user_catalog(), to)) {
    if (existing->kind != record->kind) {
      throw Error(existing->kind == TableKind::multimap ? ErrorCode::table_is_multimap
                                                        : ErrorCode::table_not_multimap,
                  "table \"" + std::string(to) + "\" exists and is of the other kind");
    }
    throw Error(ErrorCode::table_exists, "table \"" + std::string(to) + "\" exists");
  }
  pages_.spill_if_needed();
  // Made ahead: once the catalog names the table anew, the list must follow without fail.
  std::string listed_name(to);
  std::string staged_name(to);
  put_record(pages_.user(), user_catalog_, to, *record);
  try {
    erase_record(pages_.user(), user_catalog_, from);
  } catch (const std::exception& error) {
    poison("a table is half renamed: " + std::string(error.what()));
    throw;
  }
  if (const auto it = tables_.find(from); it != tables_.end()) {
    auto entry = tables_.extract(it);
    entry.key() = std::move(listed_name);
    entry.mapped()->name = std::move(staged_name);
    tables_.insert(std::move(entry));
  }
}

bool WriteTxnImpl::delete_table(std::string_view name) {
  const std::lock_guard lock(mutex_);
  require_active();
  check_table_name(name);
  require_not_open(staged(name));
  const auto record = current_record(name);
  if (!record) return false;
  pages_.spill_if_needed();
  // All pages are found before the first is given up, so a damaged table leaves no half deletion.
  const std::vector<PageNumber> pages = list_table_pages(store_->pool(), *record);
  erase_record(pages_.user(), user_catalog_, name);
  try {
    for (PageNumber page : pages) pages_.user().free(page);
  } catch (const std::exception& error) {
    poison("pages of a deleted table are lost: " + std::string(error.what()));
    throw;
  }
  if (const auto it = tables_.find(name); it != tables_.end()) tables_.erase(it);
  return true;
}

void WriteTxnImpl::correct_records(const std::vector<Recount>& recounts) {
  const std::lock_guard lock(mutex_);
  require_active();
  for (const Recount& recount : recounts) {
    pages_.spill_if_needed();
    correct_record(recount.system ? pages_.system() : pages_.user(),
                   recount.system ? system_catalog_ : user_catalog_,
                   !recount.system && store_->compressed(), recount);
  }
}

// ---- end
// -----------------------------------------------------------------------------------------

void WriteTxnImpl::end() noexcept {
  active_.store(false, std::memory_order_release);
  store_->writer_lock().release();
  if (!closing_) store_->transaction_ended();
}

void WriteTxnImpl::settle_lenders() {
  for (;;) {
    Lender* lender = nullptr;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [name, table] : tables_) {
        if (table->lender != nullptr) lender = table->lender;
      }
    }
    if (lender == nullptr) return;
    lender->settle();
  }
}

void WriteTxnImpl::commit() {
  {
    // A callback refuses the commit before it ends an extraction from another table.
    const std::lock_guard lock(mutex_);
    for (const auto& [name, table] : tables_) {
      if (table->lender == nullptr) require_not_lent(*table);
    }
  }
  try {
    settle_lenders();
  } catch (...) {
    abort();
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (!active_.load(std::memory_order_acquire)) {
    throw Error(ErrorCode::closed, "the write transaction is over");
  }
  for (const auto& [name, table] : tables_) require_not_lent(*table);
  try {
    if (!closing_) require_active();
    Committer(*this).run();
  } catch (...) {
    // Nothing of a failed commit stays; after a failed header write the file must not be touched.
    if (!store_->failed()) pages_.rollback();
    end();
    throw;
  }
  end();
}

void WriteTxnImpl::abort() noexcept {
  const std::lock_guard lock(mutex_);
  if (!active_.load(std::memory_order_acquire)) return;
  if (!store_->failed()) pages_.rollback();
  end();
}

}  // namespace rdb::txn
