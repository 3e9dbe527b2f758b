// rdb_cursor.hpp: ranges of keys, cursors and scans of the C++ face; included by rdb.hpp.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>

#include "rdb.h"
#include "rdb_base.hpp"
#include "rdb_codec.hpp"

namespace rdb {
inline namespace abi1 {

namespace detail {
inline void close_cursor(rdb_cursor* cursor) noexcept { rdb_cursor_close(cursor, nullptr); }
}  // namespace detail

// A part of a table's keys: Range<uint64_t>().from(5).until(9) is 5, 6, 7, 8. Without a bound on a
// side there is no limit there. Keeps copies of the keys.
template <class K = Bytes>
class Range {
 public:
  Range& from(Arg<K> key) { return set(lower_, lower_bound_, key, RDB_BOUND_INCLUDED); }
  Range& after(Arg<K> key) { return set(lower_, lower_bound_, key, RDB_BOUND_EXCLUDED); }
  Range& until(Arg<K> key) { return set(upper_, upper_bound_, key, RDB_BOUND_EXCLUDED); }
  Range& through(Arg<K> key) { return set(upper_, upper_bound_, key, RDB_BOUND_INCLUDED); }

  // Borrows the keys.
  rdb_range c_range() const noexcept {
    return {Bytes(lower_).slice(), Bytes(upper_).slice(), lower_bound_, upper_bound_};
  }

 private:
  Range& set(std::string& place, uint32_t& bound, Arg<K> key, uint32_t kind) {
    const auto encoded = Codec<K>::encode(key);
    place = Bytes(encoded).str();
    bound = kind;
    return *this;
  }

  std::string lower_;
  std::string upper_;
  uint32_t lower_bound_ = RDB_BOUND_NONE;
  uint32_t upper_bound_ = RDB_BOUND_NONE;
};

// The keys that begin with prefix, for tables in byte order.
inline Range<Bytes> prefix_range(Bytes prefix) {
  Range<Bytes> range;
  range.from(prefix);
  std::string end = prefix.str();
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return range;  // no key is behind all those that begin so
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  range.until(end);
  return range;
}

// One record as a cursor or scan shows it: valid until that moves.
template <class K = Bytes, class V = Bytes>
struct Entry {
  View<K> key;
  View<V> value;
};

// When a value of a TtlTable expires.
class Expiry {
 public:
  // milliseconds since 1970 began; 0: never
  explicit Expiry(uint64_t milliseconds) noexcept : milliseconds_(milliseconds) {}
  bool never() const noexcept { return milliseconds_ == 0; }
  // Of one that is not never; the last moment that the type can hold stands for later ones, too.
  std::chrono::sys_time<std::chrono::milliseconds> moment() const noexcept {
    constexpr auto kLast = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    const uint64_t count = milliseconds_ < kLast ? milliseconds_ : kLast;
    return std::chrono::sys_time<std::chrono::milliseconds>(
        std::chrono::milliseconds(static_cast<int64_t>(count)));
  }
  bool operator==(const Expiry&) const = default;

 private:
  uint64_t milliseconds_;
};

// A position in a table. The moves give false where rdb.h answers RDB_END or RDB_NOT_FOUND, and
// after one that throws the cursor stands as rdb.h says in its section 8. One thread at a time.
template <class K = Bytes, class V = Bytes>
class Cursor {
 public:
  explicit Cursor(rdb_cursor* owned) noexcept : handle_(owned) {}

  bool first() { return move(&rdb_cursor_first); }
  bool last() { return move(&rdb_cursor_last); }
  bool next() { return move(&rdb_cursor_next); }
  bool prev() { return move(&rdb_cursor_prev); }
  // To the first key that is target or greater.
  bool seek(Arg<K> target) { return search(&rdb_cursor_seek, target); }
  // To target itself; when it is not there, to where seek would go.
  bool seek_exact(Arg<K> target) { return search(&rdb_cursor_seek_exact, target); }
  // To the last key that is target or smaller.
  bool seek_le(Arg<K> target) { return search(&rdb_cursor_seek_le, target); }

  // The entry under the cursor; nullopt when it stands on none. Valid until the next call of a
  // function that is not const.
  std::optional<Entry<K, V>> entry() const {
    rdb_slice key, value;
    const rdb_status status = checked([&](rdb_error* err) {
      return rdb_cursor_get(handle_.live("the cursor"), &key, &value, err);
    });
    if (status != RDB_OK) return std::nullopt;
    return Entry<K, V>{Codec<K>::decode(key), Codec<V>::decode(value)};
  }
  // The same for who knows that there is one: after a move that gave true. UsageError otherwise.
  View<K> key() const { return must(entry()).key; }
  View<V> value() const { return must(entry()).value; }

  // Confines the cursor and puts it before the first entry in the range.
  void set_range(const Range<K>& range) {
    const rdb_range confines = range.c_range();
    checked([&](rdb_error* err) {
      return rdb_cursor_set_range(handle_.live("the cursor"), &confines, err);
    });
  }
  // The whole table again.
  void clear_range() {
    checked([&](rdb_error* err) {
      return rdb_cursor_set_range(handle_.live("the cursor"), nullptr, err);
    });
  }

  // Moves over following entries and gives their bytes as stored, valid until the next call. The
  // number of entries filled in, 0 at the end. values may be empty when they are not wanted, else
  // it has as many places as keys.
  size_t next_batch(std::span<rdb_slice> keys, std::span<rdb_slice> values = {}) {
    if (!values.empty() && values.size() != keys.size()) {
      throw UsageError(RDB_ERR_INVALID_ARGUMENT, "a batch has other room for values than for keys");
    }
    size_t count = 0;
    checked([&](rdb_error* err) {
      return rdb_cursor_next_batch(handle_.live("the cursor"), keys.data(),
                                   values.empty() ? nullptr : values.data(), keys.size(), &count,
                                   err);
    });
    return count;
  }

  // What next_batch_packed did. records 0: at the end when bytes is 0, else the next record needs a
  // buffer of that many bytes.
  struct Packed {
    size_t records = 0;
    size_t bytes = 0;
  };
  // Moves over following entries and copies them as packed records, as many as fit and at most
  // max_records (0: no limit).
  Packed next_batch_packed(std::span<std::byte> buffer, size_t max_records = 0) {
    Packed packed;
    checked([&](rdb_error* err) {
      return rdb_cursor_next_batch_packed(handle_.live("the cursor"), buffer.data(), buffer.size(),
                                          max_records, &packed.bytes, &packed.records, err);
    });
    return packed;
  }

  // Replaces the value of the entry under the cursor, which stays on it; false: it stands on none.
  bool put(Arg<V> value) {
    const auto encoded = Codec<V>::encode(value);
    return checked([&](rdb_error* err) {
             return rdb_cursor_put(handle_.live("the cursor"), Bytes(encoded).slice(), err);
           }) == RDB_OK;
  }

  // When the value of the entry under the cursor expires; the cursor is over a TtlTable. nullopt:
  // it stands on none.
  std::optional<Expiry> expiry() const {
    uint64_t moment = 0;
    const rdb_status status = checked([&](rdb_error* err) {
      return rdb_cursor_expiry(handle_.live("the cursor"), &moment, err);
    });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    return Expiry(moment);
  }

  // Deletes the entry under the cursor, which then stands between its neighbours. False: it stands
  // on none.
  bool remove() {
    return checked([&](rdb_error* err) {
             return rdb_cursor_delete(handle_.live("the cursor"), err);
           }) == RDB_OK;
  }

  // Releases it now; a second time does nothing.
  void close() {
    if (rdb_cursor* const cursor = handle_.release(); cursor != nullptr) {
      checked([&](rdb_error* err) { return rdb_cursor_close(cursor, err); });
    }
  }
  rdb_cursor* get() const noexcept { return handle_.get(); }

 private:
  template <class Function>
  bool move(Function function) {
    return checked([&](rdb_error* err) {
             return function(handle_.live("the cursor"), nullptr, nullptr, err);
           }) == RDB_OK;
  }
  template <class Function>
  bool search(Function function, Arg<K> target) {
    const auto encoded = Codec<K>::encode(target);
    return checked([&](rdb_error* err) {
             return function(handle_.live("the cursor"), Bytes(encoded).slice(), nullptr, nullptr,
                             err);
           }) == RDB_OK;
  }
  static Entry<K, V> must(const std::optional<Entry<K, V>>& entry) {
    if (!entry) throw UsageError(RDB_ERR_MISUSE, "the cursor stands on no entry");
    return *entry;
  }

  detail::Handle<rdb_cursor, &detail::close_cursor> handle_;
};

// Rows of a table, once from front to back or back to front: an input range, and a view that pipes
// into std::views. An entry is valid until the iterator moves. Changing the table while a scan over
// it is under way makes the scan throw RDB_ERR_MISUSE. One thread at a time.
template <class K = Bytes, class V = Bytes>
class Scan : public std::ranges::view_base {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = Entry<K, V>;

    Iterator() noexcept = default;
    Entry<K, V> operator*() const {
      return {Codec<K>::decode(rows_->keys[rows_->at]), Codec<V>::decode(rows_->values[rows_->at])};
    }
    Iterator& operator++() {
      if (++rows_->at == rows_->count) rows_->fill();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept {
      return it.rows_->count == 0;
    }

   private:
    friend class Scan;
    struct Rows;
    explicit Iterator(Rows* rows) noexcept : rows_(rows) {}
    Rows* rows_ = nullptr;
  };

  Scan(Cursor<K, V> cursor, bool backward)
      : rows_(std::make_unique<Rows>(std::move(cursor), backward)) {}

  // Reads the first rows. To be called once.
  Iterator begin() {
    rows_->fill();
    return Iterator(rows_.get());
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Rows = typename Iterator::Rows;
  std::unique_ptr<Rows> rows_;  // iterators point here, and stay good when the scan moves
};

// The batch that a scan has read and not shown yet.
template <class K, class V>
struct Scan<K, V>::Iterator::Rows {
  static constexpr size_t kBatch = 128;

  Rows(Cursor<K, V> cursor_in, bool backward_in) noexcept
      : cursor(std::move(cursor_in)), backward(backward_in) {}

  void fill() {
    at = 0;
    count = 0;
    if (!backward) {
      count = cursor.next_batch(keys, values);
      return;
    }
    const rdb_status status = checked([&](rdb_error* err) {
      return rdb_cursor_prev(cursor.get(), keys.data(), values.data(), err);
    });
    count = status == RDB_OK ? 1 : 0;
  }

  Cursor<K, V> cursor;
  bool backward;
  size_t at = 0;
  size_t count = 0;
  std::array<rdb_slice, kBatch> keys;
  std::array<rdb_slice, kBatch> values;
};

}  // namespace abi1
}  // namespace rdb
