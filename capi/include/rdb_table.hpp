// rdb_table.hpp: tables, values and batches of the C++ face; included by rdb.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rdb.h"
#include "rdb_base.hpp"
#include "rdb_codec.hpp"
#include "rdb_cursor.hpp"

namespace rdb {
inline namespace abi1 {

// What the catalog knows of a table.
struct TableInfo {
  std::string name;
  Type key_type;
  Type value_type;
  uint64_t entries = 0;
  bool multimap = false;
  std::optional<uint32_t> key_width;  // none: variable
  std::optional<uint32_t> value_width;
  bool key_order_known = true;
};

namespace detail {

inline Type to_type(const rdb_type& type) { return {Bytes(type.name).str(), type.type_class}; }
inline std::optional<uint32_t> to_width(uint32_t width) noexcept {
  if (width == RDB_WIDTH_VARIABLE) return std::nullopt;
  return width;
}
inline TableInfo to_table_info(const rdb_table_info& info) {
  return {Bytes(info.name).str(),          to_type(info.key_type),
          to_type(info.value_type),        info.entries,
          info.kind == RDB_TABLE_MULTIMAP, to_width(info.key_width),
          to_width(info.value_width),      info.key_order_known != 0};
}

}  // namespace detail

// A value that was read without copying it. Its bytes stay where they are until it is destroyed,
// whatever becomes of table, transaction and database; the page counts against the memory budget so
// long. Any thread.
class Value {
 public:
  explicit Value(rdb_value* owned) noexcept : handle_(owned) {}

  // Empty once it was moved from.
  Bytes bytes() const noexcept { return rdb_value_data(handle_.get()); }
  std::string_view text() const noexcept { return bytes().text(); }
  const rdb_value* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<rdb_value, &rdb_value_free> handle_;
};

// Answers of a batch of reads, for a caller who keeps the memory from batch to batch.
class Result {
 public:
  Result() {
    rdb_result* handle = nullptr;
    checked([&](rdb_error* err) { return rdb_result_create(&handle, err); });
    handle_ = Handle(handle);
  }
  size_t size() const noexcept { return rdb_result_count(handle_.get()); }
  // nullopt: the key was not there. The bytes live until the result is filled again.
  std::optional<Bytes> at(size_t index) const {
    rdb_slice value;
    const rdb_status status = checked([&](rdb_error* err) {
      return rdb_result_at(handle_.live("the result"), index, &value, err);
    });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    return Bytes(value);
  }
  rdb_result* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Handle<rdb_result, &rdb_result_free>;
  Handle handle_;
};

enum class PutMode : uint64_t {
  upsert = 0,
  insert_only = RDB_PUT_INSERT_ONLY,
  update_only = RDB_PUT_UPDATE_ONLY,
};

// What compare_and_put found.
enum class Compared : int32_t {
  stored = RDB_OK,
  absent = RDB_NOT_FOUND,  // a value was expected
  present = RDB_EXISTS,    // nothing was expected
  different = RDB_DIFFERENT,
};

// A filter of the program's: whether a record stays. It may not use the table; what it throws ends
// the call, and leaves the table as it was.
template <class F, class K, class V>
concept RecordFilter = requires(F& filter, View<K> key, View<V> value) {
  { filter(key, value) } -> std::convertible_to<bool>;
};

namespace detail {

// Carries a RecordFilter and what it throws across the C frames.
template <class K, class V, class F>
class FilterCall {
 public:
  explicit FilterCall(F& filter) : filter_(filter) {}
  FilterCall(const FilterCall&) = delete;
  FilterCall& operator=(const FilterCall&) = delete;

  rdb_filter c_filter() noexcept { return {&judge, this, nullptr}; }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  static rdb_status judge(void* self, rdb_slice key, rdb_slice value) noexcept {
    auto* const call = static_cast<FilterCall*>(self);
    try {
      return call->filter_(Codec<K>::decode(key), Codec<V>::decode(value)) ? RDB_OK : RDB_NOT_FOUND;
    } catch (...) {
      call->thrown_ = std::current_exception();
      return RDB_ERR_CALLBACK;
    }
  }

  F& filter_;
  std::exception_ptr thrown_;
};

inline void close_extract(rdb_extract* extract) noexcept {
  rdb_extract_close(extract, nullptr, nullptr);
}

}  // namespace detail

// A walk that takes records out of a table: those for which take() is called. The table belongs to
// it until close(), its destruction or the commit. One thread at a time.
template <class K = Bytes, class V = Bytes>
class Extraction {
 public:
  explicit Extraction(rdb_extract* owned) noexcept : handle_(owned) {}

  // The next or previous record that was not taken; nullopt: there is none. Valid until the next
  // move.
  std::optional<Entry<K, V>> next() { return move(&rdb_extract_next); }
  std::optional<Entry<K, V>> prev() { return move(&rdb_extract_prev); }
  // Takes the record it stands on; false: there is none, or it was taken.
  bool take() {
    return checked([&](rdb_error* err) {
             return rdb_extract_take(handle_.live("the extraction"), err);
           }) == RDB_OK;
  }
  // Deletes what was taken and gives the number of records; a second time does nothing.
  uint64_t close() {
    uint64_t removed = 0;
    if (rdb_extract* const extract = handle_.release(); extract != nullptr) {
      checked([&](rdb_error* err) { return rdb_extract_close(extract, &removed, err); });
    }
    return removed;
  }

 private:
  template <class Move>
  std::optional<Entry<K, V>> move(Move function) {
    rdb_slice key, value;
    const rdb_status status = checked([&](rdb_error* err) {
      return function(handle_.live("the extraction"), &key, &value, err);
    });
    if (status != RDB_OK) return std::nullopt;
    return Entry<K, V>{Codec<K>::decode(key), Codec<V>::decode(value)};
  }

  detail::Handle<rdb_extract, &detail::close_extract> handle_;
};

// Memory of the library's in which a value is made: fill bytes(), then store().
class Reservation {
 public:
  Reservation(rdb_reservation* owned, std::span<std::byte> bytes) noexcept
      : handle_(owned), bytes_(bytes) {}

  std::span<std::byte> bytes() const noexcept { return bytes_; }
  // Puts the value under its key, once; false when the mode of the reservation forbade it.
  bool store() {
    rdb_reservation* const reservation = handle_.release();
    bytes_ = {};
    return checked([&](rdb_error* err) { return rdb_reservation_store(reservation, err); }) ==
           RDB_OK;
  }

 private:
  detail::Handle<rdb_reservation, &rdb_reservation_free> handle_;
  std::span<std::byte> bytes_;
};

// The library's own merge operators, see section 11 of rdb.h.
enum class Merge : uint32_t {
  numeric_add = RDB_MERGE_NUMERIC_ADD,
  saturating_add = RDB_MERGE_SATURATING_ADD,
  float_add = RDB_MERGE_FLOAT_ADD,
  numeric_max = RDB_MERGE_NUMERIC_MAX,
  numeric_min = RDB_MERGE_NUMERIC_MIN,
  bitwise_or = RDB_MERGE_BITWISE_OR,
  bytes_append = RDB_MERGE_BYTES_APPEND,
};

// A merge operator of the program's: what becomes of a value, nullopt to delete the key. existing
// is nullopt when the key is absent. It may not use the table; what it throws ends the merge.
template <class F, class K, class V>
concept MergeFunction = requires(F& function, View<K> key, std::optional<View<V>> existing,
                                 View<V> operand) {
  { function(key, existing, operand) } -> std::convertible_to<std::optional<Owned<V>>>;
};

namespace detail {

// Carries a MergeFunction, its results and what it throws across the C frames.
template <class K, class V, class F>
class MergeCall {
 public:
  explicit MergeCall(F& function) : function_(function) {}
  MergeCall(const MergeCall&) = delete;
  MergeCall& operator=(const MergeCall&) = delete;

  rdb_merge_operator c_operator() noexcept {
    return {RDB_MERGE_FUNCTION, 0, &on_merge, this, nullptr};
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  static rdb_status on_merge(void* self, rdb_slice key, const rdb_slice* existing,
                             rdb_slice operand, rdb_slice* result) noexcept {
    auto* const call = static_cast<MergeCall*>(self);
    try {
      std::optional<View<V>> old;
      if (existing != nullptr) old = Codec<V>::decode(*existing);
      const std::optional<Owned<V>> fresh =
          call->function_(Codec<K>::decode(key), old, Codec<V>::decode(operand));
      if (!fresh) return RDB_NOT_FOUND;
      const auto encoded = Codec<V>::encode(*fresh);
      call->result_ = Bytes(encoded).str();
      *result = Bytes(call->result_).slice();
      return RDB_OK;
    } catch (...) {
      call->thrown_ = std::current_exception();
      return RDB_ERR_CALLBACK;
    }
  }

  F& function_;
  std::string result_;
  std::exception_ptr thrown_;
};

}  // namespace detail

namespace detail {

// Packed records or keys, section 7 of rdb.h.
class Packer {
 public:
  void add_key(Bytes key) {
    add_size(key);
    add_bytes(key);
    pad();
  }
  void add_record(Bytes key, Bytes value) {
    add_size(key);
    add_size(value);
    add_bytes(key);
    add_bytes(value);
    pad();
  }
  Bytes bytes() const noexcept { return packed_; }
  void clear() noexcept { packed_.clear(); }

 private:
  void add_size(Bytes bytes) {
    if (bytes.size() > std::numeric_limits<uint32_t>::max()) {
      throw TableError(RDB_ERR_TOO_LARGE, "a key or value of a batch has 4 GiB or more");
    }
    const auto size = to_little(static_cast<uint32_t>(bytes.size()));
    add_bytes(size);
  }
  void add_bytes(Bytes bytes) { packed_.append(bytes.text()); }
  void pad() { packed_.resize((packed_.size() + 3) / 4 * 4); }

  std::string packed_;
};

// Packed rows are handed over when they pass this, so that a long range needs little memory.
inline constexpr size_t kPieceBytes = size_t{1} << 20;

// Packs and sends a range piece by piece; positions of errors count from the range's beginning.
template <class Range, class Pack, class Send>
uint64_t in_pieces(Range& range, Pack pack, Send send) {
  detail::Packer packer;
  uint64_t done = 0, sent = 0, packed = 0;
  const auto flush = [&] {
    uint64_t count = 0;
    rdb_error error;
    const rdb_status status = send(packer.bytes(), &count, &error);
    if (status < 0) {
      if (error.position != RDB_NO_POSITION) error.position += sent;
      throw_error(error);
    }
    done += count;
    sent += packed;
    packed = 0;
    packer.clear();
  };
  for (const auto& item : range) {
    pack(packer, item);
    ++packed;
    if (packer.bytes().size() >= kPieceBytes) flush();
  }
  flush();
  return done;
}

}  // namespace detail

namespace detail {
inline void close_table(rdb_table* table) noexcept { rdb_table_close(table, nullptr); }
}  // namespace detail

// A table as one transaction sees it. K and V have a Codec; by default both are byte strings.
//
// Threads: const functions on a reader's table by several threads at once, everything else by one
// at a time.
template <class K = Bytes, class V = Bytes>
class Table {
 public:
  explicit Table(rdb_table* owned) noexcept : handle_(owned) {}

  // A copy of the value of key.
  std::optional<Owned<V>> get(Arg<K> key) const {
    if constexpr (FixedWidth<V>) {
      std::array<std::byte, std::max<size_t>(Codec<V>::kWidth, 1)> buffer;
      const std::optional<size_t> size = get_into(key, buffer);
      if (!size) return std::nullopt;
      if (*size > buffer.size()) detail::throw_undecodable(Codec<V>::type().name);
      return Codec<V>::own({buffer.data(), *size});
    } else {
      std::string value;
      if (!get_into(key, value)) return std::nullopt;
      if constexpr (std::same_as<Owned<V>, std::string>) {
        return value;
      } else {
        return Codec<V>::own(value);
      }
    }
  }

  // Copies the value of key, as stored, into buffer and gives its size; when that is more than the
  // buffer has, nothing was copied. nullopt: no such key.
  std::optional<size_t> get_into(Arg<K> key, std::span<std::byte> buffer) const {
    const auto encoded = Codec<K>::encode(key);
    size_t size = 0;
    const rdb_status status = checked([&](rdb_error* err) {
      return rdb_get_into(live(), Bytes(encoded).slice(), buffer.data(), buffer.size(), &size, err);
    });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    return size;
  }

  // The same into a string, whose memory is used again from call to call. False: no such key, and
  // the string has no particular content.
  bool get_into(Arg<K> key, std::string& value) const {
    // Most values fit at once; the others cost a second call.
    value.resize(std::max<size_t>(value.capacity(), 256));
    for (;;) {
      const std::optional<size_t> size =
          get_into(key, std::as_writable_bytes(std::span(value.data(), value.size())));
      if (!size) return false;
      const bool fitted = *size <= value.size();
      value.resize(*size);
      if (fitted) return true;
    }
  }

  // The value of key without a copy, see Value.
  std::optional<Value> pin(Arg<K> key) const {
    const auto encoded = Codec<K>::encode(key);
    rdb_value* value = nullptr;
    const rdb_status status = checked(
        [&](rdb_error* err) { return rdb_get_pin(live(), Bytes(encoded).slice(), &value, err); });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    return Value(value);
  }

  bool contains(Arg<K> key) const {
    const auto encoded = Codec<K>::encode(key);
    return checked([&](rdb_error* err) {
             return rdb_contains(live(), Bytes(encoded).slice(), err);
           }) == RDB_OK;
  }

  // Stores value under key, replacing what was there.
  void put(Arg<K> key, Arg<V> value) { put_as(key, value, PutMode::upsert); }
  // Only when key is not there yet; false: it is, and nothing changed.
  bool insert(Arg<K> key, Arg<V> value) { return put_as(key, value, PutMode::insert_only); }
  // Only when key is there; false: it is not, and nothing changed.
  bool replace(Arg<K> key, Arg<V> value) { return put_as(key, value, PutMode::update_only); }
  // False: key was not there.
  bool remove(Arg<K> key) {
    const auto encoded = Codec<K>::encode(key);
    return checked([&](rdb_error* err) {
             return rdb_delete(live(), Bytes(encoded).slice(), err);
           }) == RDB_OK;
  }

  // As put() and remove(), with the value that was there before; nullopt: none was.
  std::optional<Owned<V>> exchange(Arg<K> key, Arg<V> value) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    return old_value([&](rdb_value** old, rdb_error* err) {
      return rdb_exchange(live(), Bytes(key_bytes).slice(), Bytes(value_bytes).slice(), 0, old,
                          err);
    });
  }
  std::optional<Owned<V>> take(Arg<K> key) {
    const auto encoded = Codec<K>::encode(key);
    return old_value([&](rdb_value** old, rdb_error* err) {
      return rdb_take(live(), Bytes(encoded).slice(), old, err);
    });
  }
  // Stores value, or removes the record when there is none, if what is stored is what is expected;
  // nullopt expects the key to be absent. Otherwise nothing changes.
  Compared compare_and_put(Arg<K> key, std::optional<std::type_identity_t<Arg<V>>> expected,
                           std::optional<std::type_identity_t<Arg<V>>> value) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto encode = [](const auto& given) {
      std::optional<std::string> bytes;
      if (given) {
        const auto encoded = Codec<V>::encode(*given);
        bytes = Bytes(encoded).str();
      }
      return bytes;
    };
    const std::optional<std::string> expected_bytes = encode(expected), value_bytes = encode(value);
    const rdb_slice wanted{expected_bytes ? expected_bytes->data() : nullptr,
                           expected_bytes ? expected_bytes->size() : 0};
    const rdb_slice fresh{value_bytes ? value_bytes->data() : nullptr,
                          value_bytes ? value_bytes->size() : 0};
    return static_cast<Compared>(checked([&](rdb_error* err) {
      return rdb_compare_and_put(live(), Bytes(key_bytes).slice(),
                                 expected_bytes ? &wanted : nullptr, value_bytes ? &fresh : nullptr,
                                 err);
    }));
  }
  // size bytes of zeros to make a value in.
  Reservation reserve(Arg<K> key, size_t size, PutMode mode = PutMode::upsert) {
    const auto encoded = Codec<K>::encode(key);
    rdb_reservation* reservation = nullptr;
    void* buffer = nullptr;
    checked([&](rdb_error* err) {
      return rdb_reserve(live(), Bytes(encoded).slice(), size, static_cast<uint64_t>(mode),
                         &reservation, &buffer, err);
    });
    return Reservation(reservation, {static_cast<std::byte*>(buffer), size});
  }

  // Deletes a range, or everything, and gives the number of records.
  uint64_t drain() { return drain_range(nullptr); }
  uint64_t drain(const Range<K>& range) {
    const rdb_range c_range = range.c_range();
    return drain_range(&c_range);
  }
  // Deletes the records that filter does not keep, in one pass, and gives their number.
  template <RecordFilter<K, V> F>
  uint64_t retain(F&& filter, const Range<K>& range = {}) {
    detail::FilterCall<K, V, std::remove_reference_t<F>> call(filter);
    const rdb_filter c_filter = call.c_filter();
    const rdb_range c_range = range.c_range();
    uint64_t removed = 0;
    try {
      checked(
          [&](rdb_error* err) { return rdb_retain(live(), &c_range, &c_filter, &removed, err); });
    } catch (...) {
      call.rethrow();
      throw;
    }
    return removed;
  }
  // A walk that takes records out.
  Extraction<K, V> extract(const Range<K>& range = {}) {
    const rdb_range c_range = range.c_range();
    rdb_extract* extract = nullptr;
    checked([&](rdb_error* err) { return rdb_extract_open(live(), &c_range, &extract, err); });
    return Extraction<K, V>(extract);
  }

  // Makes the value of key anew from what is stored and operand; where the key is absent an
  // operator of the library's stores the operand. TableError RDB_ERR_MERGE_WIDTH, and no change,
  // when the result has another length than values of the table's type.
  void merge(Arg<K> key, Arg<V> operand, Merge op) {
    const rdb_merge_operator c_operator = RDB_MERGE_OPERATOR_INIT(static_cast<uint32_t>(op));
    merge_as(key, operand, c_operator);
  }
  // The same by a function of the program's.
  template <MergeFunction<K, V> F>
  void merge(Arg<K> key, Arg<V> operand, F&& function) {
    detail::MergeCall<K, V, std::remove_reference_t<F>> call(function);
    try {
      merge_as(key, operand, call.c_operator());
    } catch (...) {
      call.rethrow();
      throw;
    }
  }

  // Takes the first or last record out of the table; nullopt: it is empty.
  std::optional<std::pair<Owned<K>, Owned<V>>> pop_first() { return pop(&rdb_pop_first); }
  std::optional<std::pair<Owned<K>, Owned<V>>> pop_last() { return pop(&rdb_pop_last); }

  uint64_t size() const {
    uint64_t count = 0;
    checked([&](rdb_error* err) { return rdb_table_len(live(), &count, err); });
    return count;
  }
  bool empty() const { return size() == 0; }

  // The values of keys, in their order. Any input range of what get takes.
  template <std::ranges::input_range Keys>
  std::vector<std::optional<Owned<V>>> get_batch(Keys&& keys) const {
    detail::Packer packer;
    for (const auto& key : keys) pack_key(packer, key);
    Result result;
    checked([&](rdb_error* err) {
      return rdb_get_batch_packed(live(), packer.bytes().slice(), result.get(), err);
    });
    std::vector<std::optional<Owned<V>>> values;
    values.reserve(result.size());
    for (size_t i = 0; i < result.size(); ++i) {
      const std::optional<Bytes> value = result.at(i);
      if (value) {
        values.emplace_back(Codec<V>::own(*value));
      } else {
        values.emplace_back(std::nullopt);
      }
    }
    return values;
  }
  // The same for keys as stored, into a result that keeps its memory.
  void get_batch(std::span<const rdb_slice> keys, Result& result) const {
    checked([&](rdb_error* err) {
      return rdb_get_batch(live(), keys.data(), keys.size(), result.get(), err);
    });
  }

  // Stores rows, any input range of pairs, in their order; gives the number of records stored.
  // An error names the row in position(); the rows before it are stored.
  template <std::ranges::input_range Rows>
  uint64_t put_batch(Rows&& rows, PutMode mode = PutMode::upsert) {
    return detail::in_pieces(rows, pack_row<std::ranges::range_reference_t<Rows>>,
                             [&](Bytes packed, uint64_t* written, rdb_error* err) {
                               return rdb_put_batch_packed(live(), packed.slice(),
                                                           static_cast<uint64_t>(mode), written,
                                                           err);
                             });
  }
  // The same for keys and values as stored.
  uint64_t put_batch(std::span<const rdb_slice> keys, std::span<const rdb_slice> values,
                     PutMode mode = PutMode::upsert) {
    if (keys.size() != values.size()) {
      throw UsageError(RDB_ERR_INVALID_ARGUMENT, "a batch has more keys than values, or fewer");
    }
    uint64_t written = 0;
    checked([&](rdb_error* err) {
      return rdb_put_batch(live(), keys.data(), values.data(), keys.size(),
                           static_cast<uint64_t>(mode), &written, err);
    });
    return written;
  }

  // Merges rows, any input range of pairs of key and operand, in their order. An error names the
  // row in position(); the rows before it are merged, those behind it are not.
  template <std::ranges::input_range Rows>
  void merge_batch(Rows&& rows, Merge op) {
    const rdb_merge_operator c_operator = RDB_MERGE_OPERATOR_INIT(static_cast<uint32_t>(op));
    merge_rows(rows, c_operator);
  }
  template <std::ranges::input_range Rows, MergeFunction<K, V> F>
  void merge_batch(Rows&& rows, F&& function) {
    detail::MergeCall<K, V, std::remove_reference_t<F>> call(function);
    try {
      merge_rows(rows, call.c_operator());
    } catch (...) {
      call.rethrow();
      throw;
    }
  }

  // Deletes keys; gives the number of those that were there.
  template <std::ranges::input_range Keys>
  uint64_t remove_batch(Keys&& keys) {
    return detail::in_pieces(
        keys, [](detail::Packer& packer, const auto& key) { pack_key(packer, key); },
        [&](Bytes packed, uint64_t* deleted, rdb_error* err) {
          return rdb_delete_batch_packed(live(), packed.slice(), deleted, err);
        });
  }
  // The same for keys as stored.
  uint64_t remove_batch(std::span<const rdb_slice> keys) {
    uint64_t deleted = 0;
    checked([&](rdb_error* err) {
      return rdb_delete_batch(live(), keys.data(), keys.size(), &deleted, err);
    });
    return deleted;
  }

  // A fresh cursor, before the first entry. It may outlive this object.
  Cursor<K, V> cursor() const {
    rdb_cursor* cursor = nullptr;
    checked([&](rdb_error* err) { return rdb_cursor_open(live(), &cursor, err); });
    return Cursor<K, V>(cursor);
  }

  // All rows, or those of a range, in key order; the scan may outlive this object.
  Scan<K, V> scan() const { return Scan<K, V>(cursor(), false); }
  Scan<K, V> scan(const Range<K>& range) const { return Scan<K, V>(confined(range), false); }
  // From the last key to the first.
  Scan<K, V> scan_backward() const { return Scan<K, V>(cursor(), true); }
  Scan<K, V> scan_backward(const Range<K>& range) const {
    return Scan<K, V>(confined(range), true);
  }
  // From lower up to and without upper.
  Scan<K, V> range(Arg<K> lower, Arg<K> upper) const {
    return scan(Range<K>().from(lower).until(upper));
  }
  // The keys that begin with prefix.
  Scan<K, V> prefix(
      Bytes prefix) const requires std::same_as<K, Bytes> || std::same_as<Owned<K>, std::string> {
    Cursor<K, V> cursor = this->cursor();
    const Range<Bytes> bounds = prefix_range(prefix);
    const rdb_range confines = bounds.c_range();
    checked([&](rdb_error* err) { return rdb_cursor_set_range(cursor.get(), &confines, err); });
    return Scan<K, V>(std::move(cursor), false);
  }

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

  // Releases it now; a second time does nothing. Within a write transaction a table is open once at
  // a time, so this comes before it is opened again.
  void close() {
    if (rdb_table* const table = handle_.release(); table != nullptr) {
      checked([&](rdb_error* err) { return rdb_table_close(table, err); });
    }
  }
  rdb_table* get() const noexcept { return handle_.get(); }

 protected:
  rdb_table* live() const { return handle_.live("the table"); }

 private:
  bool put_as(Arg<K> key, Arg<V> value, PutMode mode) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    return checked([&](rdb_error* err) {
             return rdb_put(live(), Bytes(key_bytes).slice(), Bytes(value_bytes).slice(),
                            static_cast<uint64_t>(mode), err);
           }) == RDB_OK;
  }

  template <class Call>
  std::optional<Owned<V>> old_value(Call call) {
    rdb_value* old = nullptr;
    checked([&](rdb_error* err) { return call(&old, err); });
    if (old == nullptr) return std::nullopt;
    const Value owner(old);
    return Codec<V>::own(owner.bytes());
  }

  uint64_t drain_range(const rdb_range* range) {
    uint64_t removed = 0;
    checked([&](rdb_error* err) { return rdb_drain(live(), range, &removed, err); });
    return removed;
  }

  void merge_as(Arg<K> key, Arg<V> operand, const rdb_merge_operator& op) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto operand_bytes = Codec<V>::encode(operand);
    checked([&](rdb_error* err) {
      return rdb_merge(live(), Bytes(key_bytes).slice(), Bytes(operand_bytes).slice(), &op, err);
    });
  }

  template <class Rows>
  void merge_rows(Rows& rows, const rdb_merge_operator& op) {
    detail::in_pieces(rows, pack_row<std::ranges::range_reference_t<Rows>>,
                      [&](Bytes packed, uint64_t* merged, rdb_error* err) {
                        return rdb_merge_batch_packed(live(), packed.slice(), &op, merged, err);
                      });
  }

  template <class Function>
  std::optional<std::pair<Owned<K>, Owned<V>>> pop(Function function) {
    rdb_value *key = nullptr, *value = nullptr;
    const rdb_status status =
        checked([&](rdb_error* err) { return function(live(), &key, &value, err); });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    const Value key_owner(key), value_owner(value);
    return std::pair(Codec<K>::own(key_owner.bytes()), Codec<V>::own(value_owner.bytes()));
  }

  template <class Key>
  static void pack_key(detail::Packer& packer, const Key& key) {
    const auto encoded = Codec<K>::encode(key);
    packer.add_key(encoded);
  }

  template <class Row>
  static void pack_row(detail::Packer& packer, const std::remove_reference_t<Row>& row) {
    const auto& [key, value] = row;
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    packer.add_record(key_bytes, value_bytes);
  }

  Cursor<K, V> confined(const Range<K>& range) const {
    Cursor<K, V> cursor = this->cursor();
    cursor.set_range(range);
    return cursor;
  }

  detail::Handle<rdb_table, &detail::close_table> handle_;
};

}  // namespace abi1
}  // namespace rdb
