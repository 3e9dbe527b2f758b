// api_records.cpp: the steps of plain tables: records one by one, in batches, and by cursors.
#include "api_script.hpp"

namespace rdb::fuzz {

void Script::put() {
  const auto table = choose_table();
  if (!table) return;
  ModelTable& model = content(*table);
  std::string key = make_key(model.kind);
  std::string value = make_value(model.kind);
  const uint64_t flags = input_.u8() % 8 < 5 ? 0 : input_.u8() % 4;
  const bool wrong = kKinds[model.kind].fixed && input_.u8() % 16 == 0;
  if (wrong) key.pop_back();
  const bool exists = model.rows.contains(key);
  rdb_status expected = refusal(*table);
  if (expected == RDB_OK && (wrong || flags == 3)) {
    expected = RDB_ERR_INVALID_ARGUMENT;
  } else if (expected == RDB_OK && flags == RDB_PUT_INSERT_ONLY && exists) {
    expected = RDB_EXISTS;
  } else if (expected == RDB_OK && flags == RDB_PUT_UPDATE_ONLY && !exists) {
    expected = RDB_NOT_FOUND;
  }
  expect(rdb_put(table->handle, slice(key), slice(value), flags, &err_), expected, "put");
  if (expected != RDB_OK) return;
  model.rows[key] = value;
  ++table->version;
}

void Script::erase() {
  const auto table = choose_table();
  if (!table) return;
  ModelTable& model = content(*table);
  const std::string key = make_key(model.kind);
  rdb_status expected = refusal(*table);
  if (expected == RDB_OK && !model.rows.contains(key)) expected = RDB_NOT_FOUND;
  expect(rdb_delete(table->handle, slice(key), &err_), expected, "delete");
  if (expected != RDB_OK) return;
  model.rows.erase(key);
  ++table->version;
}

void Script::get() {
  const auto table = choose_table();
  if (!table) return;
  const ModelTable& model = content(*table);
  const std::string key = make_key(model.kind);
  const auto row = model.rows.find(key);
  const rdb_status expected = row == model.rows.end() ? RDB_NOT_FOUND : RDB_OK;
  expect(rdb_contains(table->handle, slice(key), &err_), expected, "contains");
  std::string buffer(input_.u8() * 4u, '?');
  size_t size = 0;
  const rdb_status status =
      rdb_get_into(table->handle, slice(key), buffer.data(), buffer.size(), &size, &err_);
  if (expected == RDB_OK) {
    require(size == row->second.size(), "a value has another size");
    expect(status, size > buffer.size() ? RDB_MORE : RDB_OK, "get_into");
    require(status == RDB_MORE || buffer.substr(0, size) == row->second, "another value");
  } else {
    expect(status, expected, "get_into");
  }
  rdb_value* value = nullptr;
  expect(rdb_get_pin(table->handle, slice(key), &value, &err_), expected, "get_pin");
  if (value == nullptr) return;
  require(text(rdb_value_data(value)) == row->second, "a pin holds another value");
  if (values_.size() < 6) {
    values_.emplace_back(value, row->second);
  } else {
    rdb_value_free(value);
  }
}

void Script::pop() {
  const auto table = choose_table();
  if (!table) return;
  ModelTable& model = content(*table);
  const bool first = input_.u8() % 2 == 0;
  rdb_status expected = refusal(*table);
  if (expected == RDB_OK && model.rows.empty()) expected = RDB_NOT_FOUND;
  rdb_value* key = nullptr;
  rdb_value* value = nullptr;
  expect(first ? rdb_pop_first(table->handle, &key, &value, &err_)
               : rdb_pop_last(table->handle, &key, &value, &err_),
         expected, "pop");
  if (expected != RDB_OK) {
    require(key == nullptr && value == nullptr, "a failed pop left handles");
    return;
  }
  const auto row = first ? model.rows.begin() : std::prev(model.rows.end());
  require(text(rdb_value_data(key)) == row->first && text(rdb_value_data(value)) == row->second,
          "pop took another row");
  rdb_value_free(key);
  rdb_value_free(value);
  model.rows.erase(row);
  ++table->version;
}

void Script::put_batch() {
  const auto table = choose_table();
  if (!table) return;
  ModelTable& model = content(*table);
  std::vector<std::string> keys, values;
  for (size_t i = input_.u8() % 64; i > 0; --i) {
    keys.push_back(make_key(model.kind));
    values.push_back(make_value(model.kind));
  }
  std::vector<rdb_slice> key_slices, value_slices;
  for (const auto& key : keys) key_slices.push_back(slice(key));
  for (const auto& value : values) value_slices.push_back(slice(value));
  uint64_t written = 0;
  const rdb_status status = rdb_put_batch(table->handle, key_slices.data(), value_slices.data(),
                                          keys.size(), 0, &written, &err_);
  expect(status, refusal(*table), "put_batch");
  require(written == (status == RDB_OK ? keys.size() : 0), "a batch miscounts");
  if (status != RDB_OK || keys.empty()) return;
  for (size_t i = 0; i < keys.size(); ++i) model.rows[keys[i]] = values[i];
  ++table->version;
}

void Script::get_batch() {
  const auto table = choose_table();
  if (!table) return;
  const ModelTable& model = content(*table);
  std::vector<std::string> keys;
  for (size_t i = input_.u8() % 48; i > 0; --i) keys.push_back(make_key(model.kind));
  std::vector<rdb_slice> slices;
  for (const auto& key : keys) slices.push_back(slice(key));
  rdb_result* result = nullptr;
  expect(rdb_result_create(&result, &err_), RDB_OK, "create a result");
  expect(rdb_get_batch(table->handle, slices.data(), slices.size(), result, &err_), RDB_OK,
         "get_batch");
  require(rdb_result_count(result) == keys.size(), "a batch miscounts");
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto row = model.rows.find(keys[i]);
    rdb_slice value{};
    expect(rdb_result_at(result, i, &value, &err_),
           row == model.rows.end() ? RDB_NOT_FOUND : RDB_OK, "result_at");
    require(row == model.rows.end() || text(value) == row->second, "a batch has another value");
  }
  rdb_slice beyond{};
  expect(rdb_result_at(result, keys.size(), &beyond, &err_), RDB_ERR_INVALID_ARGUMENT,
         "result_at behind the end");
  rdb_result_free(result);
}

void Script::delete_batch() {
  const auto table = choose_table();
  if (!table || !table->txn->writable) return;
  ModelTable& model = content(*table);
  std::vector<std::string> keys;
  for (size_t i = input_.u8() % 64; i > 0; --i) keys.push_back(make_key(model.kind));
  std::vector<rdb_slice> slices;
  for (const auto& key : keys) slices.push_back(slice(key));
  uint64_t deleted = 0;
  expect(rdb_delete_batch(table->handle, slices.data(), slices.size(), &deleted, &err_), RDB_OK,
         "delete_batch");
  uint64_t gone = 0;
  for (const auto& key : keys) gone += model.rows.erase(key);
  require(deleted == gone, "a batch deleted another number of rows");
  if (gone > 0) ++table->version;
}

// Bytes of the script as packed records. What they do is read back from the table.
void Script::packed_records() {
  const auto table = choose_table();
  if (!table || !table->txn->writable) return;
  const Bytes packed = input_.take(input_.u8());
  uint64_t count = 0;
  note(rdb_put_batch_packed(table->handle, {packed.data(), packed.size()}, 0, &count, &err_),
       "put_batch_packed");
  note(rdb_delete_batch_packed(table->handle, {packed.data(), packed.size()}, &count, &err_),
       "delete_batch_packed");
  rdb_result* result = nullptr;
  expect(rdb_result_create(&result, &err_), RDB_OK, "create a result");
  note(rdb_get_batch_packed(table->handle, {packed.data(), packed.size()}, result, &err_),
       "get_batch_packed");
  rdb_result_free(result);
  ModelTable& model = content(*table);
  model.rows.clear();
  rdb_cursor* cursor = nullptr;
  expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
  rdb_slice key{}, value{};
  while (note(rdb_cursor_next(cursor, &key, &value, &err_), "next") == RDB_OK) {
    model.rows[text(key)] = text(value);
  }
  expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
  // Whether a failed batch changed something cannot be told: cursors over the table go.
  while (true) {
    const auto stale = std::find_if(cursors_.begin(), cursors_.end(),
                                    [&](const Cursor& c) { return c.table == table; });
    if (stale == cursors_.end()) break;
    close(static_cast<size_t>(stale - cursors_.begin()));
  }
}

void Script::open_cursor() {
  const auto table = choose_table();
  if (!table || cursors_.size() > 5) return;
  Cursor cursor;
  expect(rdb_cursor_open(table->handle, &cursor.handle, &err_), RDB_OK, "open a cursor");
  cursor.table = table;
  cursor.version = table->version;
  ++table->cursors;
  cursors_.push_back(std::move(cursor));
}

void Script::close(size_t i) {
  const Cursor cursor = cursors_[i];
  cursors_.erase(cursors_.begin() + static_cast<ptrdiff_t>(i));
  expect(rdb_cursor_close(cursor.handle, &err_), RDB_OK, "close a cursor");
  --cursor.table->cursors;
  forget_table(cursor.table);
}

void Script::close_cursor() {
  if (!cursors_.empty()) close(input_.u8() % cursors_.size());
}

Script::Cursor* Script::live_cursor() {
  Cursor* cursor = choose(cursors_);
  return cursor != nullptr && cursor->table->txn->alive ? cursor : nullptr;
}

// First row of the range, last one, or the end.
Rows::const_iterator Script::front_of(const Cursor& cursor) {
  const Rows& rows = rows_of(cursor);
  const auto row = cursor.lower ? rows.lower_bound(*cursor.lower) : rows.begin();
  return row != rows.end() && in_range(cursor, row->first) ? row : rows.end();
}

Rows::const_iterator Script::back_of(const Cursor& cursor) {
  const Rows& rows = rows_of(cursor);
  auto row = cursor.upper ? rows.upper_bound(*cursor.upper) : rows.end();
  if (row == rows.begin()) return rows.end();
  --row;
  return in_range(cursor, row->first) ? row : rows.end();
}

void Script::landed(Cursor& cursor, Rows::const_iterator row, Place otherwise, rdb_status status,
                    rdb_status nothing, rdb_slice key, rdb_slice value, const char* call) {
  cursor.version = cursor.table->version;
  if (row == rows_of(cursor).end()) {
    expect(status, nothing, call);
    cursor.place = otherwise;
    return;
  }
  expect(status, RDB_OK, call);
  require(text(key) == row->first && text(value) == row->second,
          std::string(call) + " arrives at another row");
  cursor.place = Place::on;
  cursor.key = row->first;
}

void Script::move_cursor() {
  Cursor* cursor = live_cursor();
  if (cursor == nullptr) return;
  const Rows& rows = rows_of(*cursor);
  rdb_slice key{}, value{};
  switch (input_.u8() % 5) {
    case 0: {
      const rdb_status status = rdb_cursor_first(cursor->handle, &key, &value, &err_);
      return landed(*cursor, front_of(*cursor), Place::back, status, RDB_END, key, value, "first");
    }
    case 1: {
      const rdb_status status = rdb_cursor_last(cursor->handle, &key, &value, &err_);
      return landed(*cursor, back_of(*cursor), Place::front, status, RDB_END, key, value, "last");
    }
    case 2: {
      const rdb_status status = rdb_cursor_get(cursor->handle, &key, &value, &err_);
      if (stale(*cursor)) {
        note(status, "get of a stale cursor");
        require(status == RDB_ERR_MISUSE || status == RDB_NOT_FOUND, "a stale cursor answers");
        return;
      }
      const bool on = cursor->place == Place::on;
      expect(status, on ? RDB_OK : RDB_NOT_FOUND, "get");
      require(!on || (text(key) == cursor->key && text(value) == rows.at(cursor->key)),
              "a cursor stands elsewhere");
      return;
    }
    case 3: {
      const rdb_status status = rdb_cursor_next(cursor->handle, &key, &value, &err_);
      if (stale(*cursor)) return expect(status, RDB_ERR_MISUSE, "next of a stale cursor");
      auto row = rows.end();
      if (cursor->place == Place::fresh || cursor->place == Place::front) {
        row = front_of(*cursor);
      } else if (cursor->place != Place::back) {
        row = rows.upper_bound(cursor->key);
        if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
      }
      return landed(*cursor, row, Place::back, status, RDB_END, key, value, "next");
    }
    default: {
      const rdb_status status = rdb_cursor_prev(cursor->handle, &key, &value, &err_);
      if (stale(*cursor)) return expect(status, RDB_ERR_MISUSE, "prev of a stale cursor");
      auto row = rows.end();
      if (cursor->place == Place::fresh || cursor->place == Place::back) {
        row = back_of(*cursor);
      } else if (cursor->place != Place::front) {
        row = rows.lower_bound(cursor->key);
        row = row == rows.begin() ? rows.end() : std::prev(row);
        if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
      }
      return landed(*cursor, row, Place::front, status, RDB_END, key, value, "prev");
    }
  }
}

void Script::seek_cursor() {
  Cursor* cursor = live_cursor();
  if (cursor == nullptr) return;
  const Rows& rows = rows_of(*cursor);
  const std::string target = make_key(content(*cursor->table).kind);
  const auto less = rows.key_comp();
  rdb_slice key{}, value{};
  const uint8_t what = input_.u8() % 3;
  if (what == 2) {
    auto row = rows.upper_bound(target);
    row = row == rows.begin() ? rows.end() : std::prev(row);
    if (cursor->upper && less(*cursor->upper, target)) row = back_of(*cursor);
    if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
    const rdb_status status =
        rdb_cursor_seek_le(cursor->handle, slice(target), &key, &value, &err_);
    return landed(*cursor, row, Place::front, status, RDB_NOT_FOUND, key, value, "seek_le");
  }
  auto row = rows.lower_bound(target);
  if (cursor->lower && less(target, *cursor->lower)) row = front_of(*cursor);
  if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
  if (what == 0) {
    const rdb_status status = rdb_cursor_seek(cursor->handle, slice(target), &key, &value, &err_);
    return landed(*cursor, row, Place::back, status, RDB_NOT_FOUND, key, value, "seek");
  }
  const rdb_status status =
      rdb_cursor_seek_exact(cursor->handle, slice(target), &key, &value, &err_);
  if (row == rows.end() || row->first == target) {
    return landed(*cursor, row, Place::back, status, RDB_NOT_FOUND, key, value, "seek_exact");
  }
  expect(status, RDB_NOT_FOUND, "seek_exact");
  cursor->version = cursor->table->version;
  cursor->place = Place::on;
  cursor->key = row->first;
}

void Script::delete_at_cursor() {
  Cursor* cursor = live_cursor();
  if (cursor == nullptr) return;
  const rdb_status status = rdb_cursor_delete(cursor->handle, &err_);
  if (!cursor->table->txn->writable) return expect(status, RDB_ERR_MISUSE, "delete of a reader");
  if (stale(*cursor)) {
    note(status, "delete of a stale cursor");
    require(status == RDB_ERR_MISUSE || status == RDB_NOT_FOUND, "a stale cursor deletes");
    return;
  }
  expect(status, cursor->place == Place::on ? RDB_OK : RDB_NOT_FOUND, "delete at a cursor");
  if (status != RDB_OK) return;
  content(*cursor->table).rows.erase(cursor->key);
  cursor->version = ++cursor->table->version;
  // Between its neighbours; behind the last row that is the end.
  const Rows& rows = rows_of(*cursor);
  cursor->place = rows.upper_bound(cursor->key) == rows.end() ? Place::back : Place::gap;
}

void Script::batch_of_cursor() {
  Cursor* cursor = live_cursor();
  if (cursor == nullptr) return;
  rdb_slice keys[16], values[16];
  size_t count = 0;
  const size_t room = 1 + input_.u8() % 16;
  const rdb_status status =
      rdb_cursor_next_batch(cursor->handle, keys, values, room, &count, &err_);
  if (stale(*cursor)) return expect(status, RDB_ERR_MISUSE, "a batch of a stale cursor");
  const Rows& rows = rows_of(*cursor);
  auto row = rows.end();
  if (cursor->place == Place::fresh || cursor->place == Place::front) {
    row = front_of(*cursor);
  } else if (cursor->place != Place::back) {
    row = rows.upper_bound(cursor->key);
  }
  if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
  expect(status, row == rows.end() ? RDB_END : RDB_OK, "a batch");
  if (status == RDB_END) {
    cursor->place = Place::back;
    return;
  }
  require(count >= 1 && count <= room, "a batch of an impossible size");
  for (size_t i = 0; i < count; ++i, ++row) {
    require(row != rows.end() && in_range(*cursor, row->first) && text(keys[i]) == row->first &&
                text(values[i]) == row->second,
            "a batch has another row");
  }
  cursor->place = Place::on;
  cursor->key = std::prev(row)->first;
}

void Script::set_range() {
  Cursor* cursor = live_cursor();
  if (cursor == nullptr) return;
  const size_t kind = content(*cursor->table).kind;
  cursor->lower.reset();
  cursor->upper.reset();
  const uint8_t what = input_.u8() % 4;
  if ((what & 1) != 0) cursor->lower = make_key(kind);
  if ((what & 2) != 0) cursor->upper = make_key(kind);
  rdb_range range{};
  range.lower_bound = cursor->lower ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
  range.upper_bound = cursor->upper ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
  if (cursor->lower) range.lower = slice(*cursor->lower);
  if (cursor->upper) range.upper = slice(*cursor->upper);
  expect(rdb_cursor_set_range(cursor->handle, &range, &err_), RDB_OK, "set_range");
  cursor->place = Place::fresh;
  cursor->version = cursor->table->version;
}

}  // namespace rdb::fuzz
