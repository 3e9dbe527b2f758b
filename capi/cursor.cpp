// cursor.cpp: positions in a table.
//
// Hot: a move adds two compares and a relaxed load to the core's work, and two slices when wanted.
#include <array>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "range.hpp"

rdb_cursor::~rdb_cursor() {
  // The core's cursor goes before the table it belongs to.
  { const Position gone = std::move(cursor); }
  rdb::capi::drop_owner(&parent);
}

namespace rdb::capi {
namespace {

// Entries of one batch of slices. They live on the stack, so a batch costs no allocation.
constexpr size_t kMaxBatch = 256;

// Calls work with the core's cursor, of either kind.
template <class Handle, class Work>
decltype(auto) with(Handle& handle, Work&& work) {
  if (auto* plain = std::get_if<Cursor>(&handle.cursor)) [[likely]] {
    return work(*plain);
  }
  return work(*std::get_if<MultimapCursor>(&handle.cursor));
}

[[noreturn]] void throw_no_multimap() {
  throw Error(ErrorCode::table_not_multimap, "the cursor is over no multimap");
}

MultimapCursor& pairs_of(rdb_cursor& handle) {
  if (auto* pairs = std::get_if<MultimapCursor>(&handle.cursor)) return *pairs;
  throw_no_multimap();
}

template <class AnyCursor>
void hand_out(const AnyCursor& cursor, rdb_slice* key, rdb_slice* value) {
  // Both are read before either is written: outputs stay untouched on failure.
  const rdb_slice key_slice = key != nullptr ? to_slice(cursor.key()) : rdb_slice{};
  const rdb_slice value_slice = value != nullptr ? to_slice(cursor.value()) : rdb_slice{};
  if (key != nullptr) *key = key_slice;
  if (value != nullptr) *value = value_slice;
}

// move(cursor&) says whether it arrived at an entry; if not, the outcome is nowhere.
template <class Move>
rdb_status move_cursor(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err,
                       rdb_status nowhere, Move&& move) noexcept {
  return guard(err, [&]() -> rdb_status {
    return with(live(cursor), [&](auto& moving) -> rdb_status {
      if (!move(moving)) return nowhere;
      hand_out(moving, key, value);
      return RDB_OK;
    });
  });
}

// A cursor of a multimap, which has moves of its own.
template <class Move>
rdb_status move_among_pairs(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err,
                            rdb_status nowhere, Move&& move) noexcept {
  return guard(err, [&]() -> rdb_status {
    MultimapCursor& moving = pairs_of(live(cursor));
    if (!move(moving)) return nowhere;
    hand_out(moving, key, value);
    return RDB_OK;
  });
}

// The same for moves among the values of the key under the cursor.
template <class Move>
rdb_status move_among_values(rdb_cursor* cursor, rdb_slice* value, rdb_error* err,
                             Move&& move) noexcept {
  return guard(err, [&]() -> rdb_status {
    rdb_cursor& at = live(cursor);
    MultimapCursor& moving = pairs_of(at);
    at.parent.require_open();
    if (!move(moving)) return RDB_END;
    hand_out(moving, nullptr, value);
    return RDB_OK;
  });
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_cursor_open(const rdb_table* table, rdb_cursor** out, rdb_error* err) {
  return guard(err, [&] {
    rdb_cursor*& handle = out_handle(out);
    handle = new rdb_cursor(live(table));
  });
}

rdb_status rdb_cursor_close(rdb_cursor* cursor, rdb_error* err) {
  return guard(err, [&] {
    const Owned<rdb_cursor> owned = take(cursor);
    if (owned != nullptr && owned->forked()) throw_forked(rdb_cursor::kNoun);
  });
}

rdb_status rdb_cursor_first(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_END, [](auto& c) { return c.first(); });
}

rdb_status rdb_cursor_last(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_END, [](auto& c) { return c.last(); });
}

rdb_status rdb_cursor_next(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_END, [](auto& c) { return c.next(); });
}

rdb_status rdb_cursor_prev(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_END, [](auto& c) { return c.prev(); });
}

rdb_status rdb_cursor_seek(rdb_cursor* cursor, rdb_slice target, rdb_slice* key, rdb_slice* value,
                           rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_NOT_FOUND,
                     [&](auto& c) { return c.seek(to_bytes(target)); });
}

rdb_status rdb_cursor_seek_exact(rdb_cursor* cursor, rdb_slice target, rdb_slice* key,
                                 rdb_slice* value, rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_NOT_FOUND,
                     [&](auto& c) { return c.seek_exact(to_bytes(target)); });
}

rdb_status rdb_cursor_seek_le(rdb_cursor* cursor, rdb_slice target, rdb_slice* key,
                              rdb_slice* value, rdb_error* err) {
  return move_cursor(cursor, key, value, err, RDB_NOT_FOUND,
                     [&](auto& c) { return c.seek_le(to_bytes(target)); });
}

rdb_status rdb_cursor_get(const rdb_cursor* cursor, rdb_slice* key, rdb_slice* value,
                          rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb_cursor& at = live(cursor);
    at.parent.require_open();  // the core's key() only promises bytes that still exist
    return with(at, [&](const auto& moving) -> rdb_status {
      if (!moving.valid()) return RDB_NOT_FOUND;
      hand_out(moving, key, value);
      return RDB_OK;
    });
  });
}

rdb_status rdb_cursor_set_range(rdb_cursor* cursor, const rdb_range* range, rdb_error* err) {
  return guard(
      err, [&] { with(live(cursor), [&](auto& moving) { moving.set_range(to_range(range)); }); });
}

rdb_status rdb_cursor_next_batch(rdb_cursor* cursor, rdb_slice* keys, rdb_slice* values,
                                 size_t capacity, size_t* count, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_cursor& at = live(cursor);
    require_not_null(keys, "keys");
    require_not_null(count, "count");
    if (capacity == 0) throw_invalid("the batch has no room for an entry");
    std::array<rdb::Bytes, kMaxBatch> key_bytes;
    std::array<rdb::Bytes, kMaxBatch> value_bytes;
    const size_t room = std::min(capacity, kMaxBatch);
    const size_t filled = with(at, [&](auto& moving) {
      return moving.next_slices({key_bytes.data(), room}, {value_bytes.data(), room});
    });
    for (size_t i = 0; i < filled; ++i) keys[i] = to_slice(key_bytes[i]);
    if (values != nullptr) {
      for (size_t i = 0; i < filled; ++i) values[i] = to_slice(value_bytes[i]);
    }
    *count = filled;
    return filled == 0 ? RDB_END : RDB_OK;
  });
}

rdb_status rdb_cursor_next_batch_packed(rdb_cursor* cursor, void* buffer, size_t capacity,
                                        size_t max_records, size_t* size, size_t* count,
                                        rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_cursor& at = live(cursor);
    require_not_null(size, "size");
    require_not_null(count, "count");
    if (capacity != 0) require_not_null(buffer, "buffer");
    size_t used = 0;
    size_t needed = 0;
    const size_t records = with(at, [&](auto& moving) {
      return moving.next_packed({static_cast<std::byte*>(buffer), capacity},
                                max_records == 0 ? SIZE_MAX : max_records, used, needed);
    });
    *count = records;
    *size = records != 0 ? used : needed;
    if (records != 0) return RDB_OK;
    return needed != 0 ? RDB_MORE : RDB_END;
  });
}

rdb_status rdb_cursor_delete(rdb_cursor* cursor, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_cursor& at = live(cursor);
    require(at.parent.writable, "the cursor belongs to a reader");
    at.parent.require_open();
    return with(at, [](auto& moving) -> rdb_status {
      if (!moving.valid()) return RDB_NOT_FOUND;
      moving.erase();
      return RDB_OK;
    });
  });
}

rdb_status rdb_cursor_seek_pair(rdb_cursor* cursor, rdb_slice target_key, rdb_slice target_value,
                                rdb_slice* key, rdb_slice* value, rdb_error* err) {
  return move_among_pairs(cursor, key, value, err, RDB_NOT_FOUND, [&](auto& c) {
    return c.seek_pair(to_bytes(target_key), to_bytes(target_value));
  });
}

rdb_status rdb_cursor_next_key(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value,
                               rdb_error* err) {
  return move_among_pairs(cursor, key, value, err, RDB_END, [](auto& c) { return c.next_key(); });
}

rdb_status rdb_cursor_prev_key(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value,
                               rdb_error* err) {
  return move_among_pairs(cursor, key, value, err, RDB_END, [](auto& c) { return c.prev_key(); });
}

rdb_status rdb_cursor_next_value(rdb_cursor* cursor, rdb_slice* value, rdb_error* err) {
  return move_among_values(cursor, value, err, [](auto& c) { return c.next_value(); });
}

rdb_status rdb_cursor_prev_value(rdb_cursor* cursor, rdb_slice* value, rdb_error* err) {
  return move_among_values(cursor, value, err, [](auto& c) { return c.prev_value(); });
}

rdb_status rdb_cursor_first_value(rdb_cursor* cursor, rdb_slice* value, rdb_error* err) {
  return move_among_values(cursor, value, err, [](auto& c) { return c.first_value(); });
}

rdb_status rdb_cursor_last_value(rdb_cursor* cursor, rdb_slice* value, rdb_error* err) {
  return move_among_values(cursor, value, err, [](auto& c) { return c.last_value(); });
}

rdb_status rdb_cursor_value_count(const rdb_cursor* cursor, uint64_t* out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb_cursor& at = live(cursor);
    const auto* pairs = std::get_if<rdb::MultimapCursor>(&at.cursor);
    if (pairs == nullptr) throw_no_multimap();
    require_not_null(out, "out");
    at.parent.require_open();
    if (!pairs->valid()) return RDB_NOT_FOUND;
    *out = pairs->value_count();
    return RDB_OK;
  });
}

rdb_status rdb_cursor_put(rdb_cursor* cursor, rdb_slice value, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_cursor& at = live(cursor);
    require(at.parent.writable, "the cursor belongs to a reader");
    at.parent.require_open();
    auto* plain = std::get_if<rdb::Cursor>(&at.cursor);
    if (plain == nullptr) rdb_table::throw_is_multimap();
    if (!plain->valid()) return RDB_NOT_FOUND;
    plain->replace(to_bytes(value));
    return RDB_OK;
  });
}

rdb_status rdb_cursor_expiry(const rdb_cursor* cursor, uint64_t* out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb_cursor& at = live(cursor);
    require_not_null(out, "out");
    at.parent.ttl();
    const auto& plain = std::get<rdb::Cursor>(at.cursor);
    if (!plain.valid()) return RDB_NOT_FOUND;
    *out = plain.expiry();
    return RDB_OK;
  });
}
