// multimap.cpp: what only multimaps do. Opening them is in table.cpp, moves of their cursors are in
// cursor.cpp, and what they share with plain tables lies with those.
#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "packed.hpp"
#include "range.hpp"

namespace rdb::capi {
namespace {

// Deletes the pairs that take() hands out until it has no more. After an error *deleted stays.
template <class Take>
void delete_pairs(rdb_table* table, uint64_t* deleted, Take&& take) {
  Multimap& open = live(table).multimap_for_change();
  uint64_t count = 0;
  for (uint64_t i = 0;; ++i) {
    try {
      const std::optional<Table::Record> pair = take(i);
      if (!pair) break;
      count += open.erase(pair->key, pair->value) ? 1 : 0;
    } catch (const Error& error) {
      throw Error(error.code(), error.what(), i, error.os_errno());
    }
  }
  if (deleted != nullptr) *deleted = count;
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_multimap_key_count(const rdb_table* table, uint64_t* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::Multimap& open = live(table).multimap();
    require_not_null(out, "out");
    *out = open.key_count();
  });
}

rdb_status rdb_multimap_value_count(const rdb_table* table, rdb_slice key, uint64_t* out,
                                    rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::Multimap& open = live(table).multimap();
    require_not_null(out, "out");
    const uint64_t count = open.value_count(to_bytes(key));
    if (count == 0) return RDB_NOT_FOUND;
    *out = count;
    return RDB_OK;
  });
}

rdb_status rdb_multimap_get(const rdb_table* table, rdb_slice key, rdb_result* result,
                            rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::Multimap& open = live(table).multimap();
    rdb_result& into = live(result);
    into.answers.items_.clear();
    try {
      return open.get(to_bytes(key), into.answers) ? RDB_OK : RDB_NOT_FOUND;
    } catch (...) {
      into.answers.items_.clear();
      throw;
    }
  });
}

rdb_status rdb_multimap_contains(const rdb_table* table, rdb_slice key, rdb_slice value,
                                 rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    return live(table).multimap().contains(to_bytes(key), to_bytes(value)) ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_multimap_delete(rdb_table* table, rdb_slice key, rdb_slice value, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb::Multimap& open = live(table).multimap_for_change();
    return open.erase(to_bytes(key), to_bytes(value)) ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_multimap_delete_batch(rdb_table* table, const rdb_slice* keys,
                                     const rdb_slice* values, size_t count, uint64_t* deleted,
                                     rdb_error* err) {
  return guard(err, [&] {
    if (count != 0) {
      require_not_null(keys, "keys");
      require_not_null(values, "values");
    }
    delete_pairs(table, deleted, [&](uint64_t i) -> std::optional<rdb::Table::Record> {
      if (i == count) return std::nullopt;
      return rdb::Table::Record{to_bytes(keys[i]), to_bytes(values[i])};
    });
  });
}

rdb_status rdb_multimap_delete_batch_packed(rdb_table* table, rdb_slice packed_records,
                                            uint64_t* deleted, rdb_error* err) {
  return guard(err, [&] {
    PackedReader reader(to_bytes(packed_records));
    delete_pairs(table, deleted, [&](uint64_t) -> std::optional<rdb::Table::Record> {
      if (reader.done()) return std::nullopt;
      const auto [key, value] = reader.take_record();
      return rdb::Table::Record{key, value};
    });
  });
}

rdb_status rdb_multimap_drain(rdb_table* table, const rdb_range* range, uint64_t* keys,
                              rdb_error* err) {
  return guard(err, [&] {
    rdb::Multimap& open = live(table).multimap_for_change();
    const uint64_t count = open.drain(to_range(range));
    if (keys != nullptr) *keys = count;
  });
}
