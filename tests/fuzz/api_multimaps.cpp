// api_multimaps.cpp: the steps of multimaps.
#include "api_script.hpp"

namespace rdb::fuzz {

void Script::multimap_step(int what) {
  switch (what % 16) {
    case 0:
    case 1:
      return open_table(true);
    case 2:
    case 3:
      return put_pair();
    case 4:
    case 5:
      return put_values();
    case 6:
      return put_pairs();
    case 7:
      return delete_pair();
    case 8:
      return delete_pairs();
    case 9:
      return delete_keys();
    case 10:
      return get_values();
    case 11:
    case 12:
      return scan_pairs();
    case 13:
      return walk_keys();
    case 14:
      return drain();
    default:
      return delete_while_scanning();
  }
}

void Script::make_range(size_t kind, KeyRange& out) {
  const uint8_t what = input_.u8() % 4;
  if ((what & 1) != 0) out.lower = make_key(kind);
  if ((what & 2) != 0) out.upper = make_key(kind);
  out.range.lower_bound = out.lower ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
  out.range.upper_bound = out.upper ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
  if (out.lower) out.range.lower = slice(*out.lower);
  if (out.upper) out.range.upper = slice(*out.upper);
}

void Script::put_pair() {
  const auto table = choose_multimap();
  if (!table) return;
  ModelTable& model = content(*table);
  const std::string key = make_key(model.kind);
  const std::string value = make_set_value(model.kind);
  rdb_status expected = refusal(*table);
  if (expected == RDB_OK && model.has(key, value)) expected = RDB_EXISTS;
  expect(rdb_put(table->handle, slice(key), slice(value), 0, &err_), expected, "put a pair");
  if (expected == RDB_OK) model.values_of(key).insert(value);
}

void Script::put_batch_of_pairs(Table& table, const std::vector<std::string>& keys,
                                const std::vector<std::string>& values) {
  ModelTable& model = content(table);
  std::vector<rdb_slice> key_slices, value_slices;
  for (const auto& key : keys) key_slices.push_back(slice(key));
  for (const auto& value : values) value_slices.push_back(slice(value));
  uint64_t written = 0;
  const rdb_status status = rdb_put_batch(table.handle, key_slices.data(), value_slices.data(),
                                          keys.size(), 0, &written, &err_);
  expect(status, refusal(table), "put pairs");
  uint64_t fresh = 0;
  if (status == RDB_OK) {
    for (size_t i = 0; i < keys.size(); ++i) {
      fresh += model.values_of(keys[i]).insert(values[i]).second;
    }
  }
  require(written == fresh, "a batch of pairs miscounts");
}

// So many values of one key that they leave its leaf.
void Script::put_values() {
  const auto table = choose_multimap();
  if (!table) return;
  const size_t kind = content(*table).kind;
  const std::string key = make_key(kind);
  const uint32_t first = input_.u8() * 4u;
  const std::vector<std::string> keys(input_.u8() * 2u, key);
  std::vector<std::string> values;
  while (values.size() < keys.size()) {
    values.push_back(numbered_value(kind, first + static_cast<uint32_t>(values.size())));
  }
  put_batch_of_pairs(*table, keys, values);
}

void Script::put_pairs() {
  const auto table = choose_multimap();
  if (!table) return;
  const size_t kind = content(*table).kind;
  std::vector<std::string> keys, values;
  for (size_t i = input_.u8() % 48; i > 0; --i) {
    keys.push_back(make_key(kind));
    values.push_back(make_set_value(kind));
  }
  put_batch_of_pairs(*table, keys, values);
}

void Script::delete_pair() {
  const auto table = choose_multimap();
  if (!table) return;
  ModelTable& model = content(*table);
  const std::string key = make_key(model.kind);
  const std::string value = make_set_value(model.kind);
  rdb_status expected = refusal(*table);
  if (expected == RDB_OK && !model.has(key, value)) expected = RDB_NOT_FOUND;
  expect(rdb_multimap_delete(table->handle, slice(key), slice(value), &err_), expected,
         "delete a pair");
  if (expected == RDB_OK) model.erase(key, value);
}

// A run of values of one key.
void Script::delete_pairs() {
  const auto table = choose_multimap();
  if (!table || !table->txn->writable) return;
  ModelTable& model = content(*table);
  const std::string key = make_key(model.kind);
  const uint32_t first = input_.u8() * 4u;
  const std::vector<rdb_slice> keys(input_.u8() * 2u, slice(key));
  std::vector<std::string> values;
  while (values.size() < keys.size()) {
    values.push_back(numbered_value(model.kind, first + static_cast<uint32_t>(values.size())));
  }
  std::vector<rdb_slice> value_slices;
  for (const auto& value : values) value_slices.push_back(slice(value));
  uint64_t deleted = 0;
  expect(rdb_multimap_delete_batch(table->handle, keys.data(), value_slices.data(), keys.size(),
                                   &deleted, &err_),
         RDB_OK, "delete pairs");
  uint64_t gone = 0;
  for (const auto& value : values) gone += model.erase(key, value);
  require(deleted == gone, "a batch deleted another number of pairs");
}

// Keys with all their values, one or several.
void Script::delete_keys() {
  const auto table = choose_multimap();
  if (!table) return;
  ModelTable& model = content(*table);
  std::vector<std::string> keys;
  for (size_t i = input_.u8() % 8; i > 0; --i) keys.push_back(make_key(model.kind));
  if (keys.size() == 1) {
    rdb_status expected = refusal(*table);
    if (expected == RDB_OK && !model.sets.contains(keys[0])) expected = RDB_NOT_FOUND;
    expect(rdb_delete(table->handle, slice(keys[0]), &err_), expected, "delete a key");
    if (expected == RDB_OK) model.sets.erase(keys[0]);
    return;
  }
  std::vector<rdb_slice> slices;
  for (const auto& key : keys) slices.push_back(slice(key));
  uint64_t deleted = 0;
  const rdb_status status =
      rdb_delete_batch(table->handle, slices.data(), slices.size(), &deleted, &err_);
  expect(status, refusal(*table), "delete keys");
  if (status != RDB_OK) return;
  uint64_t gone = 0;
  for (const auto& key : keys) gone += model.sets.erase(key);
  require(deleted == gone, "a batch deleted another number of keys");
}

void Script::get_values() {
  const auto table = choose_multimap();
  if (!table) return;
  const ModelTable& model = content(*table);
  const std::string key = make_key(model.kind);
  const std::string value = make_set_value(model.kind);
  const auto set = model.sets.find(key);
  const rdb_status expected = set == model.sets.end() ? RDB_NOT_FOUND : RDB_OK;
  expect(rdb_contains(table->handle, slice(key), &err_), expected, "contains a key");
  expect(rdb_multimap_contains(table->handle, slice(key), slice(value), &err_),
         model.has(key, value) ? RDB_OK : RDB_NOT_FOUND, "contains a pair");
  uint64_t count = 0;
  expect(rdb_multimap_key_count(table->handle, &count, &err_), RDB_OK, "key_count");
  require(count == model.sets.size(), "another number of keys");
  expect(rdb_multimap_value_count(table->handle, slice(key), &count, &err_), expected,
         "value_count");
  require(expected != RDB_OK || count == set->second.size(), "another number of values");
  rdb_result* result = nullptr;
  expect(rdb_result_create(&result, &err_), RDB_OK, "create a result");
  expect(rdb_multimap_get(table->handle, slice(key), result, &err_), expected, "get values");
  require(rdb_result_count(result) == (expected == RDB_OK ? set->second.size() : 0),
          "values are missing");
  if (expected == RDB_OK) {
    size_t i = 0;
    for (const std::string& wanted : set->second) {
      rdb_slice found{};
      expect(rdb_result_at(result, i++, &found, &err_), RDB_OK, "result_at");
      require(text(found) == wanted, "another value of a key");
    }
  }
  rdb_result_free(result);
  rdb_value* pinned = nullptr;
  expect(rdb_get_pin(table->handle, slice(key), &pinned, &err_), RDB_ERR_TABLE_IS_MULTIMAP,
         "get of a multimap");
}

std::vector<std::pair<std::string, std::string>> Script::pairs_of(const Sets& sets,
                                                                  const KeyRange& range) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key, values] : sets) {
    if (!holds(range, sets, key)) continue;
    for (const auto& value : values) pairs.emplace_back(key, value);
  }
  return pairs;
}

void Script::scan_pairs() {
  const auto table = choose_multimap();
  if (!table) return;
  const ModelTable& model = content(*table);
  KeyRange range;
  make_range(model.kind, range);
  auto pairs = pairs_of(model.sets, range);
  const bool backward = input_.u8() % 2 == 1;
  if (backward) std::reverse(pairs.begin(), pairs.end());
  rdb_cursor* cursor = nullptr;
  expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
  expect(rdb_cursor_set_range(cursor, &range.range, &err_), RDB_OK, "set_range");
  const auto go = backward ? rdb_cursor_prev : rdb_cursor_next;
  rdb_slice key{}, value{};
  for (const auto& [wanted_key, wanted_value] : pairs) {
    expect(go(cursor, &key, &value, &err_), RDB_OK, "step over pairs");
    require(text(key) == wanted_key && text(value) == wanted_value, "another pair");
  }
  expect(go(cursor, &key, &value, &err_), RDB_END, "step behind the last pair");
  expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
}

// From a pair that may not be there, key by key.
void Script::walk_keys() {
  const auto table = choose_multimap();
  if (!table) return;
  const ModelTable& model = content(*table);
  const std::string from_key = make_key(model.kind);
  const std::string from_value = make_set_value(model.kind);
  rdb_cursor* cursor = nullptr;
  expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
  auto set = model.sets.lower_bound(from_key);
  std::string wanted;
  if (set != model.sets.end()) {
    wanted = *set->second.begin();
    if (set->first == from_key) {
      const auto at = set->second.lower_bound(from_value);
      if (at != set->second.end()) {
        wanted = *at;
      } else if (++set != model.sets.end()) {
        wanted = *set->second.begin();
      }
    }
  }
  rdb_slice key{}, value{};
  expect(rdb_cursor_seek_pair(cursor, slice(from_key), slice(from_value), &key, &value, &err_),
         set == model.sets.end() ? RDB_NOT_FOUND : RDB_OK, "seek_pair");
  if (set != model.sets.end()) {
    require(text(key) == set->first && text(value) == wanted, "seek_pair finds another pair");
    const bool backward = input_.u8() % 2 == 1;
    while (true) {
      const bool last = backward ? set == model.sets.begin() : ++set == model.sets.end();
      expect(backward ? rdb_cursor_prev_key(cursor, &key, &value, &err_)
                      : rdb_cursor_next_key(cursor, &key, &value, &err_),
             last ? RDB_END : RDB_OK, "go to the key beside");
      if (last) break;
      if (backward) --set;
      require(text(key) == set->first &&
                  text(value) == (backward ? *set->second.rbegin() : *set->second.begin()),
              "another key");
    }
  }
  expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
}

void Script::drain() {
  const auto table = choose_multimap();
  if (!table) return;
  ModelTable& model = content(*table);
  const bool all = input_.u8() % 8 == 0;
  KeyRange range;
  if (!all) make_range(model.kind, range);
  uint64_t keys = 0;
  const rdb_status status =
      rdb_multimap_drain(table->handle, all ? nullptr : &range.range, &keys, &err_);
  expect(status, refusal(*table), "drain");
  if (status != RDB_OK) return;
  const uint64_t gone = std::erase_if(
      model.sets, [&](const auto& set) { return holds(range, model.sets, set.first); });
  require(keys == gone, "drain takes another number of keys");
}

// One pair in so many goes while a cursor passes over it.
void Script::delete_while_scanning() {
  const auto table = choose_multimap();
  if (!table || !table->txn->writable) return;
  ModelTable& model = content(*table);
  KeyRange range;
  make_range(model.kind, range);
  const size_t stride = 1 + input_.u8() % 8;
  const auto pairs = pairs_of(model.sets, range);
  rdb_cursor* cursor = nullptr;
  expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
  expect(rdb_cursor_set_range(cursor, &range.range, &err_), RDB_OK, "set_range");
  rdb_slice key{}, value{};
  for (size_t i = 0; i < pairs.size(); ++i) {
    expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_OK, "next pair");
    require(text(key) == pairs[i].first && text(value) == pairs[i].second,
            "another pair after deletions");
    if (i % stride != 0) continue;
    expect(rdb_cursor_delete(cursor, &err_), RDB_OK, "delete the pair of a cursor");
    model.erase(pairs[i].first, pairs[i].second);
  }
  expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_END, "next behind the last pair");
  expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
}

}  // namespace rdb::fuzz
