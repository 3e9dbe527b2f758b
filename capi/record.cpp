// record.cpp: reading and changing single records.
//
// Hot: rdb_get_into and rdb_contains add two compares and a relaxed load to the core's work.
#include "record.hpp"

#include <utility>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "packed.hpp"

namespace rdb::capi {
namespace {

static_assert(RDB_PUT_INSERT_ONLY == static_cast<uint64_t>(Table::PutMode::insert_only));
static_assert(RDB_PUT_UPDATE_ONLY == static_cast<uint64_t>(Table::PutMode::update_only));

// pop(Table&, key, value) takes one record out. The handles are made first: nothing may fail once
// the record is gone.
template <class Pop>
rdb_status pop_record(rdb_table* table, rdb_value** key, rdb_value** value, Pop&& pop) {
  if (key != nullptr) *key = nullptr;
  if (value != nullptr) *value = nullptr;
  Table& open = live(table).plain_for_change();
  auto key_handle = std::make_unique<rdb_value>();
  auto value_handle = std::make_unique<rdb_value>();
  std::vector<std::byte> key_bytes;
  std::vector<std::byte> value_bytes;
  if (!pop(open, key_bytes, value_bytes)) return RDB_NOT_FOUND;
  key_handle->value = Value(std::move(key_bytes));
  value_handle->value = Value(std::move(value_bytes));
  if (key != nullptr) *key = key_handle.release();
  if (value != nullptr) *value = value_handle.release();
  return RDB_OK;
}

// Takes what next() hands out until it has no more.
template <class Next>
void take_until_end(TakenRecords& taken, Next&& next) {
  try {
    while (const std::optional<Table::Record> record = next()) taken.records.push_back(*record);
  } catch (const Error& error) {
    taken.broken = std::make_exception_ptr(Error(error.code(), error.what(), taken.records.size()));
  }
}

}  // namespace

TakenRecords take_records(const rdb_slice* keys, const rdb_slice* values, size_t count) {
  if (count != 0) {
    require_not_null(keys, "keys");
    require_not_null(values, "values");
  }
  TakenRecords taken;
  taken.records.reserve(count);
  take_until_end(taken, [&, i = size_t{0}]() mutable -> std::optional<Table::Record> {
    if (i == count) return std::nullopt;
    const size_t at = i++;
    return Table::Record{to_bytes(keys[at]), to_bytes(values[at])};
  });
  return taken;
}

TakenRecords take_packed_records(rdb_slice packed) {
  PackedReader reader(to_bytes(packed));
  TakenRecords taken;
  take_until_end(taken, [&]() -> std::optional<Table::Record> {
    if (reader.done()) return std::nullopt;
    const auto [key, value] = reader.take_record();
    return Table::Record{key, value};
  });
  return taken;
}

Table::PutMode to_put_mode(uint64_t flags) {
  switch (flags) {
    case 0:
      return Table::PutMode::upsert;
    case RDB_PUT_INSERT_ONLY:
      return Table::PutMode::insert_only;
    case RDB_PUT_UPDATE_ONLY:
      return Table::PutMode::update_only;
    default:
      throw_invalid("the flags are neither 0 nor one of RDB_PUT_...");
  }
}

void require_no_flags(uint64_t flags) {
  if (flags != 0) throw_invalid("a multimap knows no flags of RDB_PUT_...");
}

bool erase_key(rdb_table& table, Bytes key) {
  if (table.is_multimap()) return table.multimap_for_change().erase_key(key) > 0;
  return table.plain_for_change().erase(key);
}

}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_get_pin(const rdb_table* table, rdb_slice key, rdb_value** out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_value*& handle = out_handle(out);
    std::optional<rdb::Value> value = live(table).plain().get(to_bytes(key));
    if (!value) return RDB_NOT_FOUND;
    handle = new rdb_value;
    handle->value = *std::move(value);
    return RDB_OK;
  });
}

rdb_status rdb_get_into(const rdb_table* table, rdb_slice key, void* buffer, size_t capacity,
                        size_t* size, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::Table& open = live(table).plain();
    require_not_null(size, "size");
    if (capacity != 0) require_not_null(buffer, "buffer");
    size_t value_size = 0;
    const std::optional<bool> copied =
        open.get_into(to_bytes(key), {static_cast<std::byte*>(buffer), capacity}, value_size);
    if (!copied) return RDB_NOT_FOUND;
    *size = value_size;
    return *copied ? RDB_OK : RDB_MORE;
  });
}

rdb_status rdb_contains(const rdb_table* table, rdb_slice key, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const bool found = std::visit([&](const auto& open) { return open.contains(to_bytes(key)); },
                                  live(table).table);
    return found ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_put(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t flags,
                   rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_table& into = live(table);
    if (into.is_multimap()) {
      rdb::Multimap& pairs = into.multimap_for_change();
      require_no_flags(flags);
      return pairs.put(to_bytes(key), to_bytes(value)) ? RDB_OK : RDB_EXISTS;
    }
    rdb::Table& open = into.plain_for_change();
    const rdb::Table::PutMode mode = to_put_mode(flags);
    return put_outcome(open.put(to_bytes(key), to_bytes(value), mode), mode);
  });
}

rdb_status rdb_delete(rdb_table* table, rdb_slice key, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    return erase_key(live(table), to_bytes(key)) ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_pop_first(rdb_table* table, rdb_value** key, rdb_value** value, rdb_error* err) {
  return guard(err, [&] {
    return pop_record(table, key, value, [](rdb::Table& open, auto& key_bytes, auto& value_bytes) {
      return open.pop_first(key_bytes, value_bytes);
    });
  });
}

rdb_status rdb_pop_last(rdb_table* table, rdb_value** key, rdb_value** value, rdb_error* err) {
  return guard(err, [&] {
    return pop_record(table, key, value, [](rdb::Table& open, auto& key_bytes, auto& value_bytes) {
      return open.pop_last(key_bytes, value_bytes);
    });
  });
}
