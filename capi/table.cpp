// table.cpp: opening, listing and describing tables.
#include <utility>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"

rdb::Table& rdb_table::for_change() {
  rdb::capi::require(writable, "the table belongs to a reader");
  return table;
}

namespace rdb::capi {

void drop_owner(const rdb_table* table) noexcept {
  if (table->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete table;
}

namespace {

static_assert(RDB_TYPE_BUILTIN == TypeName::kBuiltin);
static_assert(RDB_TYPE_USER_DEFINED == TypeName::kUserDefined);
static_assert(RDB_TYPE_TUPLE == TypeName::kTuple);
static_assert(RDB_TABLE_NORMAL == static_cast<uint32_t>(TableKind::normal));
static_assert(RDB_TABLE_MULTIMAP == static_cast<uint32_t>(TableKind::multimap));

TypeName to_type(const rdb_type* type) {
  if (type == nullptr) return {};
  require_reserved(type->reserved, "type");
  if (type->type_class < RDB_TYPE_BUILTIN || type->type_class > RDB_TYPE_TUPLE) {
    throw_invalid("the type's class is none of RDB_TYPE_...");
  }
  return {static_cast<uint8_t>(type->type_class), std::string(to_name(type->name))};
}

// Borrows the names of type.
rdb_type from_type(const TypeName& type) { return {to_slice(type.name), type.type_class, 0}; }

// Borrows the names of table.
rdb_table_info describe(const TableInfo& table, uint64_t entries) {
  rdb_table_info info{};
  info.name = to_slice(table.name);
  info.key_type = from_type(table.key_type);
  info.value_type = from_type(table.value_type);
  info.entries = entries;
  info.kind = static_cast<uint32_t>(table.kind);
  info.key_width = table.key_width.value_or(RDB_WIDTH_VARIABLE);
  info.value_width = table.value_width.value_or(RDB_WIDTH_VARIABLE);
  info.key_order_known = table.key_order_known ? 1 : 0;
  return info;
}

// Opens by open(txn), which sees the transaction in its own type.
template <class Open>
void open_in(const rdb_txn* txn, rdb_table*& out, Open&& open) {
  const rdb_txn& in = live(txn);
  rdb::Table table = std::visit([&](auto& which) { return open(which); }, in.txn);
  out = new rdb_table(std::move(table), in.writable());
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_table_open(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                          const rdb_type* value, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out), [&](auto& which) {
      return which.open_table(to_name(name), to_type(key), to_type(value));
    });
  });
}

rdb_status rdb_table_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out), [&](auto& which) { return which.open_table_raw(to_name(name)); });
  });
}

rdb_status rdb_table_close(rdb_table* table, rdb_error* err) {
  return guard(err, [&] {
    if (table == nullptr) return;
    if (!table->has_signature()) throw_bad_handle(rdb_table::kNoun);
    table->mark_released();
    if (table->forked()) throw_forked(rdb_table::kNoun);
    drop_owner(table);
  });
}

rdb_status rdb_table_describe(const rdb_table* table, rdb_table_info* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::Table& open = live(table).table;
    write_struct(out, describe(open.info(), open.len()), "out");
  });
}

rdb_status rdb_table_list(const rdb_txn* txn, rdb_listing** out, rdb_error* err) {
  return guard(err, [&] {
    rdb_listing*& handle = out_handle(out);
    auto listing = std::make_unique<rdb_listing>();
    listing->tables =
        std::visit([](const auto& which) { return which.list_tables(); }, live(txn).txn);
    handle = listing.release();
  });
}

rdb_status rdb_table_find(const rdb_txn* txn, rdb_slice name, rdb_listing** out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_listing*& handle = out_handle(out);
    std::optional<rdb::TableInfo> found = std::visit(
        [&](const auto& which) { return which.find_table(to_name(name)); }, live(txn).txn);
    if (!found) return RDB_NOT_FOUND;
    auto listing = std::make_unique<rdb_listing>();
    listing->tables.push_back(*std::move(found));
    handle = listing.release();
    return RDB_OK;
  });
}

size_t rdb_listing_count(const rdb_listing* listing) {
  return listing != nullptr && listing->has_signature() ? listing->tables.size() : 0;
}

rdb_status rdb_listing_at(const rdb_listing* listing, size_t index, rdb_table_info* out,
                          rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const std::vector<rdb::TableInfo>& tables = live(listing).tables;
    require_not_null(out, "out");
    if (index >= tables.size()) return RDB_NOT_FOUND;
    write_struct(out, describe(tables[index], tables[index].entries), "out");
    return RDB_OK;
  });
}

void rdb_listing_free(rdb_listing* listing) {
  guard_release([&] { take(listing); });
}

rdb_status rdb_table_rename(rdb_txn* txn, rdb_slice from, rdb_slice to, rdb_error* err) {
  return guard(err, [&] { live(txn).writer().rename_table(to_name(from), to_name(to)); });
}

rdb_status rdb_table_delete(rdb_txn* txn, rdb_slice name, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    return live(txn).writer().delete_table(to_name(name)) ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_table_len(const rdb_table* table, uint64_t* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::Table& open = live(table).table;
    require_not_null(out, "out");
    *out = open.len();
  });
}

rdb_status rdb_table_stats(const rdb_table* table, const rdb_cancel* cancel,
                           rdb_table_stats_info* out, rdb_error* err) {
  return guard(err, [&] {
    require_not_null(out, "out");
    const rdb::TableStats stats = live(table).table.stats(token_of(cancel));
    rdb_table_stats_info info{};
    info.entries = stats.entries;
    info.leaf_pages = stats.leaf_pages;
    info.branch_pages = stats.branch_pages;
    info.stored_leaf_bytes = stats.stored_leaf_bytes;
    info.metadata_bytes = stats.metadata_bytes;
    info.fragmented_bytes = stats.fragmented_bytes;
    info.tree_height = stats.tree_height;
    write_struct(out, info, "out");
  });
}
