// rdb_multimap.hpp: multimaps of the C++ face; included by rdb.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include "rdb.h"
#include "rdb_base.hpp"
#include "rdb_codec.hpp"
#include "rdb_cursor.hpp"
#include "rdb_table.hpp"

namespace rdb {
inline namespace abi1 {

// A cursor over pairs: next() and prev() go from value to value, and on to the next key. seek() and
// seek_exact() go to the first pair of a key, seek_le() to the last.
template <class K = Bytes, class V = Bytes>
class MultimapCursor : public Cursor<K, V> {
 public:
  using Cursor<K, V>::Cursor;

  // To the first pair of the next key; to the last pair of the key before.
  bool next_key() { return move(&rdb_cursor_next_key); }
  bool prev_key() { return move(&rdb_cursor_prev_key); }
  // Among the values of the key under the cursor. False: there is none on that side, and the cursor
  // did not move. UsageError when it stands on no pair.
  bool next_value() { return move_value(&rdb_cursor_next_value); }
  bool prev_value() { return move_value(&rdb_cursor_prev_value); }
  bool first_value() { return move_value(&rdb_cursor_first_value); }
  bool last_value() { return move_value(&rdb_cursor_last_value); }
  // To the first pair that does not come before (key, value).
  bool seek_pair(Arg<K> key, Arg<V> value) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    return checked([&](rdb_error* err) {
             return rdb_cursor_seek_pair(this->get(), Bytes(key_bytes).slice(),
                                         Bytes(value_bytes).slice(), nullptr, nullptr, err);
           }) == RDB_OK;
  }
  // Of the key under the cursor; 0 when it stands on no pair.
  uint64_t value_count() const {
    uint64_t count = 0;
    checked([&](rdb_error* err) { return rdb_cursor_value_count(this->get(), &count, err); });
    return count;
  }

 private:
  template <class Function>
  bool move(Function function) {
    return checked([&](rdb_error* err) { return function(this->get(), nullptr, nullptr, err); }) ==
           RDB_OK;
  }
  template <class Function>
  bool move_value(Function function) {
    return checked([&](rdb_error* err) { return function(this->get(), nullptr, err); }) == RDB_OK;
  }
};

// A multimap as one transaction sees it: one value or more for each key, in the order of V.
//
// Threads: as Table.
template <class K = Bytes, class V = Bytes>
class Multimap {
 public:
  explicit Multimap(rdb_table* owned) noexcept : handle_(owned) {}

  // A copy of all values of key, ascending; empty: no such key. values() reads sets that do not fit
  // memory.
  std::vector<Owned<V>> get(Arg<K> key) const {
    const auto encoded = Codec<K>::encode(key);
    Result result;
    checked([&](rdb_error* err) {
      return rdb_multimap_get(live(), Bytes(encoded).slice(), result.get(), err);
    });
    std::vector<Owned<V>> values;
    values.reserve(result.size());
    for (size_t i = 0; i < result.size(); ++i) values.push_back(Codec<V>::own(*result.at(i)));
    return values;
  }
  bool contains(Arg<K> key) const {
    const auto encoded = Codec<K>::encode(key);
    return checked([&](rdb_error* err) {
             return rdb_contains(live(), Bytes(encoded).slice(), err);
           }) == RDB_OK;
  }
  bool contains(Arg<K> key, Arg<V> value) const {
    return with_pair(key, value, [&](rdb_slice k, rdb_slice v, rdb_error* err) {
             return rdb_multimap_contains(live(), k, v, err);
           }) == RDB_OK;
  }
  // Number of values of key; 0: no such key.
  uint64_t count(Arg<K> key) const {
    const auto encoded = Codec<K>::encode(key);
    uint64_t count = 0;
    checked([&](rdb_error* err) {
      return rdb_multimap_value_count(live(), Bytes(encoded).slice(), &count, err);
    });
    return count;
  }

  // False: the pair was there already.
  bool put(Arg<K> key, Arg<V> value) {
    return with_pair(key, value, [&](rdb_slice k, rdb_slice v, rdb_error* err) {
             return rdb_put(live(), k, v, 0, err);
           }) == RDB_OK;
  }
  // Deletes one pair; false: it was not there.
  bool remove(Arg<K> key, Arg<V> value) {
    return with_pair(key, value, [&](rdb_slice k, rdb_slice v, rdb_error* err) {
             return rdb_multimap_delete(live(), k, v, err);
           }) == RDB_OK;
  }
  // Deletes a key with all its values; false: it was not there.
  bool remove_key(Arg<K> key) {
    const auto encoded = Codec<K>::encode(key);
    return checked([&](rdb_error* err) {
             return rdb_delete(live(), Bytes(encoded).slice(), err);
           }) == RDB_OK;
  }
  // Deletes everything, or the keys of a range; gives the number of keys.
  uint64_t drain() { return drain_range(nullptr); }
  uint64_t drain(const Range<K>& range) {
    const rdb_range confines = range.c_range();
    return drain_range(&confines);
  }

  // Stores pairs, any input range of them; gives the number of new ones. An error names the pair in
  // position(); those before it are stored.
  template <std::ranges::input_range Pairs>
  uint64_t put_batch(Pairs&& pairs) {
    return detail::in_pieces(pairs, &pack_pair<std::ranges::range_reference_t<Pairs>>,
                             [&](Bytes packed, uint64_t* written, rdb_error* err) {
                               return rdb_put_batch_packed(live(), packed.slice(), 0, written, err);
                             });
  }
  // Deletes pairs; gives the number of those that were there.
  template <std::ranges::input_range Pairs>
  uint64_t remove_batch(Pairs&& pairs) {
    return detail::in_pieces(pairs, &pack_pair<std::ranges::range_reference_t<Pairs>>,
                             [&](Bytes packed, uint64_t* deleted, rdb_error* err) {
                               return rdb_multimap_delete_batch_packed(live(), packed.slice(),
                                                                       deleted, err);
                             });
  }

  // Number of pairs.
  uint64_t size() const {
    uint64_t count = 0;
    checked([&](rdb_error* err) { return rdb_table_len(live(), &count, err); });
    return count;
  }
  bool empty() const { return size() == 0; }
  uint64_t key_count() const {
    uint64_t count = 0;
    checked([&](rdb_error* err) { return rdb_multimap_key_count(live(), &count, err); });
    return count;
  }

  // A fresh cursor, before the first pair. It may outlive this object.
  MultimapCursor<K, V> cursor() const {
    rdb_cursor* cursor = nullptr;
    checked([&](rdb_error* err) { return rdb_cursor_open(live(), &cursor, err); });
    return MultimapCursor<K, V>(cursor);
  }
  // All pairs, or those of a range of keys, in order; the scan may outlive this object.
  Scan<K, V> scan() const { return Scan<K, V>(cursor(), false); }
  Scan<K, V> scan(const Range<K>& range) const { return Scan<K, V>(confined(range), false); }
  Scan<K, V> scan_backward() const { return Scan<K, V>(cursor(), true); }
  Scan<K, V> scan_backward(const Range<K>& range) const {
    return Scan<K, V>(confined(range), true);
  }
  // The pairs of one key.
  Scan<K, V> values(Arg<K> key) const { return scan(Range<K>().from(key).through(key)); }

  TableInfo describe() const {
    rdb_table_info info = RDB_TABLE_INFO_INIT;
    checked([&](rdb_error* err) { return rdb_table_describe(live(), &info, err); });
    return detail::to_table_info(info);
  }
  // Walks the whole table for its figures.
  rdb_table_stats_info stats(const Cancel* cancel = nullptr) const {
    rdb_table_stats_info info = RDB_TABLE_STATS_INFO_INIT;
    checked(
        [&](rdb_error* err) { return rdb_table_stats(live(), detail::get(cancel), &info, err); });
    return info;
  }

  // As Table::close().
  void close() {
    if (rdb_table* const table = handle_.release(); table != nullptr) {
      checked([&](rdb_error* err) { return rdb_table_close(table, err); });
    }
  }
  rdb_table* get() const noexcept { return handle_.get(); }

 private:
  rdb_table* live() const { return handle_.live("the multimap"); }

  template <class Function>
  static rdb_status with_pair(Arg<K> key, Arg<V> value, Function function) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    return checked([&](rdb_error* err) {
      return function(Bytes(key_bytes).slice(), Bytes(value_bytes).slice(), err);
    });
  }
  template <class Pair>
  static void pack_pair(detail::Packer& packer, const std::remove_reference_t<Pair>& pair) {
    const auto& [key, value] = pair;
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    packer.add_record(key_bytes, value_bytes);
  }
  uint64_t drain_range(const rdb_range* range) {
    uint64_t keys = 0;
    checked([&](rdb_error* err) { return rdb_multimap_drain(live(), range, &keys, err); });
    return keys;
  }
  MultimapCursor<K, V> confined(const Range<K>& range) const {
    MultimapCursor<K, V> cursor = this->cursor();
    cursor.set_range(range);
    return cursor;
  }

  detail::Handle<rdb_table, &detail::close_table> handle_;
};

}  // namespace abi1
}  // namespace rdb
