// table.cpp: opening, listing and describing tables.
#include <memory>
#include <utility>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"

void rdb_table::require_writable() const {
  rdb::capi::require(writable, "the table belongs to a reader");
}

void rdb_table::require_open() const {
  std::visit([](const auto& open) { static_cast<void>(open.len()); }, table);
}

void rdb_table::throw_is_multimap() {
  throw rdb::Error(rdb::ErrorCode::table_is_multimap,
                   "the table is a multimap, whose keys have several values: use "
                   "rdb_multimap_get or a cursor");
}

void rdb_table::throw_not_multimap() {
  throw rdb::Error(rdb::ErrorCode::table_not_multimap, "the table is no multimap");
}

void rdb_table::throw_not_ttl() {
  throw rdb::Error(rdb::ErrorCode::table_type,
                   "the table was not opened by rdb_ttl_open, and its values do not expire");
}

const rdb::TtlTable& rdb_table::ttl() const {
  if (const auto* found = std::get_if<rdb::TtlTable>(&table)) return *found;
  throw_not_ttl();
}

rdb::TtlTable& rdb_table::ttl_for_change() {
  require_writable();
  if (auto* found = std::get_if<rdb::TtlTable>(&table)) return *found;
  throw_not_ttl();
}

const rdb::Multimap& rdb_table::multimap() const {
  if (const auto* found = std::get_if<rdb::Multimap>(&table)) return *found;
  throw_not_multimap();
}

rdb::Table& rdb_table::plain_for_change() {
  require_writable();
  if (auto* found = std::get_if<rdb::Table>(&table)) return *found;
  if (auto* found = std::get_if<rdb::TtlTable>(&table)) return *found;
  throw_is_multimap();
}

rdb::Multimap& rdb_table::multimap_for_change() {
  require_writable();
  if (auto* found = std::get_if<rdb::Multimap>(&table)) return *found;
  throw_not_multimap();
}

namespace rdb::capi {

TypeName to_type(const rdb_type* type) {
  if (type == nullptr) return {};
  if (type->type_class < RDB_TYPE_BUILTIN || type->type_class > RDB_TYPE_TUPLE) {
    throw_invalid("the type's class is none of RDB_TYPE_...");
  }
  TypeName name{static_cast<uint8_t>(type->type_class), std::string(to_name(type->name)), {}};
  name.reading.nested_tuples =
      to_enum(type->flags, NestedTuples::modern,
              "the type's flags are neither 0 nor one of RDB_TYPE_NESTED_");
  return name;
}

void drop_owner(const rdb_table* table) noexcept {
  if (table->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete table;
}

namespace {

static_assert(RDB_TYPE_BUILTIN == TypeName::kBuiltin);
static_assert(RDB_TYPE_USER_DEFINED == TypeName::kUserDefined);
static_assert(RDB_TYPE_TUPLE == TypeName::kTuple);
static_assert(RDB_TABLE_NORMAL == static_cast<uint32_t>(TableKind::normal));
static_assert(RDB_TABLE_MULTIMAP == static_cast<uint32_t>(TableKind::multimap));

static_assert(RDB_TYPE_NESTED_LEGACY == static_cast<uint32_t>(NestedTuples::legacy));
static_assert(RDB_TYPE_NESTED_MODERN == static_cast<uint32_t>(NestedTuples::modern));
static_assert(RDB_WIDTH_VARIABLE == TypeReading::kVariable);

// An order of the caller's; gives his context back in the end.
class UserCompare final : public KeyCompare {
 public:
  explicit UserCompare(const rdb_user_type& user) : user_(user) {}
  ~UserCompare() override {
    if (user_.drop != nullptr) user_.drop(user_.ctx);
  }
  int compare(Bytes a, Bytes b) const noexcept override {
    return user_.compare(user_.ctx, to_slice(a), to_slice(b));
  }

 private:
  const rdb_user_type user_;
};

// Gives the context back unless it was handed on.
struct Dropper {
  const rdb_user_type& user;
  bool armed = true;
  ~Dropper() {
    if (armed && user.drop != nullptr) user.drop(user.ctx);
  }
};

TypeReading to_reading(const rdb_user_type& user, Dropper& dropper) {
  require_reserved(user.reserved, "user type");
  TypeReading reading;
  reading.user_width = user.width;
  if (user.compare != nullptr) {
    reading.compare = std::make_shared<UserCompare>(user);
    dropper.armed = false;
  }
  return reading;
}

TypeName with_reading(TypeName type, TypeReading reading) {
  reading.nested_tuples = type.reading.nested_tuples;
  type.reading = std::move(reading);
  return type;
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
  out = new rdb_table(std::visit([&](auto& which) { return open(which); }, in.txn), in.writable());
}

// Opens by open(txn, key, value) with what the caller says of his types.
template <class Open>
void open_with_readings(const rdb_txn* txn, const rdb_type* key, const rdb_user_type* key_user,
                        const rdb_type* value, const rdb_user_type* value_user, rdb_table** out,
                        Open&& open) {
  const rdb_user_type key_struct = read_struct(key_user, "key_user");
  Dropper key_dropper{key_struct};
  const rdb_user_type value_struct = read_struct(value_user, "value_user");
  Dropper value_dropper{value_struct};
  TypeReading key_reading = to_reading(key_struct, key_dropper);
  TypeReading value_reading = to_reading(value_struct, value_dropper);
  rdb_table*& handle = out_handle(out);
  live(txn);
  require_not_null(key, "key");
  require_not_null(value, "value");
  const TypeName key_type = with_reading(to_type(key), std::move(key_reading));
  const TypeName value_type = with_reading(to_type(value), std::move(value_reading));
  open_in(txn, handle, [&](auto& which) { return open(which, key_type, value_type); });
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

rdb_status rdb_user_type_init(rdb_user_type* type, size_t size, rdb_error* err) {
  return guard(err, [&] { init_struct(type, size, "type"); });
}

rdb_status rdb_table_open_user(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                               const rdb_user_type* key_user, const rdb_type* value,
                               const rdb_user_type* value_user, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_with_readings(txn, key, key_user, value, value_user, out,
                       [&](auto& which, const rdb::TypeName& keys, const rdb::TypeName& values) {
                         return which.open_table(to_name(name), keys, values);
                       });
  });
}

rdb_status rdb_table_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out), [&](auto& which) { return which.open_table_raw(to_name(name)); });
  });
}

rdb_status rdb_multimap_open(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                             const rdb_type* value, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out), [&](auto& which) {
      return which.open_multimap(to_name(name), to_type(key), to_type(value));
    });
  });
}

rdb_status rdb_multimap_open_user(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                                  const rdb_user_type* key_user, const rdb_type* value,
                                  const rdb_user_type* value_user, rdb_table** out,
                                  rdb_error* err) {
  return guard(err, [&] {
    open_with_readings(txn, key, key_user, value, value_user, out,
                       [&](auto& which, const rdb::TypeName& keys, const rdb::TypeName& values) {
                         return which.open_multimap(to_name(name), keys, values);
                       });
  });
}

rdb_status rdb_multimap_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out,
                                 rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out),
            [&](auto& which) { return which.open_multimap_raw(to_name(name)); });
  });
}

rdb_status rdb_ttl_open(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                        const rdb_type* value, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out), [&](auto& which) {
      return which.open_ttl(to_name(name), to_type(key), to_type(value));
    });
  });
}

rdb_status rdb_ttl_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out, rdb_error* err) {
  return guard(err, [&] {
    open_in(txn, out_handle(out), [&](auto& which) { return which.open_ttl_raw(to_name(name)); });
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
    std::visit(
        [&](const auto& open) { write_struct(out, describe(open.info(), open.len()), "out"); },
        live(table).table);
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
    const rdb_table& open = live(table);
    require_not_null(out, "out");
    *out = std::visit([](const auto& which) { return which.len(); }, open.table);
  });
}

rdb_status rdb_table_stats(const rdb_table* table, const rdb_cancel* cancel,
                           rdb_table_stats_info* out, rdb_error* err) {
  return guard(err, [&] {
    require_not_null(out, "out");
    const rdb::TableStats stats = std::visit(
        [&](const auto& open) { return open.stats(token_of(cancel)); }, live(table).table);
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
